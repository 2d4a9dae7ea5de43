package import Errors
import Glibc
import Linux
package import OCI
import Registry
import Store
import Synchronization

extension ImageService {
    /// Pulls the image `reference`, which has a tag or a digest, and calls `report` with what happens, from any
    /// thread and one call at a time for each layer.
    ///
    /// Throws what the registry, the image or the store is to blame for, and where policy.json does not let the image in; the store then
    /// has no name that it did not have.
    package func pull(
        _ reference: Reference, _ options: PullOptions, report: @escaping @Sendable (PullEvent) -> Void
    ) async throws(EngineError) -> PulledImage {
        let admission = try ImageAdmission(environment: options.registry.environment)
        try admission.check(reference)
        return try await withPull(reference, admission, options, report) { pull in
            let image = try await pull.run(reference)
            notePull(reference)
            return image
        }
    }

    /// Pulls every image that a tag of the repository of `reference` names, one after the other; otherwise as `pull`. Tags of signatures and other
    /// artifacts are passed over, and reported. Throws also where there is no image.
    package func pullAllTags(
        _ reference: Reference, _ options: PullOptions, report: @escaping @Sendable (PullEvent) -> Void
    ) async throws(EngineError) -> [PulledImage] {
        let admission = try ImageAdmission(environment: options.registry.environment)
        return try await withPull(reference, admission, options, report) { pull in
            let tags = try await pull.client.tags()
            guard !tags.isEmpty else {
                throw EngineError("repository \(reference.familiarName) has no tags")
            }
            var images: [PulledImage] = []
            for tag in tags {
                let tagged = try reference.with(tag: tag)
                guard let image = try await pull.runIfImage(tagged) else { continue }
                images.append(image)
                notePull(tagged)
            }
            guard !images.isEmpty else {
                throw EngineError(
                    "repository \(reference.familiarName) has no images: its tags are of other artifacts", .invalid)
            }
            return images
        }
    }

    private func withPull<Value: Sendable>(
        _ reference: Reference, _ admission: ImageAdmission, _ options: PullOptions,
        _ report: @escaping @Sendable (PullEvent) -> Void, _ body: (ImagePull) async throws -> Value
    ) async throws(EngineError) -> Value {
        NameService.restrict()
        let report = onceForEachImage(report)
        // With those that arrive eight at most: each may have a window of 8 MiB.
        let cores = max(1, min(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 8 - options.parallelDownloads))
        do {
            return try await RegistryClient.reading(reference, options.registry) { client, _ in
                try await body(
                    ImagePull(
                        service: self, layers: layers, client: client, options: options, admission: admission,
                        downloads: ConcurrencyLimit(options.parallelDownloads), unpacking: ConcurrencyLimit(cores),
                        arriving: ConcurrencyLimit(options.parallelDownloads), report: report))
            }
        } catch { throw EngineError(error) }
    }

    /// `report` without the beginning of an image that began before, at another place, and what was said there of tags.
    private func onceForEachImage(
        _ report: @escaping @Sendable (PullEvent) -> Void
    ) -> @Sendable (PullEvent) -> Void {
        let begun = KnownNames()
        let skipped = KnownNames()
        return { event in
            switch event {
            case .pulling(let reference) where !begun.isFirst(reference): return
            case .skipped(let reference, _) where !skipped.isFirst(reference): return
            default: report(event)
            }
        }
    }
}

/// Names of which a pull has told something.
private final class KnownNames: Sendable {
    private let names = Mutex<Set<Reference>>([])

    func isFirst(_ reference: Reference) -> Bool { names.withLock { $0.insert(reference).inserted } }
}
