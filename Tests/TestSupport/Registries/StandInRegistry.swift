import Synchronization

/// A registry on 127.0.0.1 with the manners of one that people use. Where those have a token server or a storage of its own, that is another
/// port. It goes with the value.
package final class StandInRegistry: Sendable {
    private let core: StandInCore
    private let tokens: HTTPServer?
    private let storage: HTTPServer?
    private let registry: HTTPServer

    /// A registry of these manners, without any repository.
    package init(_ manners: RegistryManners) {
        let core = StandInCore(manners)
        self.core = core
        if case .bearer(_, _, isElsewhere: true) = manners.challenge {
            tokens = HTTPServer { core.token($0) }
        } else {
            tokens = nil
        }
        storage = manners.hasStorage ? HTTPServer { core.stored($0) } : nil
        registry = HTTPServer { core.answer($0) }
        let hosts = StandInCore.Hosts(
            registry: registry.host, tokens: tokens?.host ?? registry.host, storage: storage?.host ?? "")
        core.hosts.withLock { $0 = hosts }
    }

    /// "127.0.0.1:PORT".
    package var host: String { registry.host }
    /// What the registry was asked so far.
    package var requests: [HTTPServer.Request] { registry.requests }
    /// What the token server was asked, by the paths that are its own.
    package var tokenRequests: [HTTPServer.Request] {
        guard case .bearer(let path, _, _) = core.manners.challenge else { return [] }
        return (tokens ?? registry).requests.filter { $0.path == path }
    }
    /// What the storage was asked.
    package var storageRequests: [HTTPServer.Request] { storage?.requests ?? [] }

    /// What the registry answers, for who is in front of it.
    package func answer(_ request: HTTPServer.Request) -> HTTPServer.Response { core.answer(request) }

    /// The tags of a repository, in the order of their bytes.
    package func tags(_ repository: String) -> [String] {
        core.state.withLock { ($0.repositories[repository]?.tags ?? [:]).keys.sorted() }
    }

    /// The digests of the manifests of a repository.
    package func manifests(_ repository: String) -> Set<String> {
        core.state.withLock { Set(($0.repositories[repository]?.manifests ?? [:]).keys) }
    }

    /// Makes a repository, which registries that want to be asked for them do not make themselves.
    package func makeRepository(_ name: String) {
        core.state.withLock { $0.repositories[name, default: .init()].tags = [:] }
    }

    /// Adds a manifest of the type `type` that is about `subject`, as somebody else had pushed it: with the list that clients keep. Returns its
    /// digest.
    package func attach(
        _ type: String, _ annotations: [String: String], to subject: String, in repository: String
    ) -> String {
        let manifestType = "application/vnd.oci.image.manifest.v1+json"
        let texts = annotations.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(
            separator: ",")
        let empty =
            #"{"mediaType":"application/vnd.oci.empty.v1+json","digest":"\#(sha256(Array("{}".utf8)))","size":2}"#
        let manifest = Array(
            (#"{"schemaVersion":2,"mediaType":"\#(manifestType)","artifactType":"\#(type)","config":\#(empty),"layers":[\#(empty)],"#
                + #""subject":{"mediaType":"\#(manifestType)","digest":"\#(subject)","size":2},"annotations":{\#(texts)}}"#)
                .utf8)
        let digest = sha256(manifest)
        let entry =
            #"{"mediaType":"\#(manifestType)","digest":"\#(digest)","size":\#(manifest.count),"artifactType":"\#(type)","annotations":{\#(texts)}}"#
        let tag = subject.replacing(":", with: "-")
        core.state.withLock { state in
            var content = state.repositories[repository] ?? .init()
            content.manifests[digest] = (manifestType, manifest)
            content.listed[subject, default: []].append(entry)
            let entries = (content.listed[subject] ?? []).joined(separator: ",")
            let type = "application/vnd.oci.image.index.v1+json"
            let index = Array(#"{"schemaVersion":2,"mediaType":"\#(type)","manifests":[\#(entries)]}"#.utf8)
            content.manifests[sha256(index)] = (type, index)
            content.tags[tag] = sha256(index)
            state.repositories[repository] = content
        }
        return digest
    }

    /// Has every token that it has given be no longer good.
    package func forgetTokens() { core.state.withLock { $0.tokens = [:] } }
}
