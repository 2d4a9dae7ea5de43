import Archive
import OCI
import Registry
import Synchronization
import TestSupport
import Testing

/// Tokens whose time is over before what they were asked for is done, at registries that do not challenge then.
@Suite struct ExpiredTokenTests {
    private static let words =
        #"{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."}]}"#

    /// A server of tokens, with their numbers in them.
    private func tokens() -> HTTPServer {
        let count = Mutex(0)
        return HTTPServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return .text(200, #"{"token":"t\#(number)","expires_in":300}"#)
        }
    }

    /// A registry that takes each token for `uses` requests and says `status` and `text` to more; who has none is challenged.
    private func registry(
        _ tokens: HTTPServer, uses: Int, _ status: Int = 400, _ text: String = words,
        _ answer: @escaping @Sendable (HTTPServer.Request) -> HTTPServer.Response
    ) -> HTTPServer {
        let counts = Mutex<[String: Int]>([:])
        return HTTPServer { request in
            guard let token = request.headers["authorization"] else {
                return .text(
                    401, "{}",
                    [
                        (
                            "WWW-Authenticate",
                            #"Bearer realm="http://\#(tokens.host)/token",scope="repository:a/b:pull,push""#
                        )
                    ])
            }
            let count = counts.withLock { counts in
                counts[token, default: 0] += 1
                return counts[token] ?? 0
            }
            return count <= uses ? answer(request) : .text(status, text)
        }
    }

    private func count(_ tokens: HTTPServer) -> Int { tokens.requests.filter { $0.path == "/token" }.count }

    @Test(arguments: [400, 401, 403])
    func aDownloadGoesOnWithANewToken(_ status: Int) async throws {
        var content = FakeRepository()
        let blobs = (0..<5).map { content.addBlob([UInt8](repeating: UInt8($0), count: 1000)) }
        let (tokens, held) = (self.tokens(), content)
        let server = registry(tokens, uses: 2, status) { held.answer($0) }
        try await withClient(server.host) { client in
            for blob in blobs {
                let bytes = try await client.content(blob, limit: 1000)
                #expect(bytes.count == 1000)
            }
        }
        // Two blobs for each.
        #expect(count(tokens) == 3)
    }

    @Test func aBlobIsSentAgainWhole() async throws {
        let (tokens, upload) = (self.tokens(), UploadRegistry(hints: [("OCI-Chunk-Min-Length", "100")]))
        let server = registry(tokens, uses: 2, 403) { upload.answer($0) }
        let blob = try TestBlob(40_000)
        var options = testOptions()
        options.uploadPart = 16_000
        #expect(try await self.upload(blob, server, options) == .sent)
        #expect(upload.blob(blob.descriptor.digest) == blob.bytes)
        let refused = server.requests.filter { $0.headers["content-range"] == "0-15999" }
        #expect(refused.map(\.body.count).allSatisfy { $0 == 16_000 })
    }

    private func upload(
        _ blob: TestBlob, _ server: HTTPServer, _ options: RegistryOptions
    ) async throws -> UploadOutcome {
        try await RegistryTests.upload(blob, to: server.host, options: options)
    }

    @Test func anAnswerWithoutWordsIsAskedAboutOnce() async throws {
        // HEAD has no body.
        let tokens = self.tokens()
        let server = registry(tokens, uses: 1, 400, "") { _ in HTTPServer.Response(body: Array("abc".utf8)) }
        let blob = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: Array("abc".utf8)), size: 3)
        try await withClient(server.host) { client in
            for _ in 0..<3 {
                let isThere = try await client.hasBlob(blob)
                #expect(isThere)
            }
        }
        #expect(count(tokens) == 3)
    }

    @Test func aRequestGetsOneNewTokenAndNoMore() async throws {
        let tokens = self.tokens()
        let uses = Mutex(0)
        let server = registry(tokens, uses: 1000) { request in
            let use = uses.withLock { uses in
                uses += 1
                return uses
            }
            return use == 1 ? HTTPServer.Response(body: Array("abc".utf8)) : .text(400, Self.words)
        }
        let blob = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: Array("abc".utf8)), size: 3)
        let error = await registryError {
            try await withClient(server.host) { client in
                _ = try await client.content(blob, limit: 3)
                _ = try await client.content(blob, limit: 3)
            }
        }
        #expect(
            error
                == .refused(
                    host: server.host, status: 400,
                    detail: "denied: Your authorization token has expired. Reauthenticate and try again."))
        // The first one, and one in its place.
        #expect(count(tokens) == 2)
        #expect(uses.withLock { $0 } == 3)
    }

    @Test(arguments: [
        (400, "tag invalid"), (403, "requested access to the resource is denied"), (404, "token expired"),
    ])
    func whatTokensAreNotToBlameForStays(_ status: Int, _ text: String) async throws {
        let tokens = self.tokens()
        let uses = Mutex(0)
        let server = registry(tokens, uses: 1000) { _ in
            uses.withLock { $0 += 1 }
            return .text(status, #"{"errors":[{"code":"DENIED","message":"\#(text)"}]}"#)
        }
        let blob = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: []), size: 0)
        try await withClient(server.host) { client in
            for _ in 0..<2 {
                let error = await registryError { _ = try await client.content(blob, limit: 3) }
                #expect(error != nil)
            }
        }
        #expect(count(tokens) == 1)
        #expect(uses.withLock { $0 } == 2)
    }

    @Test func whoSentAPasswordIsNotAskedAgain() async throws {
        let folder = try TemporaryDirectory()
        let server = HTTPServer { request in
            request.headers["authorization"] == nil
                ? .text(401, "", [("WWW-Authenticate", "Basic realm=x")]) : .text(400, Self.words)
        }
        try folder.write("config.json", #"{"auths":{"\#(server.host)":{"auth":"dTpw"}}}"#)
        let blob = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: []), size: 0)
        try await withClient(server.host, testOptions(["DOCKER_CONFIG": folder.path])) { client in
            for _ in 0..<2 {
                let error = await registryError { _ = try await client.content(blob, limit: 3) }
                #expect(error != nil)
            }
        }
        #expect(server.requests.filter { $0.headers["authorization"] != nil }.count == 2)
        withExtendedLifetime(folder) {}
    }
}
