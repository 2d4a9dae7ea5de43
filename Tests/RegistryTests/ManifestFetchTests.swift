import OCI
import Registry
import TestSupport
import Testing

@Suite struct ManifestFetchTests {
    private static let digest = "sha256:" + String(repeating: "0", count: 64)
    private static let good = """
        {"schemaVersion":2,"mediaType":"\(MediaType.ociManifest)","config":{"mediaType":"\(MediaType.ociConfig)",\
        "digest":"\(digest)","size":2},"layers":[]}
        """

    private func serve(_ text: String, type: String = MediaType.ociManifest) -> (HTTPServer, Digest) {
        var repository = FakeRepository()
        let digest = repository.addManifest(text, type: type)
        return (HTTPServer { [repository] in repository.answer($0) }, digest)
    }

    @Test func fetchesByTagAndByDigest() async throws {
        let (server, digest) = serve(Self.good)
        try await withClient(server.host) { client in
            let byTag = try await client.manifest(tag: "latest")
            #expect(byTag.descriptor.digest == digest)
            #expect(byTag.descriptor.mediaType == MediaType.ociManifest)
            #expect(byTag.bytes == Array(Self.good.utf8))
            let byDigest = try await client.manifest(digest: digest)
            let byDescriptor = try await client.manifest(byTag.descriptor)
            #expect(byDigest.bytes == byTag.bytes)
            #expect(byDescriptor.bytes == byTag.bytes)
            let head = try await client.digest(ofTag: "latest")
            #expect(head == digest)
        }
        #expect(server.requests.map(\.method).contains("HEAD"))
    }

    @Test func acceptsAllFourTypes() async throws {
        // Each in a line of its own; this server keeps the last, a real one all.
        let (server, _) = serve(Self.good)
        try await withClient(server.host) { _ = try await $0.manifest(tag: "latest") }
        #expect(server.requests.last?.headers["accept"] == MediaType.dockerManifest)
    }

