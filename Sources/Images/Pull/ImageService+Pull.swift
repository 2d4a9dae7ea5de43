package import Errors
import Glibc
import Linux
package import OCI
import Registry
import Store

extension ImageService {
    /// Pulls the image `reference`, which has a tag or a digest, and calls `report` with what happens, from any
    /// thread and one call at a time for each layer.
    ///
    /// Throws what the registry, the image or the store is to blame for; the store then has no name
    /// that it did not have.
    package func pull(
        _ reference: Reference, _ options: PullOptions, report: @escaping @Sendable (PullEvent) -> Void
    ) async throws(EngineError) -> PulledImage {
        try await withPull(reference, options, report) { pull in
            let image = try await pull.run(reference)
            notePull(reference)
            return image
        }
    }

    /// Pulls every tag of the repository of `reference`, one after the other; otherwise as `pull`.
    package func pullAllTags(
        _ reference: Reference, _ options: PullOptions, report: @escaping @Sendable (PullEvent) -> Void
    ) async throws(EngineError) -> [PulledImage] {
        try await withPull(reference, options, report) { pull in
            let tags = try await pull.client.tags()
            guard !tags.isEmpty else {
                throw EngineError("repository \(reference.familiarName) has no tags")
            }
            var images: [PulledImage] = []
            for tag in tags {
                let tagged = try reference.with(tag: tag)
                images.append(try await pull.run(tagged))
                notePull(tagged)
            }
            return images
        }
    }

    private func withPull<Value: Sendable>(
        _ reference: Reference, _ options: PullOptions, _ report: @escaping @Sendable (PullEvent) -> Void,
        _ body: (ImagePull) async throws -> Value
    ) async throws(EngineError) -> Value {
        NameService.restrict()
        let client = RegistryClient(repository: reference, options: options.registry)
        let cores = max(1, min(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 8))
        let pull = ImagePull(
            service: self, layers: layers, client: client, options: options,
            downloads: ConcurrencyLimit(options.parallelDownloads), unpacking: ConcurrencyLimit(cores), report: report)
        do {
            let value = try await body(pull)
            await client.close()
            return value
        } catch {
            await client.close()
            throw EngineError(error)
        }
    }
}
