import Linux
import OCI
import Registry
import Testing

@Suite struct RegistriesConfigurationTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    private func configuration(_ text: String) throws -> RegistriesConfiguration {
        let path = try folder.write("registries.conf", text)
        return try RegistriesConfiguration(environment: ["CONTAINERS_REGISTRIES_CONF": path])
    }

    private func sources(_ name: String, _ configuration: RegistriesConfiguration) throws -> [String] {
        try configuration.sources(of: try Reference(name)).map {
            $0.reference.description + ($0.isInsecure ? " insecure" : "")
        }
    }

    private let digest = "sha256:" + String(repeating: "a", count: 64)

    @Test func withoutAFileEverythingIsWhereItsNameSays() throws {
        let empty = try RegistriesConfiguration(environment: ["CONTAINERS_REGISTRIES_CONF": folder.path + "/none"])
        #expect(try sources("debian", empty) == ["docker.io/library/debian:latest"])
    }

    @Test func mirrorsComeFirst() throws {
        let configuration = try configuration(
            """
            unqualified-search-registries = ["quay.io"]
            short-name-mode = "enforcing"
            [aliases]
            debian = "quay.io/debian"
            [[registry]]
            location = "docker.io"
            [[registry.mirror]]
            location = "mirror.example:5000/hub/"
            insecure = true
            [[registry.mirror]]
            location = "digests.example"
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "tags.example"
            pull-from-mirror = "tag-only"
            """)
        #expect(
            try sources("debian", configuration) == [
                "mirror.example:5000/hub/library/debian:latest insecure", "tags.example/library/debian:latest",
                "docker.io/library/debian:latest",
            ])
        #expect(
            try sources("debian@\(digest)", configuration) == [
                "mirror.example:5000/hub/library/debian@\(digest) insecure", "digests.example/library/debian@\(digest)",
                "docker.io/library/debian@\(digest)",
            ])
        #expect(try sources("quay.io/a", configuration) == ["quay.io/a:latest"])
    }

    @Test func theLongestPrefixCounts() throws {
        let configuration = try configuration(
            """
            [[registry]]
            prefix = "a.example"
            location = "b.example"
            [[registry]]
            prefix = "a.example/team"
            location = "c.example/other/team"
            mirror-by-digest-only = true
            mirror = [{ location = "m.example" }]
            [[registry]]
            prefix = "*.wild.example"
            location = "d.example:1/w"
            [[registry]]
            prefix = "*.kept.example"
            insecure = true
            """)
        #expect(try sources("a.example/x:1", configuration) == ["b.example/x:1"])
        #expect(try sources("a.example/team/x:1", configuration) == ["c.example/other/team/x:1"])
        #expect(try sources("a.example/teams/x:1", configuration) == ["b.example/teams/x:1"])
        #expect(
            try sources("a.example/team/x@\(digest)", configuration) == [
                "m.example/x@\(digest)", "c.example/other/team/x@\(digest)",
            ])
        #expect(try sources("a.example:5000/x:1", configuration) == ["a.example:5000/x:1"])
        #expect(try sources("x.y.wild.example/n:1", configuration) == ["d.example:1/w/n:1"])
        #expect(try sources("wild.example/n:1", configuration) == ["wild.example/n:1"])
        #expect(try sources("x.kept.example:9/n:1", configuration) == ["x.kept.example:9/n:1 insecure"])
    }

    @Test func whatIsBlockedIsRefused() throws {
        let configuration = try configuration("[[registry]]\nlocation = 'a.example/bad'\nblocked = true")
        #expect(throws: RegistryError.blocked("a.example/bad/x", prefix: "a.example/bad")) {
            _ = try sources("a.example/bad/x", configuration)
        }
        #expect(try sources("a.example/good:1", configuration) == ["a.example/good:1"])
    }

    @Test func aPlaceThatIsNoNameIsRefusedWhenItIsMeant() throws {
        for location in ["nodots", "b.example/UPPER", "b.example/x:5", "b.example//y"] {
            let configuration = try configuration("[[registry]]\nprefix = 'a.example'\nlocation = '\(location)'")
            #expect(throws: RegistryError.self) { _ = try sources("a.example/n:1", configuration) }
        }
    }

    @Test(arguments: [
        ("[[registry]]\n\ninsecure = 'yes'\nlocation = 'a'", 3), ("registry = 'a'", 1),
        ("\n[registry]\nlocation = 'a'", 2),
        ("[[registry]]\nlocation = 1", 2), ("[registries.search]\nregistries = []", 1),
        ("[[registry]]\nblocked = true", 1),
        ("[[registry]]\nlocation = 'https://a'", 1), ("[[registry]]\nprefix = '*.a/b'", 1),
        ("[[registry]]\nlocation = 'a'\n[[registry.mirror]]\ninsecure = true", 3),
        ("[[registry]]\nlocation = 'a'\n[[registry.mirror]]\nlocation = 'b'\npull-from-mirror = 'no'", 3),
        ("[[registry]]\nlocation = 'a", 2), ("registry = [1]", 1),
    ])
    func namesTheFileAndTheLine(text: String, line: Int) {
        #expect {
            _ = try configuration(text)
        } throws: {
            "\($0)".contains(folder.path + "/registries.conf") && "\($0)".contains("line \(line): ")
        }
    }

    @Test func theUsersFileAndDropInsAreRead() throws {
        func rule(_ prefix: String, _ location: String) -> String {
            "[[registry]]\r\nprefix = '\(prefix)'\r\nlocation = '\(location)'\r\n"
        }
        let containers = "home/.config/containers/"
        try folder.write(
            containers + "registries.conf", "\u{feff}" + rule("one.test", "main.test") + rule("two.test", "main.test"))
        try folder.write(containers + "registries.conf.d/20-b.conf", rule("two.test", "last.test"))
        try folder.write(containers + "registries.conf.d/10-a.conf", rule("two.test", "first.test"))
        try folder.write(containers + "registries.conf.d/notes.txt", "no toml")
        let read = try RegistriesConfiguration(environment: ["HOME": folder.path + "/home"])
        #expect(try sources("one.test/n:1", read) == ["main.test/n:1"])
        #expect(try sources("two.test/n:1", read) == ["last.test/n:1"])
    }
}
