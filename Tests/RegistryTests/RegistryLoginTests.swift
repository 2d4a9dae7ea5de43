import Registry
import TestSupport
import Testing

@Suite struct RegistryLoginTests {
    private func check(_ server: HTTPServer, _ password: String = "secret") async throws -> String? {
        try await RegistryLogin(try LoginServer(server.host), options: testOptions()).check(
            user: "user", password: password)
    }

    private func failure(_ server: HTTPServer, _ password: String = "secret") async -> RegistryError? {
        await registryError { _ = try await check(server, password) }
    }

    /// A registry that wants what `challenge` says.
    private func registry(_ challenge: String, accepts header: String) -> HTTPServer {
        HTTPServer { request in
            guard request.path == "/v2/" else { return .text(404, "") }
            if request.headers["authorization"] == header { return .text(200, "{}") }
            return .text(
                401, #"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
                [("WWW-Authenticate", challenge)])
        }
    }

    @Test func sendsAPasswordToWhoAsksForOne() async throws {
        let server = registry(#"Basic realm="x""#, accepts: "Basic dXNlcjpzZWNyZXQ=")
        #expect(try await check(server) == nil)
        let first = try #require(server.requests.first { $0.method == "GET" })
        #expect(first.headers["authorization"] == nil)
        #expect(
            await failure(server, "wrong")
                == .loginRefused(
                    address: "http://\(server.host)/v2/", status: "401 Unauthorized",
                    detail: "unauthorized: authentication required"))
    }

    @Test func whoAsksForNothingAcceptsAnything() async throws {
        let server = HTTPServer { _ in .text(200, "{}") }
        #expect(try await check(server) == nil)
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func getsAnIdentityToken() async throws {
        let tokens = HTTPServer { request in
            guard request.headers["authorization"] == "Basic dXNlcjpzZWNyZXQ=" else {
                return .text(401, #"{"details":"incorrect username or password"}"#)
            }
            return .text(200, #"{"token":"access","refresh_token":"refresh"}"#)
        }
        let server = registry(
            #"Bearer realm="http://\#(tokens.host)/token?x=1",service="a service""#, accepts: "Bearer access")
        #expect(try await check(server) == "refresh")
        #expect(
            tokens.requests.last?.target
                == "/token?x=1&account=user&client_id=apus&offline_token=true&service=a%20service")
        #expect(server.requests.allSatisfy { $0.headers["authorization"]?.hasPrefix("Basic") != true })
        #expect(
            await failure(server, "wrong")
                == .loginRefused(
                    address: "http://\(tokens.host)/token", status: "401 Unauthorized",
                    detail: "incorrect username or password"))
    }

    @Test func aTokenServerWithoutIdentityTokensIsAskedForThePasswordEachTime() async throws {
        let tokens = HTTPServer { _ in .text(200, #"{"access_token":"access","refresh_token":""}"#) }
        let server = registry(#"Bearer realm="http://\#(tokens.host)/token""#, accepts: "Bearer access")
        #expect(try await check(server) == nil)
    }

    @Test(arguments: [#"{}"#, "no", #"{"token":"a\r\nb"}"#, #"{"token":"a","refresh_token":"b\nc"}"#])
    func refusesAnswersWithoutAToken(answer: String) async throws {
        let tokens = HTTPServer { _ in .text(200, answer) }
        let server = registry(#"Bearer realm="http://\#(tokens.host)/token""#, accepts: "Bearer a")
        guard case .violation = await failure(server) else {
            Issue.record("no violation")
            return
        }
    }

    @Test(arguments: ["Digest realm=x", "", "Bearer service=x"])
    func refusesOtherWaysToAuthenticate(challenge: String) async throws {
        let server = registry(challenge, accepts: "never")
        guard case .loginRefused = await failure(server) else {
            Issue.record("not refused")
            return
        }
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test(arguments: [401, 429, 500])
    func neverShowsTheSecretThatComesBack(status: Int) async throws {
        let server = HTTPServer { request in
            request.headers["authorization"] == nil
                ? .text(401, "", [("WWW-Authenticate", "Basic realm=x")]) : .text(status, "you said hunter2")
        }
        let error = try #require(await failure(server, "hunter2"))
        #expect(!"\(error)".contains("hunter2"))
        #expect("\(error)".contains(server.host))
    }

    // The secret and what follows it are one letter to people, and the same bytes all the same.
    @Test func neverShowsASecretWithAnAccentBehindIt() async throws {
        let server = HTTPServer { request in
            request.headers["authorization"] == nil
                ? .text(401, "", [("WWW-Authenticate", "Basic realm=x")]) : .text(401, "you said hunter2\u{301}")
        }
        let error = try #require(await failure(server, "hunter2"))
        #expect(error == .loginRefused(address: "http://\(server.host)/v2/", status: "401 Unauthorized", detail: nil))
    }

    @Test func tellsNobodyElseThePassword() async throws {
        let other = HTTPServer { _ in .text(401, "", [("WWW-Authenticate", "Basic realm=x")]) }
        let server = HTTPServer { _ in .text(302, "", [("Location", "http://\(other.host)/v2/")]) }
        #expect(await failure(server) != nil)
        #expect(other.requests.allSatisfy { $0.headers["authorization"] == nil })
    }
}
