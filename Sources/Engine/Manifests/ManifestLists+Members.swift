import Bytes
import Errors
import Images
import Linux
import OCI
import Registry
import Store

/// How manifests come into a list.
extension ManifestLists {
    /// Where a name without a transport is looked for.
    enum Origin: Sendable { case registry, store }

    /// The manifests that `texts` name; those that `list` has already are left out. The ingest keeps what they need of the store. Throws.
    func fetch(
        _ texts: [String], _ origin: Origin, all: Bool, besides list: ManifestList? = nil
    ) async throws(EngineError) -> (members: [ManifestList.Member], ingest: ImageIngest) {
        let ingest: ImageIngest
        do throws(StoreError) { ingest = try images.beginIngest() } catch { throw EngineError(error) }
        var members: [ManifestList.Member] = []
        for text in texts {
            let (place, typed) = Self.transport(text, origin)
            let name = try TypedName.expanded(typed)
            let reference = try engine { try Reference(name) }
            // What was said of it by annotations stays.
            if let list, list.members.contains(where: { $0.name == reference }) { continue }
            switch place {
            case .store: members += try engine { try stored(name, reference, all: all, ingest) }
            case .registry:
                do throws(EngineError) { members += try await remote(reference, all: all) } catch {
                    guard error.kind == .notFound, (try? images.image(name)) != nil else { throw error }
                    throw EngineError(
                        "\(error.message): the store has an image of that name: push it first, or list it as containers-storage:\(name)",
                        .notFound)
                }
            }
        }
        return (members, ingest)
    }

    // podman's names have a transport, where it is not the usual one.
    private static func transport(_ text: String, _ origin: Origin) -> (Origin, String) {
        for (prefix, origin) in [("docker://", Origin.registry), ("containers-storage:", .store)]
        where text.begins(with: prefix) {
            return (origin, String(text.dropping(prefix.utf8.count)))
        }
        return (origin, text)
    }

    // MARK: - Of the store

    private func stored(
        _ text: String, _ reference: Reference, all: Bool, _ ingest: ImageIngest
    ) throws -> [ManifestList.Member] {
        let top = try images.tags(inRepositoryOf: reference).first { $0.name == reference }?.descriptor
        if all, let top, MediaType.isIndex(top.mediaType) {
            let index = try images.document(ImageIndex.self, top.digest)
            var members: [ManifestList.Member] = []
            for entry in index.manifests where try images.presentSize(of: entry.digest) != nil {
                members.append(try stored(entry, reference.with(digest: entry.digest), ingest))
            }
            return members
        }
        let image: StoredImage
        do throws(StoreError) { image = try images.image(text) } catch {
            guard case .unknownImage = error else { throw error }
            throw EngineError(
                "No such image: \(reference.familiar): pull it first, or name it docker://\(reference.familiar) to list the registry's",
                .notFound)
        }
        return [try stored(image.descriptor, reference, ingest)]
    }

    private func stored(
        _ descriptor: Descriptor, _ name: Reference, _ ingest: ImageIngest
    ) throws -> ManifestList.Member {
        try ingest.protect([descriptor.digest])
        let bytes = try images.read(descriptor.digest, limit: ManifestDocument.sizeLimit)
        let document = try ManifestDocument(bytes, declaredType: descriptor.mediaType)
        guard case .manifest(let manifest) = document else {
            throw EngineError("\(name) is a manifest list", .invalid)
        }
        let blobs = [manifest.config] + manifest.layers.filter { !$0.isElsewhere }
        try ingest.protect(blobs.map(\.digest))
        // What the list could not be pushed without.
        for blob in blobs where try images.presentSize(of: blob.digest) == nil {
            throw StoreError.missingBlob(blob.digest)
        }
        var entry = Descriptor(
            mediaType: document.mediaType, digest: descriptor.digest, size: Int64(bytes.count),
            platform: descriptor.platform)
        if entry.platform == nil {
            entry.platform = Platform(ofConfiguration: try images.read(manifest.config.digest))
        }
        return ManifestList.Member(name: name, isStored: true, descriptor: entry, manifest: bytes)
    }

    // MARK: - Of a registry

    private func remote(_ reference: Reference, all: Bool) async throws(EngineError) -> [ManifestList.Member] {
        try await withClient(reference) { client in
            let top = try await client.manifest(of: reference)
            guard case .index(let index) = top.document else {
                return [try await client.member(top, reference, platform: nil)]
            }
            guard all else {
                throw EngineError("\(reference) is a manifest list", .invalid)
            }
            var members: [ManifestList.Member] = []
            for entry in index.manifests {
                let fetched = try await client.manifest(entry)
                guard case .manifest = fetched.document else {
                    throw EngineError("\(reference) lists another manifest list, \(entry.digest)", .invalid)
                }
                var member = try await client.member(
                    fetched, reference.with(digest: entry.digest), platform: entry.platform)
                member.descriptor.annotations = entry.annotations
                members.append(member)
            }
            return members
        }
    }

    /// Does `body` with a client for the repository of `reference`, at the first of the places that registries.conf says where that works. Throws
    /// `EngineError`, in Docker's words where there is no such manifest.
    func withClient<Value: Sendable>(
        _ reference: Reference, _ body: (RegistryClient) async throws -> Value
    ) async throws(EngineError) -> Value {
        NameService.restrict()
        do {
            return try await RegistryClient.reading(reference, options, isInsecure: isInsecure) { client, _ in
                try await body(client)
            }
        } catch {
            switch (error as? MirrorsFailure)?.cause ?? error {
            case RegistryError.manifestUnknown, RegistryError.repositoryUnknown:
                throw EngineError("no such manifest: \(reference)", .notFound)
            default: throw EngineError(error)
            }
        }
    }
}

extension RegistryClient {
    /// `fetched`, which is no index, as what a list has; `platform`: what is known of its machine, where its configuration need not be asked. Throws
    /// `RegistryError`.
    func member(
        _ fetched: FetchedManifest, _ name: Reference, platform: Platform?
    ) async throws(RegistryError) -> ManifestList.Member {
        var descriptor = fetched.descriptor
        descriptor.platform = platform
        if platform == nil, case .manifest(let manifest) = fetched.document {
            let configuration = try await content(manifest.config, limit: ManifestDocument.sizeLimit)
            descriptor.platform = Platform(ofConfiguration: configuration)
        }
        return ManifestList.Member(name: name, isStored: false, descriptor: descriptor, manifest: fetched.bytes)
    }
}