    @Test(arguments: [
        ("not json", "no valid JSON at line 1"),
        ("[]", "the document is not an object"),
        ("{}", "without config"),
        (#"{"schemaVersion":3}"#, "its schemaVersion is not 2"),
        (#"{"schemaVersion":2,"layers":[]}"#, "without config"),
        (#"{"schemaVersion":2,"layers":[],"config":{},"manifests":[]}"#, "a manifest and an index at once"),
        (#"{"schemaVersion":2,"layers":[],"config":{"mediaType":"x","size":1}}"#, "config.digest is missing"),
        (#"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[]}"#, "it was announced as"),
        (#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#, "schema 1"),
        (
            #"{"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":"\#(digest)","size":-1}}"#,
            "negative size"
        ),
        (
            #"{"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":"\#(digest)","size":99999999}}"#,
            "larger than the limit"
        ),
        (
            #"{"schemaVersion":2,"config":{"mediaType":"x","digest":"\#(digest)","size":1},"layers":[{"mediaType":"x","digest":"\#(digest)","size":9223372036854775807}]}"#,
            "larger than the limit"
        ),
        (
            #"{"schemaVersion":2,"config":{"mediaType":"x","digest":"\#(digest)","size":1},"layers":[{"mediaType":"x","digest":"\#(digest)","size":9223372036854775808}]}"#,
            "layers[0].size is 9223372036854775808, which is not a whole number"
        ),
        (
            #"{"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":"sha256:../../x","size":1}}"#,
            "no sha256 or sha512 digest"
        ),
    ])
    func refusesManifestsThatLie(text: String, reason: String) async throws {
        let (server, _) = serve(text)
        let error = await registryError {
            try await withClient(server.host) { _ = try await $0.manifest(tag: "latest") }
        }
        guard case .manifest(let reference, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reference == "\(server.host)/a/b:latest")
        #expect("\(error!)".contains(reason), "\(error!)")
        #expect(!"\(error!)".contains("\n"))
    }

    @Test func refusesSchema1ByItsTypeToo() async throws {
        let (server, _) = serve(
            #"{"schemaVersion":1,"name":"a/b"}"#, type: "application/vnd.docker.distribution.manifest.v1+prettyjws")
        let error = await registryError {
            try await withClient(server.host) { _ = try await $0.manifest(tag: "latest") }
        }
        #expect("\(try #require(error))".contains("schema 1"))
    }

    @Test func takesTheDocumentsTypeWhereTheServerGivesAGeneralOne() async throws {
        let (server, _) = serve(Self.good, type: "application/json; charset=utf-8")
        try await withClient(server.host) { client in
            let fetched = try await client.manifest(tag: "latest")
            #expect(fetched.descriptor.mediaType == MediaType.ociManifest)
        }
    }

    @Test func refusesContentOfAnotherDigest() async throws {
        let (server, digest) = serve(Self.good)
        let liar = HTTPServer { request in
            request.path == "/v2/"
                ? .text(200, "") : .text(200, Self.good + " ", [("Content-Type", MediaType.ociManifest)])
        }
        _ = server
        let error = await registryError {
            try await withClient(liar.host) { _ = try await $0.manifest(digest: digest) }
        }
        guard case .wrongDigest(let expected, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(expected == digest)
    }

    @Test func refusesAHeaderThatNamesAnotherDigest() async throws {
        let liar = HTTPServer { _ in
            .text(200, Self.good, [("Docker-Content-Digest", Self.digest), ("Content-Type", MediaType.ociManifest)])
        }
        let error = await registryError {
            try await withClient(liar.host) { _ = try await $0.manifest(tag: "latest") }
        }
        guard case .wrongDigest = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [true, false])
    func refusesDocumentsPastTheLimit(isChunked: Bool) async throws {
        let server = HTTPServer { request in
            HTTPServer.Response(
                body: [UInt8](repeating: 32, count: ManifestDocument.sizeLimit + 1), isChunked: isChunked)
        }
        let error = await registryError {
            try await withClient(server.host) { _ = try await $0.manifest(tag: "latest") }
        }
        #expect(error == .manifest(reference: "\(server.host)/a/b:latest", .tooLarge(ManifestDocument.sizeLimit)))
    }

    @Test func saysWhatIsMissing() async throws {
        let (server, _) = serve(Self.good)
        let error = await registryError {
            try await withClient(server.host) { _ = try await $0.manifest(tag: "other") }
        }
        #expect(error == .manifestUnknown("\(server.host)/a/b:other"))
        let nameless = HTTPServer { request in
            request.path == "/v2/" ? .text(200, "") : .text(404, #"{"errors":[{"code":"NAME_UNKNOWN"}]}"#)
        }
        let unknown = await registryError {
            try await withClient(nameless.host) { _ = try await $0.manifest(tag: "x") }
        }
        #expect(unknown == .repositoryUnknown("\(nameless.host)/a/b"))
    }

    @Test func showsWhatTheRegistrySays() async throws {
        let server = HTTPServer { _ in
            .text(
                403,
                #"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied\n\u001b[31m"}]}"#)
        }
        let error = await registryError {
            try await withClient(server.host) { _ = try await $0.manifest(tag: "x") }
        }
        #expect(
            error
                == .accessDenied(
                    repository: "\(server.host)/a/b", detail: "denied: requested access to the resource is denied [31m")
        )
    }

    @Test func namesTheHostThatRefusesConnections() async throws {
        var host = ""
        do { host = HTTPServer { _ in .text(200, "") }.host }
        let error = await registryError {
            try await withClient(host) { _ = try await $0.manifest(tag: "x") }
        }
        #expect(error == .unreachable(host: host, cause: "connection refused"))
    }

    @Test func collectsAllPagesOfTags() async throws {
        let server = HTTPServer { request in
            switch request.target {
            case "/v2/": .text(200, "")
            case "/v2/a/b/tags/list":
                .text(
                    200, #"{"name":"a/b","tags":["1","2"]}"#, [("Link", "</v2/a/b/tags/list?last=2&n=2>; rel=\"next\"")]
                )
            case "/v2/a/b/tags/list?last=2&n=2":
                .text(200, #"{"tags":["3"]}"#, [("Link", "<list?last=3>; rel=next")])
            case "/v2/a/b/tags/list?last=3": .text(200, #"{"tags":null}"#)
            default: .text(404, "")
            }
        }
        let tags = try await withClient(server.host) { try await $0.tags() }
        #expect(tags == ["1", "2", "3"])
    }

    @Test func refusesTagsThatLeadAwayOrRoundInCircles() async throws {
        for link in ["<http://127.0.0.2:1/v2/a/b/tags/list>; rel=\"next\"", "</v2/a/b/tags/list>; rel=\"next\""] {
            let server = HTTPServer { _ in .text(200, #"{"tags":["1"]}"#, [("Link", link)]) }
            let error = await registryError { try await withClient(server.host) { _ = try await $0.tags() } }
            guard case .violation = error else {
                Issue.record("\(link): \(String(describing: error))")
                continue
            }
        }
    }
}
