import TestSupport
import Testing

@testable import Registry

/// What is said to those who ask too often.
@Suite struct RateLimitTests {
    private static let now = 784_111_777

    @Test(
        arguments: [
            ([("Retry-After", "90")], "try again in 90 seconds"), ([("retry-after", "1")], "try again in 1 second"),
            ([("Retry-After", "0")], "try again now"), ([("Retry-After", "-5")], "try again now"),
            ([("Retry-After", "601")], "try again in 11 minutes"), ([("Retry-After", "7201")], "try again in 3 hours"),
            ([("Retry-After", "999999999999")], "try again in 365 days"),
            ([("Retry-After", "Sun, 06 Nov 1994 08:59:37 GMT")], "try again in 10 minutes"),
            ([("Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT")], "try again now"),
            ([("X-Retry-After", "784112077")], "try again in 5 minutes"),
            ([("X-Retry-After", "-9223372036854775808")], "try again in 365 days"),
            (
                [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "0;w=21600")],
                "try again later (it takes 100 requests in 6 hours)"
            ),
            (
                [("Retry-After", "60"), ("RateLimit-Limit", "100;w=3600")],
                "try again in 60 seconds (it takes 100 requests in 60 minutes)"
            ),
            ([("Retry-After", "soon")], nil), ([("RateLimit-Limit", "100")], nil),
            ([("RateLimit-Limit", "-1;w=5")], nil), ([("RateLimit-Limit", "9;w=0")], nil), ([], nil),
        ] as [([(String, String)], String?)])
    func readsWhenToComeAgain(_ headers: [(String, String)], _ advice: String?) {
        let limit = RateLimit(now: Self.now) { name in
            headers.first { $0.0.lowercased() == name.lowercased() }?.1
        }
        #expect(limit?.advice == advice)
    }

    @Test func tellsWhatTheRegistryTellsAndAsksNoMoreInVain() async throws {
        let body = #"{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}"#
        let server = HTTPServer { _ in .text(429, body, [("RateLimit-Limit", "100;w=21600")]) }
        let error = await registryError {
            try await withClient(server.host) { _ = try await $0.manifest(tag: "x") }
        }
        #expect(
            "\(try #require(error))"
                == "too many requests to the registry \(server.host): try again later (it takes 100 requests in 6 hours):"
                + " toomanyrequests: You have reached your pull rate limit.")
        #expect(server.requests.filter { $0.path.contains("manifests") }.count == 1)
    }

    @Test func heedsWhatATokenServerSays() async throws {
        let tokens = HTTPServer { _ in .text(429, "", [("Retry-After", "7200")]) }
        let server = HTTPServer { _ in
            .text(401, "", [("WWW-Authenticate", "Bearer realm=\"http://\(tokens.host)/token\"")])
        }
        let error = await registryError {
            try await withClient(server.host) { _ = try await $0.manifest(tag: "x") }
        }
        #expect(
            error == .tooManyRequests(host: tokens.host, detail: nil, limit: RateLimit(wait: .seconds(7200))))
        #expect(tokens.requests.filter { $0.method == "GET" }.count == 1)
    }
}
