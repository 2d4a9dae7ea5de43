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

    /// Pulls every tag of the repository of `reference`, one after the other; otherwise as `pull`.
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
                images.append(try await pull.run(tagged))
                notePull(tagged)
            }
            return images
        }
    }

    private func withPull<Value: Sendable>(
        _ reference: Reference, _ admission: ImageAdmission, _ options: PullOptions,
        _ report: @escaping @Sendable (PullEvent) -> Void, _ body: (ImagePull) async throws -> Value
    ) async throws(EngineError) -> Value {
        NameService.restrict()
        let sources = try engine {
            try RegistriesConfiguration(environment: options.registry.environment).sources(of: reference)
        }
        let report = sources.count > 1 ? onceForEachImage(report) : report
        var failures: [String] = []
        for source in sources.dropLast() {
            do throws(EngineError) {
                return try await withPull(from: source, admission, options, report, body)
            } catch {
                // Whoever gave up meanwhile does not want to wait for the next.
                if Task.isCancelled { throw error }
                failures.append("\(source.reference.name): \(error.message)")
            }
        }
        do throws(EngineError) {
            return try await withPull(from: sources[sources.count - 1], admission, options, report, body)
        } catch {
            if failures.isEmpty { throw error }
            throw EngineError("\(error.message) (mirrors: \(failures.joined(separator: "; ")))", error.kind)
        }
    }

    /// `report` without the beginning of an image that began before, at another place.
    private func onceForEachImage(
        _ report: @escaping @Sendable (PullEvent) -> Void
    ) -> @Sendable (PullEvent) -> Void {
        let begun = BegunImages()
        return { event in
            if case .pulling(let reference) = event, !begun.isFirst(reference) { return }
            report(event)
        }
    }

    private func withPull<Value: Sendable>(
        from source: RegistriesConfiguration.Source, _ admission: ImageAdmission, _ options: PullOptions,
        _ report: @escaping @Sendable (PullEvent) -> Void, _ body: (ImagePull) async throws -> Value
    ) async throws(EngineError) -> Value {
        let client = RegistryClient(
            repository: source.reference, options: options.registry, isInsecure: source.isInsecure)
        // With those that arrive eight at most: each may have a window of 8 MiB.
        let cores = max(1, min(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 8 - options.parallelDownloads))
        let pull = ImagePull(
            service: self, layers: layers, client: client, options: options, admission: admission,
            downloads: ConcurrencyLimit(options.parallelDownloads), unpacking: ConcurrencyLimit(cores),
            arriving: ConcurrencyLimit(options.parallelDownloads), report: report)
        do { return try await client.use { _ in try await body(pull) } } catch { throw EngineError(error) }
    }
}

/// The images of which a pull has told that they begin.
private final class BegunImages: Sendable {
    private let names = Mutex<Set<Reference>>([])

    func isFirst(_ reference: Reference) -> Bool { names.withLock { $0.insert(reference).inserted } }
}
