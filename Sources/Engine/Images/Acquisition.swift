package import Errors
package import Images
package import OCI
package import Store

/// How images come into the store; `ImageService` does it.
extension Engine {
    /// Pulls the image `reference`, which has a tag or a digest, and calls `report` with what happens, from any
    /// thread and one call at a time for each layer.
    ///
    /// Throws what the registry, the image or the store is to blame for; the store then has no name that it did not
    /// have.
    package func pull(
        _ reference: Reference, _ options: PullOptions, report: @escaping @Sendable (PullEvent) -> Void
    ) async throws(EngineError) -> PulledImage {
        try await imageService.pull(reference, options, report: report)
    }

    /// Pulls every image that a tag of the repository of `reference` names, one after the other; otherwise as `pull`. Tags of signatures and other
    /// artifacts are passed over, and reported.
    package func pullAllTags(
        _ reference: Reference, _ options: PullOptions, report: @escaping @Sendable (PullEvent) -> Void
    ) async throws(EngineError) -> [PulledImage] {
        try await imageService.pullAllTags(reference, options, report: report)
    }

    /// `load`: takes in the images of a docker-archive or an oci-archive that is read from `descriptor` (a file, or
    /// a pipe), compressed or not. Throws for an archive that is damaged, hostile or none, which leaves nothing.
    package func load(from descriptor: CInt, platform: String? = nil) throws(EngineError) -> [LoadedImage] {
        try imageService.load(from: descriptor, platform: platform)
    }

    /// `load` of a directory that has what an archive would have. Otherwise as `load(from:platform:)`.
    package func load(fromDirectory path: String, platform: String? = nil) throws(EngineError) -> [LoadedImage] {
        try imageService.load(fromDirectory: path, platform: platform)
    }

    /// `import`: an image of one layer from the archive of a root file system, compressed or not, that is read from
    /// `descriptor` (a file, or a pipe). Returns the image's id. Throws; then nothing is left of it.
    package func importImage(from descriptor: CInt, _ options: ImportOptions) throws(EngineError) -> Digest {
        try imageService.importImage(from: descriptor, options)
    }

    /// What `run` needs of the image `reference`, with all layers unpacked for this user: the way to take where
    /// `ImageStore.launchRecord` has none, or one whose layers are not there as they are needed. Throws where there is
    /// no such image.
    package func prepareLaunch(_ reference: String, platform: String? = nil) throws(EngineError) -> LaunchRecord {
        try imageService.prepareLaunch(reference, platform: platform)
    }
}
