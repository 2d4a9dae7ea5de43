import Errors
import Images
import Linux
import OCI
import Registry
import Store

/// A cache at a registry that another build has written there (`--cache-to type=registry`).
struct RegistryCache: Sendable {
    /// The manifest.
    let manifest: FetchedManifest
    private let source: RegistriesConfiguration.Source
    private let options: RegistryOptions
    private let cancellation: Cancellation

    /// What `reference` leads to. Mirrors are asked first, as for an image. Throws `EngineError` with what the registry says, or
    /// where policy.json does not let it in.
    init(_ reference: Reference, _ options: RegistryOptions, _ cancellation: Cancellation) throws(EngineError) {
        // What a cache has becomes layers, as an image's.
        let admission = try ImageAdmission(environment: options.environment)
        try admission.check(reference)
        (manifest, source) = try cancellation.interrupting {
            NameService.restrict()
            return try await RegistryClient.reading(reference, options) { client, source in
                let found = try await client.manifest(of: source.reference)
                if Self.isCache(found) { try await admission.check(reference, manifest: found.bytes, client) }
                return (found, source)
            }
        }
        (self.options, self.cancellation) = (options, cancellation)
    }

    /// Whether it is a cache, and no image.
    var isCache: Bool { Self.isCache(manifest) }

    private static func isCache(_ manifest: FetchedManifest) -> Bool {
        guard case .manifest(let document) = manifest.document else { return false }
        return document.config.mediaType == CacheManifest.configType
    }

    /// The document that `descriptor` describes, verified. Throws `EngineError`.
    func read(_ descriptor: Descriptor) throws(EngineError) -> [UInt8] {
        if descriptor.digest == manifest.descriptor.digest { return manifest.bytes }
        let (source, options) = (source, options)
        return try cancellation.interrupting {
            try await Self.with(source, options) { client in
                try await client.content(descriptor, limit: CacheManifest.documentLimit)
            }
        }
    }

    /// Takes the blob that `descriptor` describes into the store, verified, where it is not there yet; `ingest` keeps it. Throws `EngineError`;
    /// the store has nothing of it then.
    func take(_ descriptor: Descriptor, into ingest: ImageIngest) throws(EngineError) {
        do throws(StoreError) { if try ingest.has(descriptor) { return } } catch { throw EngineError(error) }
        let (source, options) = (source, options)
        try cancellation.interrupting {
            let writer = try ingest.writer(expecting: descriptor)
            try await Self.with(source, options) { client in
                try await client.download(descriptor) { try writer.write($0) }
            }
            try await onOwnThread { _ = try writer.commit() }
        }
    }

    private static func with<Value: Sendable>(
        _ source: RegistriesConfiguration.Source, _ options: RegistryOptions,
        _ body: (RegistryClient) async throws -> Value
    ) async throws -> Value {
        NameService.restrict()
        return try await RegistryClient(
            repository: source.reference, options: options, isInsecure: source.isInsecure
        ).use(body)
    }
}
