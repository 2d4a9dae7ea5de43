package import ContainerSpec
package import Dockerfile
import Errors
package import Images
package import OCI
package import Store

/// Builds images from Dockerfiles.
///
/// Its verbs may be called by several threads at once; whatever must fork is a worker's.
package struct Builder: Sendable {
    let paths: StorePaths
    let images: ImageService
    let executable: String
    let storageDriver: StorageDriver?

    /// A builder for the store at `paths`, whose `images` it takes and makes. `executable` is this program's path; `storageDriver` what root
    /// file systems are mounted with (nil: the best that works).
    package init(_ paths: StorePaths, images: ImageService, executable: String, storageDriver: StorageDriver?) {
        self.paths = paths
        self.images = images
        self.executable = executable
        self.storageDriver = storageDriver
    }
}

/// What a build made.
package struct BuildResult: Sendable {
    /// The image's manifest, or the index over several; nil where the outputs are no images.
    package var descriptor: Descriptor?
    /// The image's id: the digest of its configuration, of an index the index's own.
    package var imageID: Digest?
    /// The names that it has now.
    package var names: [Reference] = []
    /// What was odd about the Dockerfile.
    package var warnings: [LintWarning] = []

    package init() {}
}

/// A Dockerfile that was read and not built.
package struct CheckedDockerfile: Sendable {
    /// The file, for excerpts.
    package let source: SourceText
    /// What it is called in messages.
    package let name: String
    /// The file as it was read.
    package let file: Dockerfile
    /// What is odd about it.
    package let report: LintReport

    package init(source: SourceText, name: String, file: Dockerfile, report: LintReport) {
        self.source = source
        self.name = name
        self.file = file
        self.report = report
    }
}
