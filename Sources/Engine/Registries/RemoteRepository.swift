import Bytes
package import Errors
import Linux
package import OCI
import Registry

/// A repository at a registry, which is looked at and tidied without an image here. It needs no store.
package struct RemoteRepository: Sendable {
    /// The name by which the user knows it.
    private let reference: Reference
    private let options: RegistryOptions

    /// Something that a manifest is about, at the same registry: a signature, an inventory.
    package struct Referrer: Sendable {
        package let descriptor: Descriptor
        /// Empty where the registry does not say.
        package var artifactType: String { descriptor.artifactType ?? "" }
    }

    /// The repository of `reference`; its tag and digest do not matter. `configuration` is the directory of the client's configuration;
    /// `agent` what the registry is told to be talking to.
    package init(_ reference: Reference, configuration: String, agent: String) {
        self.reference = reference
        var options = RegistryOptions()
        options.userAgent = agent
        options.environment["DOCKER_CONFIG"] = configuration
        self.options = options
    }

    /// All its tags, in the registry's order. Throws where there is none, or it may not be read.
    package func tags() async throws(EngineError) -> [String] {
        try await use(.pull) { client in
            let tags = try await client.tags()
            for tag in tags {
                do throws(ReferenceError) { _ = try reference.with(tag: tag) } catch {
                    throw EngineError(
                        "the registry \(reference.domain) lists the tag \"\(tag.excerpt)\", which is none")
                }
            }
            return tags
        }
    }

    /// Deletes the tag `tag`, and leaves the image. Throws; `unsupported`, with what may be done instead, where the registry deletes whole
    /// images alone.
    package func delete(tag: String) async throws(EngineError) {
        try await use(.delete) { try await $0.delete(tag: tag) }
    }

    /// Deletes the image `digest`, with all tags that it has. Throws.
    package func delete(_ digest: Digest) async throws(EngineError) {
        try await use(.delete) { try await $0.delete(manifest: digest) }
    }

    /// What refers to the image of the reference's digest or tag, in the registry's order; of the type `artifactType` alone, where there is one.
    /// Throws.
    package func referrers(artifactType: String? = nil) async throws(EngineError) -> [Referrer] {
        try await use(.pull) { client in
            let tag = reference.tag ?? Reference.defaultTag
            let digest: Digest
            if let known = reference.digest {
                digest = known
            } else {
                digest = try await client.resolvedDigest(ofTag: tag)
            }
            let found = try await client.referrers(of: digest, artifactType: artifactType)
            return found.map { Referrer(descriptor: $0) }
        }
    }

    private func use<Value: Sendable>(
        _ access: RegistryClient.Access, _ body: @Sendable (RegistryClient) async throws -> Value
    ) async throws(EngineError) -> Value {
        NameService.restrict()
        let source = try engine {
            try RegistriesConfiguration(environment: options.environment).registry(of: reference)
        }
        let client = RegistryClient(
            repository: source.reference, options: options, access: access, isInsecure: source.isInsecure)
        do { return try await client.use(body) } catch { throw EngineError(error) }
    }
}
