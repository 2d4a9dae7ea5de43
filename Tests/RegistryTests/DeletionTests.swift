import Archive
import OCI
import Registry
import TestSupport
import Testing

/// Manifests and tags that go (distribution-spec, "Content Management").
@Suite struct DeletionTests {
    private static let manifest =
        #"{"schemaVersion":2,"config":{"mediaType":"x","digest":"sha256:\#(String(repeating: "0", count: 64))","size":2},"layers":[]}"#

    private func server(_ deleting: @escaping @Sendable (HTTPServer.Request) -> HTTPServer.Response) -> HTTPServer {
        var repository = FakeRepository()
        repository.addManifest(Self.manifest, tag: "1")
        return HTTPServer { [repository] request in
            request.method == "DELETE" ? deleting(request) : repository.answer(request)
        }
    }

    private var digest: Digest { Digest(of: Array(Self.manifest.utf8)) }

    private func delete(_ server: HTTPServer, tag: String) async -> RegistryError? {
        await registryError {
            try await withClient(server.host, access: .delete) { try await $0.delete(tag: tag) }
        }
    }

    private func delete(_ server: HTTPServer, _ digest: Digest) async -> RegistryError? {
        await registryError {
            try await withClient(server.host, access: .delete) { try await $0.delete(manifest: digest) }
        }
    }

    @Test(arguments: [200, 202, 204]) func deletesByTagAndByDigest(_ status: Int) async throws {
        let server = server { _ in .text(status, "") }
        #expect(await delete(server, tag: "1") == nil)
        #expect(await delete(server, digest) == nil)
        #expect(
            server.requests.filter { $0.method == "DELETE" }.map(\.path) == [
                "/v2/a/b/manifests/1", "/v2/a/b/manifests/\(digest)",
            ])
    }

    @Test func saysWhatMayBeDoneWhereTagsDoNotGo() async throws {
        for (status, code) in [(405, "UNSUPPORTED"), (400, "DIGEST_INVALID"), (501, "X")] {
            let server = server { _ in .text(status, #"{"errors":[{"code":"\#(code)"}]}"#) }
            let detail = status == 400 ? nil : code.lowercased()
            #expect(
                await delete(server, tag: "1")
                    == .undeletable(
                        what: "tags", host: server.host,
                        remedy: "delete \(server.host)/a/b@\(digest), and with it all tags of this image",
                        detail: detail))
            // Nothing else is tried: it would take more along.
            #expect(server.requests.filter { $0.method == "DELETE" }.count == 1)
            if status == 405 {
                #expect(
                    await delete(server, digest)
                        == .undeletable(what: "manifests", host: server.host, remedy: nil, detail: detail))
            }
        }
    }

    @Test func saysWhatIsMissingOrForbidden() async throws {
        let gone = server { _ in .text(404, #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#) }
        #expect(await delete(gone, tag: "9") == .manifestUnknown("\(gone.host)/a/b:9"))
        let other = Digest(of: [1])
        #expect(await delete(gone, other) == .manifestUnknown("\(gone.host)/a/b@\(other)"))
        let forbidden = server { _ in .text(403, #"{"errors":[{"code":"DENIED","message":"no"}]}"#) }
        #expect(
            await delete(forbidden, tag: "1")
                == .deleteDenied(repository: "\(forbidden.host)/a/b", detail: "denied: no"))
    }

    // Harbor, of images with vulnerabilities (goharbor/harbor#19408).
    @Test func deletesWhatMayNotBeRead() async throws {
        let server = HTTPServer { request in
            switch request.method {
            case "DELETE": .text(202, "")
            default: .text(412, #"{"errors":[{"code":"PROJECTPOLICYVIOLATION","message":"no"}]}"#)
            }
        }
        #expect(await delete(server, digest) == nil)
    }

    @Test func findsTheDigestWhereHEADIsRefused() async throws {
        var repository = FakeRepository()
        repository.addManifest(Self.manifest, tag: "1")
        let server = HTTPServer { [repository] request in
            switch request.method {
            case "DELETE", "HEAD": .text(405, "")
            default: repository.answer(request)
            }
        }
        #expect(
            await delete(server, tag: "1")
                == .undeletable(
                    what: "tags", host: server.host,
                    remedy: "delete \(server.host)/a/b@\(digest), and with it all tags of this image", detail: nil))
        // A tag that is none is not to be had by a digest either.
        #expect(await delete(server, tag: "2") == .manifestUnknown("\(server.host)/a/b:2"))
    }

    @Test func asksForATokenThatDeletes() async throws {
        let tokens = HTTPServer { _ in .text(200, #"{"token":"t"}"#) }
        var repository = FakeRepository()
        repository.addManifest(Self.manifest, tag: "1")
        let server = HTTPServer { [repository] request in
            guard request.headers["authorization"] != nil else {
                let action = request.method == "DELETE" ? "push" : "pull"
                return .text(
                    401, "",
                    [
                        (
                            "WWW-Authenticate",
                            "Bearer realm=\"http://\(tokens.host)/token\",scope=\"repository:a/b:\(action)\""
                        )
                    ])
            }
            return request.method == "DELETE" ? .text(202, "") : repository.answer(request)
        }
        #expect(await delete(server, tag: "1") == nil)
        // What the registry calls it, and what the specification of tokens does.
        #expect(
            tokens.requests.last { $0.method == "GET" }?.target
                == "/token?scope=repository%3Aa%2Fb%3Apush%2Cpull%2Cdelete")
    }
}
