import Bytes
package import Errors
import Images
package import OCI
import Registry
package import Store

/// What `manifest inspect` finds.
package enum InspectedManifest: Sendable {
    /// One image's.
    case manifest(ManifestList.Member)
    /// A list, by its document.
    case index(ImageIndex)
    /// All that a list has, where that was asked for.
    case members([ManifestList.Member])
}

extension ManifestLists {
    /// `inspect`: what is behind `text`, a list of the store or whatever a registry has. `isWhole`: of a list, its manifests, too. Throws.
    package func inspect(_ text: String, isWhole: Bool) async throws(EngineError) -> InspectedManifest {
        let name = try engine { try Reference(typed: text) }
        if let list = try engine({ try store.find(name) }) {
            return isWhole ? .members(list.members) : .index(list.index)
        }
        return try await withClient(name) { client in
            let top = try await client.manifest(of: name)
            guard case .index(let index) = top.document else {
                guard isWhole else {
                    return .manifest(
                        ManifestList.Member(
                            name: name, isStored: false, descriptor: top.descriptor, manifest: top.bytes))
                }
                return .manifest(try await client.member(top, name, platform: nil))
            }
            guard isWhole else { return .index(index) }
            var members: [ManifestList.Member] = []
            for entry in index.manifests {
                let fetched = try await client.manifest(entry)
                var descriptor = fetched.descriptor
                descriptor.platform = entry.platform ?? Platform(os: "", architecture: "")
                descriptor.annotations = entry.annotations
                // Docker names it by both.
                let own = try Reference("\(name.digest == nil ? name.description : name.name)@\(entry.digest)")
                members.append(
                    ManifestList.Member(name: own, isStored: false, descriptor: descriptor, manifest: fetched.bytes))
            }
            return .members(members)
        }
    }

    /// `inspect LIST MANIFEST`: the member `member` of the list `text` of the store. Throws where there is none.
    package func inspect(_ member: String, of text: String) throws(EngineError) -> InspectedManifest {
        let (list, name) = try engine { (try store.find(try Reference(typed: text)), try Reference(typed: member)) }
        guard let found = list?.members.first(where: { $0.name == name }) else { throw Self.unknown(name) }
        return .manifest(found)
    }
}
