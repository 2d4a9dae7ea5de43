import AsyncHTTPClient
import NIOHTTP1
package import OCI

extension RegistryClient {
    /// Deletes the manifest or the index of this digest, and with it all tags that it has. Where it refers to another manifest, and the
    /// registry leaves the list of such to its clients, it is taken from that. Throws `RegistryError`; `manifestUnknown` where there is
    /// none, and `undeletable` where the registry does not do that.
    package func delete(manifest digest: Digest) async throws(RegistryError) {
        let name = "\(repository.familiarName)@\(digest)"
        let subject = try await self.subject(ofManifest: digest)
        _ = try await perform(.DELETE, path("manifests/\(digest)"), .doomed(name, isTag: false))
        if let subject, case .tag(let list) = try await listing(of: subject, type: nil) {
            try await keep(list.manifests.filter { $0.digest != digest }, of: subject, before: list)
        }
    }

    /// Deletes the tag, and leaves what it names. Throws `RegistryError`; `manifestUnknown` where there is none, and `undeletable`, with what
    /// may be done instead, where the registry deletes manifests alone.
    package func delete(tag: String) async throws(RegistryError) {
        let name = "\(repository.familiarName):\(tag)"
        do throws(RegistryError) {
            _ = try await perform(.DELETE, path("manifests/\(tag)"), .doomed(name, isTag: true))
        } catch {
            guard case .undeletable(let what, let host, _, let detail) = error else { throw error }
            // By its digest everything goes that has it: that is for the user to say.
            let digest: Digest
            do throws(RegistryError) { digest = try await resolvedDigest(ofTag: tag) } catch {
                guard case .manifestUnknown = error else {
                    throw .undeletable(what: what, host: host, remedy: nil, detail: detail)
                }
                throw error
            }
            let remedy = "delete \(repository.familiarName)@\(digest), and with it all tags of this image"
            throw .undeletable(what: what, host: host, remedy: remedy, detail: detail)
        }
    }
}
