import Registry
import Synchronization
import TestSupport
import Testing

/// Lists in pages (distribution-spec, "Listing Tags").
@Suite struct TagListTests {
    private func tags(_ answer: @escaping @Sendable (String) -> HTTPServer.Response) async throws -> [String] {
        let server = HTTPServer { answer($0.target) }
        return try await withClient(server.host) { try await $0.tags() }
    }

    @Test(arguments: [
        "</v2/a/b/tags/list?last=1>; rel=\"next\"", "<list?last=1>;rel=next",
        "</x>; rel=prev, <list?last=1>; rel=\"next\"",
        "<list?last=1>; title=\"a, <b>; c\"; rel=\"last next\"", "<list?last=1>; rel = \"NEXT\"; x",
        ",, <list?last=1> ; REL=next",
    ])
    func findsTheNextPage(_ link: String) async throws {
        let found = try await tags { target in
            target == "/v2/a/b/tags/list"
                ? .text(200, #"{"tags":["1"]}"#, [("Link", link)])
                : .text(200, target == "/v2/a/b/tags/list?last=1" ? #"{"tags":["2"]}"# : "{}")
        }
        #expect(found == ["1", "2"])
    }

    @Test(arguments: [
        "", "<", "<x", "<x>", "<x>; rel", "<x>; rel=\"nextpage\"", "x; rel=next", "<x>; rel=\"", "<x>; ;;;= rel=next",
    ])
    func endsWhereThereIsNoNextPage(_ link: String) async throws {
        let found = try await tags { _ in .text(200, #"{"tags":["1"]}"#, [("Link", link)]) }
        #expect(found == ["1"])
    }

    @Test(arguments: ["no json", "[]", #"{"tags":[1]}"#, #"{"tags":"a"}"#])
    func refusesWhatIsNoList(_ body: String) async throws {
        let error = await registryError { _ = try await tags { _ in .text(200, body) } }
        guard case .violation(_, let cause) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(cause == "its list of tags is not JSON of the right form")
    }

    // Each page has another address, and each is large.
    @Test func refusesAListWithoutAnEnd() async throws {
        let page = #"{"tags":[]"# + String(repeating: " ", count: 4_000_000) + "}"
        let count = Mutex(0)
        let server = HTTPServer { request in
            guard request.path != "/v2/" else { return .text(200, "{}") }
            let number = count.withLock { count in
                count += 1
                return count
            }
            return .text(200, page, [("Link", "<list?last=\(number)>; rel=next")])
        }
        let error = await registryError {
            try await withClient(server.host) { _ = try await $0.tags() }
        }
        #expect(error == .violation(host: server.host, cause: "its list of tags has no end"))
        #expect(count.withLock { $0 } < 30)
    }
}
