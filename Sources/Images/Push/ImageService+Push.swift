import Bytes
package import Errors
import Linux
import Logs
package import OCI
import Registry
import Store

extension ImageService {
    /// Pushes the image `reference`, which has a tag, to the registry of that name as it is in the store, and calls `report` with what
    /// happens, from any thread and one call at a time for each layer.
    ///
    /// Throws what the registry or the store is to blame for, by Docker's words where there is no such image.
    package func push(
        _ reference: Reference, _ options: PushOptions, report: @escaping @Sendable (PushEvent) -> Void
    ) async throws(EngineError) -> PushedImage {
        guard reference.digest == nil else { throw EngineError("cannot push a digest reference", .invalid) }
        if let platform = options.platform {
            // Docker says so before it says where the push goes.
            _ = try engine { try images.image(reference.description, platform: platform) }
        }
        report(.pushing(reference))
        let tags = try tags(reference)
        guard let image = tags.first(where: { $0.name == reference }) else {
            throw EngineError("tag does not exist: \(reference.familiar)", .notFound)
        }
        return try await withPush(reference, options, report) { push in
            let pushed = try await push.run(image.descriptor, as: reference)
            notePush(reference.familiar, reference)
            return pushed
        }
    }

    /// Pushes every image here with a tag in the repository of `reference`, one after the other; otherwise as `push`.
    package func pushAllTags(
        _ reference: Reference, _ options: PushOptions, report: @escaping @Sendable (PushEvent) -> Void
    ) async throws(EngineError) -> [PushedImage] {
        report(.pushing(reference))
        let tags = try tags(reference)
        return try await withPush(reference, options, report) { push in
            var pushed: [PushedImage] = []
            for image in tags { pushed.append(try await push.run(image.descriptor, as: image.name)) }
            notePush(reference.familiarName, reference)
            return pushed
        }
    }

    /// Pushes what is behind `descriptor`, a manifest or an index of the store, as `reference`, which has a tag; otherwise as `push`.
    package func push(
        _ descriptor: Descriptor, as reference: Reference, _ options: PushOptions,
        report: @escaping @Sendable (PushEvent) -> Void
    ) async throws(EngineError) -> PushedImage {
        report(.pushing(reference))
        return try await withPush(reference, options, report) { try await $0.run(descriptor, as: reference) }
    }

    private func tags(_ reference: Reference) throws(EngineError) -> [ImageStore.NamedImage] {
        let tags = try engine { try images.tags(inRepositoryOf: reference) }
        guard !tags.isEmpty else {
            throw EngineError(
                "An image does not exist locally with the tag: \(reference.familiarName)", .notFound)
        }
        return tags
    }

    private func notePush(_ name: String, _ reference: Reference) {
        eventLog.append([Event(.image, "push", id: name, attributes: ["name": reference.familiarName])])
    }

    private func withPush<Value: Sendable>(
        _ reference: Reference, _ options: PushOptions, _ report: @escaping @Sendable (PushEvent) -> Void,
        _ body: (ImagePush) async throws -> Value
    ) async throws(EngineError) -> Value {
        NameService.restrict()
        let (target, repositories) = try engine {
            let target = try RegistriesConfiguration(environment: options.registry.environment).registry(of: reference)
            return (target, try images.repositories(ofBlobsAt: target.reference.domain))
        }
        let client = RegistryClient(
            repository: target.reference, options: options.registry, access: .push, isInsecure: target.isInsecure)
        let push = ImagePush(
            service: self, client: client, options: options, uploads: ConcurrencyLimit(options.parallelUploads),
            repositories: repositories, report: report)
        do { return try await client.use { _ in try await body(push) } } catch { throw EngineError(error) }
    }
}
