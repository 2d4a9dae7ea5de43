import OCI
import Registry
import Synchronization
import TestSupport
import Testing

@Suite struct AuthenticationTests {
    private static let manifest = """
        {"schemaVersion":2,"config":{"mediaType":"\(MediaType.ociConfig)","digest":"sha256:\(String(repeating: "0", count: 64))",\
        "size":2},"layers":[]}
        """

    /// A registry that wants a token of `realm`, or a password.
    private func registry(_ challenge: String, accepts: @escaping @Sendable (String) -> Bool) -> HTTPServer {
        HTTPServer { request in
            guard let header = request.headers["authorization"], accepts(header) else {
                return .text(
                    401, #"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
                    [("WWW-Authenticate", challenge)])
            }
            return .text(200, Self.manifest, [("Content-Type", MediaType.ociManifest)])
        }
    }

    private func options(_ server: HTTPServer, _ entry: String?) throws -> (RegistryOptions, TemporaryDirectory) {
        let folder = try TemporaryDirectory()
        if let entry { try folder.write("config.json", #"{"auths":{"\#(server.host)":\#(entry)}}"#) }
        return (testOptions(["DOCKER_CONFIG": folder.path]), folder)
    }

    private func fetch(_ server: HTTPServer, _ entry: String? = nil) async throws -> RegistryError? {
        let (options, folder) = try options(server, entry)
        defer { withExtendedLifetime(folder) {} }
        return await registryError {
            try await withClient(server.host, options) { _ = try await $0.manifest(tag: "latest") }
        }
    }

    @Test func getsAnAnonymousToken() async throws {
        let tokens = HTTPServer { _ in .text(200, #"{"token":"secret","expires_in":300}"#) }
        let server = registry(
            #"Bearer realm="http://\#(tokens.host)/token?x=1",service="a service",scope="repository:a/b:pull""#
        ) { $0 == "Bearer secret" }
        #expect(try await fetch(server) == nil)
        let asked = try #require(tokens.requests.first { $0.method == "GET" })
        #expect(asked.target == "/token?x=1&service=a%20service&scope=repository%3Aa%2Fb%3Apull")
        #expect(asked.headers["authorization"] == nil)
    }

    @Test func addsTheScopeThatAChallengeLeavesOut() async throws {
        let tokens = HTTPServer { _ in .text(200, #"{"access_token":"secret"}"#) }
        let server = registry(#"Bearer realm="http://\#(tokens.host)/token""#) { $0 == "Bearer secret" }
        #expect(try await fetch(server) == nil)
        #expect(tokens.requests.first { $0.method == "GET" }?.target == "/token?scope=repository%3Aa%2Fb%3Apull")
    }

    @Test func givesThePasswordToTheTokenServer() async throws {
        let tokens = HTTPServer { request in
            request.headers["authorization"] == "Basic dTpw" ? .text(200, #"{"token":"secret"}"#) : .text(401, "")
        }
        let server = registry(#"Bearer realm="http://\#(tokens.host)/token",service="s""#) { $0 == "Bearer secret" }
        #expect(try await fetch(server, #"{"auth":"dTpw"}"#) == nil)
        #expect(tokens.requests.last?.target.hasSuffix("&account=u") == true)
        #expect(server.requests.allSatisfy { $0.headers["authorization"] != "Basic dTpw" })
    }

    @Test func exchangesARefreshToken() async throws {
        let tokens = HTTPServer { request in
            let form = String(decoding: request.body, as: UTF8.self)
            guard request.method == "POST", form.contains("grant_type=refresh_token"),
                form.contains("refresh_token=re%2Ffresh")
            else { return .text(404, "") }
            return .text(200, #"{"access_token":"secret"}"#)
        }
        let server = registry(#"Bearer realm="http://\#(tokens.host)/token",service="s""#) { $0 == "Bearer secret" }
        #expect(try await fetch(server, #"{"identitytoken":"re/fresh"}"#) == nil)
    }

    @Test func sendsABasicPassword() async throws {
        let server = registry(#"Basic realm="Registry Realm""#) { $0 == "Basic dTpw" }
        #expect(try await fetch(server, #"{"auth":"dTpw"}"#) == nil)
    }

    @Test func saysWhenThePasswordIsWrong() async throws {
        let server = registry(#"Basic realm="Registry Realm""#) { _ in false }
        #expect(
            try await fetch(server, #"{"auth":"dTpw"}"#)
                == .badCredentials(host: server.host, detail: "unauthorized: authentication required"))
        let tokens = HTTPServer { _ in .text(401, #"{"details":"incorrect username or password"}"#) }
        let bearer = registry(#"Bearer realm="http://\#(tokens.host)/token""#) { _ in true }
        #expect(
            try await fetch(bearer, #"{"auth":"dTpw"}"#)
                == .badCredentials(host: bearer.host, detail: "incorrect username or password"))
    }

    @Test func saysWhenAccessIsDenied() async throws {
        let server = registry("Basic realm=x") { _ in false }
        #expect(try await fetch(server) == .accessDenied(repository: "\(server.host)/a/b", detail: nil))
        let tokens = HTTPServer { _ in .text(200, #"{"token":"useless"}"#) }
        let bearer = registry(#"Bearer realm="http://\#(tokens.host)/token""#) { _ in false }
        #expect(
            try await fetch(bearer)
                == .accessDenied(repository: "\(bearer.host)/a/b", detail: "unauthorized: authentication required"))
        #expect(tokens.requests.filter { $0.method == "GET" }.count == 1)
    }

    @Test func asksOnceForManyRequests() async throws {
        let tokens = HTTPServer { _ in .text(200, #"{"token":"secret"}"#) }
        let server = registry(#"Bearer realm="http://\#(tokens.host)/token""#) { $0 == "Bearer secret" }
        try await withClient(server.host) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { _ = try await client.manifest(tag: "latest") } }
                try await group.waitForAll()
            }
        }
        #expect(tokens.requests.filter { $0.method == "GET" }.count == 1)
    }

    @Test func renewsATokenThatIsNoLongerAccepted() async throws {
        let count = Mutex(0)
        let tokens = HTTPServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return .text(200, #"{"token":"secret\#(number)"}"#)
        }
        let valid = Mutex("Bearer secret1")
        let server = registry(#"Bearer realm="http://\#(tokens.host)/token""#) { header in
            valid.withLock { $0 == header }
        }
        try await withClient(server.host) { client in
            _ = try await client.manifest(tag: "latest")
            valid.withLock { $0 = "Bearer secret2" }
            _ = try await client.manifest(tag: "latest")
        }
    }

    @Test(arguments: [
        "Bearer realm=\"http://example.invalid/token\"", "Bearer realm=\"ftp://127.0.0.1/\"", "Bearer realm=\"\"",
    ])
    func refusesOtherTokenServers(challenge: String) async throws {
        let server = registry(challenge) { _ in true }
        switch try await fetch(server, #"{"auth":"dTpw"}"#) {
        case .insecure, .violation: break
        case let other: Issue.record("\(String(describing: other))")
        }
    }

    @Test(arguments: ["{}", "no json", #"{"token":""}"#, #"{"token":"a\r\nX: b"}"#])
    func refusesAnswersWithoutAToken(answer: String) async throws {
        let tokens = HTTPServer { _ in .text(200, answer) }
        let server = registry(#"Bearer realm="http://\#(tokens.host)/token""#) { _ in true }
        guard case .violation = try await fetch(server) else {
            Issue.record("no violation")
            return
        }
    }

    @Test func neverShowsSecrets() async throws {
        let server = registry(#"Basic realm="x""#) { _ in false }
        let error = try await fetch(server, #"{"username":"someone","password":"hunter2"}"#)
        #expect(!"\(try #require(error))".contains("hunter2"))
    }
}
