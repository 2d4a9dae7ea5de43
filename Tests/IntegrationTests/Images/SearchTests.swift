import Linux
import TestSupport
import Testing

/// `apus search` with a server that answers as Docker Hub is documented to, and with Debian's docker-registry, which has no search.
@Suite struct SearchTests {
    private static let results = """
        {"num_pages":1,"num_results":4,"page_size":25,"page":1,"query":"box","results":[
        {"name":"busybox","description":"Busybox base image, and a text that is longer than the column","star_count":3000,"is_official":true,"is_automated":false},
        {"name":"evil/box","description":"a\\nb\\tc \\u001b[31mred\\u202e","star_count":99999999999999999999,"is_official":false,"is_automated":true},
        {"name":"few/box","description":"","star_count":1.5e1,"is_official":false},
        {"description":"nameless"}]}
        """

    private static func hub() -> HTTPServer {
        HTTPServer { request in
            switch request.path {
            case "/v1/search": .text(200, Self.results, [("Content-Type", "application/json")])
            case "/v2/": .text(200, "{}")
            default: .text(404, "nothing here")
            }
        }
    }

    /// Runs `search` with `server` in the place of Docker Hub.
    private func search(_ sandbox: Sandbox, _ server: HTTPServer, _ words: String...) throws -> ProgramResult {
        let file = try sandbox.write(
            "[[registry]]\nprefix = \"docker.io\"\nlocation = \"\(server.host)\"\n", to: "registries.conf")
        return try sandbox.apus(["search"] + words, environment: ["CONTAINERS_REGISTRIES_CONF=\(file)"])
    }

