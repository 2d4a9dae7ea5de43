import ContainerSpec
import OCI

/// What a container that a build runs (RUN) has of its own: nobody sees it, it ends with the build's process, and its root file
/// system's own directory is the build's.
package struct BuildContainer: Sendable {
    /// The directories of the layers below, the lowest first; at least one.
    package var layers: [String]
    /// The directory that gets what is written to the root file system.
    package var scratch: String
    /// What is mounted, beside what every container has. The container's options have a mount of the type image at each
    /// destination, which the supervisor leads to what is said here.
    package var mounts: [BuildMount] = []
    /// Where anything is mounted: what is made there for that is removed again.
    package var targets: [String] = []
    /// How many further descriptors the supervisor gets, from 6 on: sockets of mounts, and locks that it keeps.
    package var descriptorCount = 0

    /// The number of the first further descriptor.
    package static let firstDescriptor: CInt = 6

    /// A container over `layers`, whose files go below `scratch`.
    package init(layers: [String], scratch: String) {
        self.layers = layers
        self.scratch = scratch
    }

    var descriptors: [CInt] {
        (0..<max(0, min(descriptorCount, 1024))).map { Self.firstDescriptor + CInt($0) }
    }
}

/// Something that a container of a build has beside its own files (`RUN --mount`).
package struct BuildMount: Sendable {
    /// What is mounted.
    package enum Source: Sendable {
        /// What the directories of layers show together, the lowest first (none: nothing), or the part of that at `subpath`, from
        /// which no link leads out. What is written, where that is allowed, goes with the container.
        case layers([String], subpath: String?)
        /// A directory that stays.
        case cache(BuildCacheMount)
        /// A file in memory.
        case file([UInt8], BuildFileOwner)
        /// A socket, which gets a name in memory and listens; it is one of the further descriptors, by its number in the
        /// supervisor.
        case socket(CInt, BuildFileOwner)
    }

    /// Absolute and clean.
    package let destination: String
    package let isReadOnly: Bool
    package let source: Source

    package init(destination: String, isReadOnly: Bool, source: Source) {
        self.destination = destination
        self.isReadOnly = isReadOnly
        self.source = source
    }
}

/// Whose a file or directory is, by the container's numbers.
package struct BuildFileOwner: Sendable {
    package let user: UInt32
    package let group: UInt32
    /// The bits of chmod(2).
    package let mode: UInt32

    package init(user: UInt32, group: UInt32, mode: UInt32) {
        self.user = user
        self.group = group
        self.mode = mode
    }
}

/// A directory that outlives the container, for `RUN --mount=type=cache`.
package struct BuildCacheMount: Sendable {
    /// The directory that its files are in, as `content`, once they are.
    package let directory: String
    /// What it begins with: the part at `initialPath` of what these layers show; nil: nothing.
    package var initial: [String]?
    package var initialPath = "/"
    /// Whose it is to begin with, where nothing gives it looks.
    package var owner = BuildFileOwner(user: 0, group: 0, mode: 0o755)
    /// The part of it that is mounted; nil for all.
    package var subpath: String?

    /// A cache that is kept in `directory`, which belongs to the caller.
    package init(directory: String) { self.directory = directory }
}

extension SupervisorRequest {
    /// Makes the container one that `build` runs.
    mutating func adapt(to build: BuildContainer) {
        self.build = build
        // Their mounts are led elsewhere.
        images = []
        settings.endsWithClient = true
        // As with BuildKit: the image's own /etc/hostname can be written, these two cannot.
        plan.files.removeAll { $0.destination == Self.hostnameFile }
        plan.spec.mounts?.removeAll { $0.destination == Self.hostnameFile }
        for (place, mount) in (plan.spec.mounts ?? []).enumerated()
        where plan.files.contains(where: { $0.destination == mount.destination }) {
            plan.spec.mounts?[place].options = (mount.options ?? []) + ["ro", "nosuid", "nodev", "noexec"]
        }
    }

    private static let hostnameFile = "/etc/hostname"
}
