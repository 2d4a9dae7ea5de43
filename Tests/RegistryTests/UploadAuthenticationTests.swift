import OCI
import Registry
import Synchronization
import TestSupport
import Testing

/// Tokens of those who push.
@Suite struct UploadAuthenticationTests {
    /// A server of tokens, each of which says what it is for.
    private func tokens(lifetime: Int = 300) -> HTTPServer {
        let count = Mutex(0)
        return HTTPServer { request in
            let number = count.withLock { count in
                count += 1
                return count
            }
            let target = request.target.replacing("%3A", with: ":").replacing("%2F", with: "/")
                .replacing("%2C", with: ",")
            let fields = target.split { $0 == "?" || $0 == "&" }.filter { $0.hasPrefix("scope=") }
            let scopes = fields.map { String($0.dropFirst("scope=".count)) }.joined(separator: "+")
            return .text(200, #"{"token":"\#(number)/\#(scopes)","expires_in":\#(lifetime)}"#)
        }
    }

    private func challenge(_ tokens: HTTPServer, _ scope: String) -> HTTPServer.Response {
        .text(
            401, #"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
            [("WWW-Authenticate", #"Bearer realm="http://\#(tokens.host)/token",scope="\#(scope)""#)])
    }

    @Test func asksOnceForATokenForAllThatIsToBeDone() async throws {
        let (tokens, registry) = (self.tokens(), UploadRegistry())
        let server = HTTPServer { request in
            let action = request.method == "HEAD" ? "pull" : "pull,push"
            guard request.headers["authorization"]?.contains("repository:a/b:pull,push") == true else {
                return self.challenge(tokens, "repository:a/b:\(action)")
            }
            return registry.answer(request)
        }
        let blob = try TestBlob(1000)
        #expect(try await upload(blob, to: server.host) == .sent)
        #expect(tokens.requests.filter { $0.method == "GET" }.count == 1)
    }

    @Test func renewsATokenInTheMiddleOfABlob() async throws {
        let (tokens, registry) = (self.tokens(), UploadRegistry(hints: [("OCI-Chunk-Min-Length", "100")]))
        let uses = Mutex<[String: Int]>([:])
        let server = HTTPServer { request in
            let token = request.headers["authorization"] ?? ""
            let count = uses.withLock { uses in
                uses[token, default: 0] += 1
                return uses[token] ?? 0
            }
            // Each is good for three requests.
            guard !token.isEmpty, count <= 3 else { return self.challenge(tokens, "repository:a/b:pull,push") }
            return registry.answer(request)
        }
        let blob = try TestBlob(40_000)
        var options = testOptions()
        options.uploadPart = 16_000
        #expect(try await upload(blob, to: server.host, options: options) == .sent)
        #expect(registry.blob(blob.descriptor.digest)?.count == blob.bytes.count)
        #expect(tokens.requests.filter { $0.method == "GET" }.count == 2)
        // The chunk that was refused came again, whole.
        let refused = server.requests.filter { $0.headers["content-range"] == "16000-31999" }
        #expect(refused.map(\.body.count) == [16_000, 16_000])
    }

    @Test func mountsWithATokenForBothRepositories() async throws {
        let (tokens, registry) = (self.tokens(), UploadRegistry())
        let blob = try TestBlob(1000)
        registry.state.withLock { $0.elsewhere["team/x"] = [blob.descriptor.digest.description] }
        let server = HTTPServer { request in
            let token = request.headers["authorization"] ?? ""
            let other = request.target.contains("from=") ? " repository:team/x:pull" : ""
            guard token.contains("repository:a/b:pull,push"), other.isEmpty || token.contains("repository:team/x:pull")
            else { return self.challenge(tokens, "repository:a/b:pull,push" + other) }
            return registry.answer(request)
        }
        #expect(try await upload(blob, to: server.host, mounting: ["team/x"]) == .mounted(from: "team/x"))
        let asked = tokens.requests.last { $0.method == "GET" }
        #expect(
            asked?.target
                == "/token?scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Ateam%2Fx%3Apull")
    }

    @Test func saysWhoMayNotPush() async throws {
        let tokens = self.tokens()
        let blob = try TestBlob(10)
        let bearer = HTTPServer { _ in self.challenge(tokens, "repository:a/b:pull,push") }
        #expect(
            await registryError { _ = try await upload(blob, to: bearer.host) }
                == .pushDenied(repository: "\(bearer.host)/a/b", detail: "unauthorized: authentication required"))
        let basic = HTTPServer { _ in .text(401, "", [("WWW-Authenticate", "Basic realm=x")]) }
        #expect(
            await registryError { _ = try await upload(blob, to: basic.host) }
                == .pushDenied(repository: "\(basic.host)/a/b", detail: nil))
    }
}