    @Test func resultsOfTheHubAreShownAsDockerShowsThem() throws {
        let hub = Self.hub()
        try withSandbox(.any) { sandbox throws in
            let shown = try search(sandbox, hub, "b&x é")
            #expect(shown.code == 0 && shown.complaints.isEmpty, "\(shown)")
            #expect(
                shown.lines == [
                    "NAME       DESCRIPTION                                     STARS                 OFFICIAL",
                    "busybox    Busybox base image, and a text that is longe…   3000                  [OK]",
                    "evil/box   a b c \\x1b[31mred\\u202e                         9223372036854775807   ",
                    "few/box                                                    15                    ",
                ], "\(shown)")
            #expect(hub.requests.last?.target == "/v1/search?q=b%26x%20%C3%A9&n=25")
            _ = try search(sandbox, hub, "--limit", "7", "library/box")
            #expect(hub.requests.last?.target == "/v1/search?q=box&n=7")
            #expect(try search(sandbox, hub, "--limit", "2", "box").lines.count == 3)
            let json = try search(sandbox, hub, "--format", "json", "--no-trunc", "box")
            #expect(
                json.lines.first
                    == #"{"Description":"Busybox base image, and a text that is longer than the column","IsOfficial":"true","Name":"busybox","StarCount":"3000"}"#
            )
            #expect(
                try search(sandbox, hub, "--format", "{{.Name}}:{{.IsOfficial}}", "box").lines
                    == ["busybox:[OK]", "evil/box:", "few/box:"])
        }
    }

    @Test func filtersAreDockers() throws {
        let hub = Self.hub()
        try withSandbox(.any) { sandbox throws in
            func named(_ words: [String]) throws -> [String] {
                let file = "\(sandbox.path)/work/registries.conf"
                return try sandbox.apus(
                    ["search", "x", "--format", "{{.Name}}"] + words,
                    environment: ["CONTAINERS_REGISTRIES_CONF=\(file)"]
                ).lines
            }
            _ = try search(sandbox, hub, "x")
            #expect(try named(["-f", "stars=3000"]) == ["busybox", "evil/box"])
            #expect(try named(["-f", "is-official=true"]) == ["busybox"])
            #expect(try named(["-f", "is-official=false", "-f", "stars=16"]) == ["evil/box"])
            let automated = try search(sandbox, hub, "-f", "is-automated=true", "x")
            #expect(automated.lines == ["NAME      DESCRIPTION   STARS     OFFICIAL"])
            #expect(automated.errorText.hasPrefix("WARNING: the \"is-automated\" filter is deprecated"))
            for (words, message) in [
                (["-f", "a=b"], "invalid filter 'a'"),
                (["-f", "stars=many"], "invalid filter 'stars=many': strconv.Atoi: parsing \"many\": invalid syntax"),
                (["--limit", "101"], "limit 101 is outside the range of [1, 100]"),
            ] {
                let refused = try sandbox.apus(["search", "x"] + words)
                #expect(refused.code == 1 && refused.complaints == "apus: \(message)\n", "\(refused)")
            }
            let scheme = try sandbox.apus("search", "https://x/y")
            #expect(
                scheme.complaints
                    == "apus: invalid repository name: repository name (https://x/y) should not have a scheme\n")
        }
    }

    @Test(arguments: TestUser.available)
    func aRegistryWithoutASearchListsItsRepositories(_ user: TestUser) throws {
        try RegistryServer.with { registry throws in
            try withBusybox(user) { sandbox throws in
                for name in ["team/box:1", "team/box:2", "other:1"] {
                    try sandbox.output("tag", "busybox", "\(registry.host)/\(name)")
                    try sandbox.output("push", "-q", "\(registry.host)/\(name)")
                }
                let found = try sandbox.output("search", "--format", "{{.Name}}", "\(registry.host)/box")
                #expect(found == "\(registry.host)/team/box")
                let all = try sandbox.output("search", "--format", "{{.Name}}", "\(registry.host)/")
                #expect(all == "\(registry.host)/other\n\(registry.host)/team/box")
                #expect(
                    try sandbox.output("search", "--limit", "1", "--format", "{{.Name}}", "\(registry.host)/o")
                        == "\(registry.host)/other")
                let tags = try sandbox.apus("search", "--list-tags", "\(registry.host)/team/box")
                // In the registry's order, which is any.
                #expect(tags.lines.first.map { $0.split(separator: " ") } == ["NAME", "TAG"])
                #expect(
                    Set(tags.lines.dropFirst().map { $0.split(separator: " ").map(String.init) }) == [
                        ["\(registry.host)/team/box", "1"], ["\(registry.host)/team/box", "2"],
                    ])
                let one = try sandbox.output(
                    "search", "--list-tags", "--limit", "1", "--format", "{{.Tag}}", "\(registry.host)/team/box")
                #expect(["1", "2"].contains(one))
                let missing = try sandbox.apus("search", "--list-tags", "\(registry.host)/nosuch")
                #expect(missing.code == 1 && missing.complaints.contains("not found"), "\(missing)")
            }
        }
    }

    @Test func pagesAndAnswersThatAreNoneAreTakenCareOf() throws {
        let server = HTTPServer { request in
            switch request.target {
            case "/v2/": .text(200, "{}")
            // A web site answers everything with its start page.
            case let target where target.hasPrefix("/v1/"): .text(200, "<html>")
            case "/v2/_catalog?n=1000":
                .text(200, #"{"repositories":["a/box"]}"#, [("Link", "</v2/_catalog?n=1000&last=x>; rel=\"next\"")])
            case "/v2/_catalog?n=1000&last=x": .text(200, #"{"repositories":["b/box", 7, "c"]}"#)
            default: .text(404, "")
            }
        }
        let endless = HTTPServer { request in
            request.path == "/v2/_catalog"
                ? .text(200, #"{"repositories":[]}"#, [("Link", "</v2/_catalog?n=1000>; rel=\"next\"")])
                : .text(request.path == "/v2/" ? 200 : 404, "{}")
        }
        try withSandbox(.any) { sandbox throws in
            #expect(
                try sandbox.output("search", "--format", "{{.Name}}", "\(server.host)/box")
                    == "\(server.host)/a/box\n\(server.host)/b/box")
            let result = try sandbox.apus("search", "\(endless.host)/box")
            #expect(result.code == 1 && result.complaints.contains("its list of repositories has no end"), "\(result)")
            let nobody = try sandbox.apus("search", "localhost:1/box")
            #expect(nobody.code == 1 && nobody.complaints.contains("cannot reach the registry"), "\(nobody)")
        }
    }
}
