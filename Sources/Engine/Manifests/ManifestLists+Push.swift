import Archive
import Bytes
package import Errors
import Images
import Linux
package import OCI
import Registry
import Store

/// What happens while a list is pushed, in its order.
package enum ManifestPushEvent: Sendable {
    /// The repository has a manifest of the list that it did not have under that name: what it is called there.
    case copied(Reference)
}

extension ManifestLists {
    /// `push`: gives the registry the list `text`, by its own name or by `destination`, after what it lists: `isWhole`, or only the list itself, all of which
    /// is there then. `purges`: the list is removed after it. Returns the list's digest. Throws.
    package func push(
        _ text: String, to destination: String? = nil, isWhole: Bool = true, purges: Bool = false,
        report: @escaping @Sendable (ManifestPushEvent) -> Void
    ) async throws(EngineError) -> Digest {
        let name = try engine { try Reference(typed: text) }
        guard let list = try engine({ try store.find(name) }) else { throw Self.unknown(name) }
        let target = try destination.map { text throws(EngineError) in
            let prefix = "docker://"
            return try self.name(text.begins(with: prefix) ? String(text.dropping(prefix.utf8.count)) : text)
        }
        let digest = try await push(list, as: target ?? name, isWhole: isWhole, report)
        guard purges else { return digest }
        try engine {
            // One that was changed meanwhile is not what was pushed.
            try store.update(name) { $0 == list ? nil : $0 }
        }
        return digest
    }

    private func push(
        _ list: ManifestList, as target: Reference, isWhole: Bool,
        _ report: @escaping @Sendable (ManifestPushEvent) -> Void
    ) async throws(EngineError) -> Digest {
        NameService.restrict()
        let source = try engine { try registry(of: target) }
        let known = try engine { try images.repositories(ofBlobsAt: source.reference.domain) }
        let client = RegistryClient(
            repository: source.reference, options: options, access: .push, isInsecure: isInsecure || source.isInsecure)
        do {
            return try await client.use { client in
                if isWhole {
                    var seen: Set<Digest> = []
                    for member in list.members where member.isStored || member.name.name != target.name {
                        let copy = ManifestCopy(
                            lists: self, member: member, client: client, repositories: known)
                        try await copy.run(&seen)
                        report(.copied(target.with(digest: member.descriptor.digest)))
                    }
                }
                let bytes = list.index.document
                let descriptor = Descriptor(
                    mediaType: list.index.mediaType ?? MediaType.ociIndex, digest: Digest(of: bytes),
                    size: Int64(bytes.count))
                try await client.push(manifest: bytes, descriptor, tag: target.tag)
                return descriptor.digest
            }
        } catch { throw EngineError(error) }
    }

    /// Where the repository of `reference` really is: at no mirror, which is for pulls. Throws.
    func registry(of reference: Reference) throws -> RegistriesConfiguration.Source {
        try RegistriesConfiguration(environment: options.environment).registry(of: reference)
    }
}
