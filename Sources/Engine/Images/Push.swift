package import Errors
package import Images
package import OCI

/// How images go to registries; `ImageService` does it.
extension Engine {
    /// `push NAME:TAG`: see `ImageService.push`. Throws `EngineError`.
    package func push(
        _ reference: Reference, _ options: PushOptions, report: @escaping @Sendable (PushEvent) -> Void
    ) async throws(EngineError) -> PushedImage {
        try await imageService.push(reference, options, report: report)
    }

    /// `push --all-tags NAME`: see `ImageService.pushAllTags`. Throws `EngineError`.
    package func pushAllTags(
        _ reference: Reference, _ options: PushOptions, report: @escaping @Sendable (PushEvent) -> Void
    ) async throws(EngineError) -> [PushedImage] {
        try await imageService.pushAllTags(reference, options, report: report)
    }
}
