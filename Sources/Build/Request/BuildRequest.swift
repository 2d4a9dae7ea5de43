package import ContainerSpec
package import Dockerfile
package import Images
package import OCI

/// All that a build is asked for.
package struct BuildRequest: Sendable {
    /// The files that COPY, ADD and mounts without `from` take.
    package var context: BuildContext
    /// Contexts by the names that FROM, `--from` and `from=` use for them (`--build-context`), in small letters.
    package var namedContexts: [String: BuildContext] = [:]
    /// Where the Dockerfile is.
    package var dockerfile: DockerfileSource = .standard
    /// `--build-arg`.
    package var arguments = Variables()
    /// `--target`; nil: the last stage.
    package var target: String?
    /// `--platform`; empty: that of this machine. One image for each, and an index over them where there are several.
    package var platforms: [Platform] = []
    /// `--label`, in the order in which they were given.
    package var labels: [(key: String, value: String)] = []
    /// Whether nothing is taken from the cache.
    package var ignoresCache = false
    /// `--no-cache-filter`: the stages of which nothing is taken from the cache.
    package var uncachedStages: [String] = []
    /// Whether base images are looked for at their registries even where they are here (`--pull`).
    package var pulls = false
    /// How base images are fetched that are not here.
    package var pulling: PullOptions
    /// Secrets by their identifiers.
    package var secrets: [String: BuildSecret] = [:]
    /// SSH agents by their identifiers.
    package var agents: [String: BuildAgent] = [:]
    /// What the containers of RUN get.
    package var container = ContainerSettings()
    /// What becomes of the result; empty: nothing, it stays in the cache.
    package var outputs: [BuildOutput] = []
    /// SOURCE_DATE_EPOCH in seconds since 1970; nil: what is made now is as old as it is.
    package var epoch: Int64?
    /// Whether files of new layers that are younger than `epoch` become as old as it is: without that the same input does not give the same
    /// digest. `rewrite-timestamp=false` of an output takes it back.
    package var rewritesTimes = true
    /// Whether all layers above the base become one (`--squash`).
    package var squashes = false
    /// Whether what the cache knows of the image's layers goes along in the image (`--cache-to type=inline`).
    package var inlinesCache = false
    /// What other builds knew of steps (`--cache-from`).
    package var cacheSources: [BuildCacheSource] = []
    /// Where what the cache knows is written when all is built (`--cache-to`).
    package var cacheTargets: [BuildCacheTarget] = []

    /// A build of `context`; base images that are not here are fetched as `pulling` says.
    package init(context: BuildContext, pulling: PullOptions) {
        self.context = context
        self.pulling = pulling
    }

    /// What the containers of RUN get, beside what RUN itself says.
    package struct ContainerSettings: Sendable {
        /// `--network` for a RUN that says nothing.
        package var network = RunInstruction.Network.default
        /// `--add-host`.
        package var hosts: [HostEntry] = []
        /// `--shm-size` in bytes; nil: the default.
        package var sharedMemory: Int64?
        /// `--ulimit`.
        package var limits: [Ulimit] = []
        /// `--cgroup-parent`.
        package var cgroupParent: String?
        /// `--memory`, `--cpu-…`.
        package var resources = ResourceOptions()

        package init() {}
    }
}

/// Files that a build takes.
package enum BuildContext: Sendable {
    /// A directory of the caller's.
    case directory(String)
    /// A tar archive, compressed or not, that is read from a descriptor to its end.
    case archive(CInt)
    /// A git repository "URL#REFERENCE:DIRECTORY", as Docker writes it; `isChecked`: the commit that it must be.
    case git(String, checksum: String? = nil)
    /// What an HTTP(S) server has: an archive, or for the main context a Dockerfile.
    case url(String)
    /// An image, by its reference (`docker-image://`).
    case image(String)
    /// An image in an OCI layout on this machine: the directory, and a tag or digest (`oci-layout://`).
    case layout(String, reference: String?)
    /// No files at all, as with a Dockerfile on the standard input.
    case empty
}

/// Where the Dockerfile is.
package enum DockerfileSource: Sendable {
    /// `Dockerfile` of the context, or else `Containerfile`.
    case standard
    /// A path in the context.
    case inContext(String)
    /// A file of the caller's, outside of the context.
    case file(String)
    /// Its content, and what it is called in messages.
    case bytes([UInt8], name: String)
}

/// What a secret is.
package enum BuildSecret: Sendable {
    /// A file of the caller's, which is read when it is mounted.
    case file(String)
    /// The value itself.
    case value([UInt8])
}

/// Who answers for the caller's keys.
package enum BuildAgent: Sendable {
    /// The socket of an agent.
    case socket(String)
    /// Files with private keys, for which a build would start an agent of its own.
    case keys([String])
}

/// What becomes of the result of a build.
package enum BuildOutput: Sendable {
    /// An image of the store, by these names (none: by its digest alone). `annotations` are the manifest's. `pushes`: it goes to the registries of
    /// the names, too.
    case image(names: [Reference], annotations: [(key: String, value: String)] = [], pushes: Bool = false)
    /// The files of the result, into a directory.
    case local(String)
    /// The files of the result, as a tar archive.
    case tar(BuildDestination)
    /// An archive of the image: docker-archive or OCI layout.
    case archive(BuildDestination, format: ImageArchive.Format, names: [Reference])
}

/// Where an archive goes.
package enum BuildDestination: Sendable {
    /// A file, which is made or replaced when the archive is whole.
    case file(String)
    /// An open descriptor, which is borrowed.
    case descriptor(CInt)
    /// A directory, for an OCI layout that is not to be an archive (`tar=false`).
    case directory(String)
}
