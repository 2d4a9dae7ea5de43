import Errors
import Images
import Linux
import OCI
import Registry
import Store

/// One manifest of a list on its way into the repository of the list, with all that it names.
struct ManifestCopy {
    let lists: ManifestLists
    let member: ManifestList.Member
    /// For the repository of the list.
    let client: RegistryClient
    /// The repositories of its registry that are known to have blobs.
    let repositories: [Digest: [String]]

    /// Brings there what is not there: nothing is sent that the registry can take from another repository of its own. `seen` are the blobs that were brought
    /// before. Throws `RegistryError`, `StoreError` and `EngineError`.
    func run(_ seen: inout Set<Digest>) async throws {
        let document = try ManifestDocument(member.manifest, declaredType: member.descriptor.mediaType)
        guard case .manifest(let manifest) = document else {
            throw EngineError("\(member.name) is a manifest list", .invalid)
        }
        for blob in manifest.layers + [manifest.config] where !blob.isElsewhere && seen.insert(blob.digest).inserted {
            try await bring(blob)
        }
        try await client.push(manifest: member.manifest, member.descriptor, tag: nil)
    }

    private func bring(_ blob: Descriptor) async throws {
        if member.isStored {
            _ = try await client.upload(
                blob, from: try stored(blob), mounting: repositories[blob.digest] ?? [])
            return
        }
        let source = try lists.registry(of: member.name).reference
        let own = source.domain == client.repository.domain ? [source.path] : []
        let mounting = own + (repositories[blob.digest] ?? []).filter { !own.contains($0) }
        do throws(RegistryError) {
            _ = try await client.upload(blob, from: nil, mounting: mounting)
            return
        } catch {
            guard case .blobUnknown = error else { throw error }
        }
        // Another registry has it, or this one takes nothing from its own repositories: then it goes through the store, which keeps it no longer than that.
        let ingest = try lists.images.beginIngest()
        defer { ingest.end() }
        if try !ingest.has(blob) {
            let writer = try ingest.writer(expecting: blob)
            try await lists.withClient(member.name) { source in
                try await source.download(blob) { try writer.write($0) }
            }
            try await onOwnThread { _ = try writer.commit() }
        }
        _ = try await client.upload(blob, from: try stored(blob), mounting: mounting)
    }

    private func stored(_ blob: Descriptor) throws(StoreError) -> UploadSource {
        UploadSource(try lists.images.open(blob.digest), of: blob.digest)
    }
}
