import Registry
import Testing

@Suite struct ShortNamesTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    private func expanded(_ text: String, _ files: [String: String]) throws -> String {
        for (name, content) in files { try folder.write("containers/\(name)", content) }
        return try names.expanded(text)
    }

    /// Those of a user whose files are in the folder. What this machine has in /etc comes before, and has no names of these.
    private var names: ShortNames { ShortNames(environment: ["XDG_CONFIG_HOME": folder.path]) }

    private func complaint(_ content: String, about name: String = "app") throws -> String? {
        let path = try folder.write("aliases.conf", content)
        do {
            _ = try ShortNames(environment: ["CONTAINERS_REGISTRIES_CONF": path]).expanded(name)
            return nil
        } catch {
            let head = "cannot use \(path): "
            #expect("\(error)".hasPrefix(head))
            return String("\(error)".dropFirst(head.count))
        }
    }

    @Test func aWordIsTheNameThatItStandsFor() throws {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        let files = [
            "registries.conf": """
            [aliases]
            "app" = "registry.example:5000/team/app"
            "team/tool" = "localhost/tool"
            hub = "docker.io/hub"
            """
        ]
        for (text, wanted) in [
            ("app", "registry.example:5000/team/app"), ("app:1", "registry.example:5000/team/app:1"),
            ("app@\(digest)", "registry.example:5000/team/app@\(digest)"),
            ("app:1@\(digest)", "registry.example:5000/team/app:1@\(digest)"), ("team/tool:x", "localhost/tool:x"),
            ("hub", "docker.io/library/hub"),
            // Others, and what has a registry, are what they were; and nothing is looked up twice.
            ("other", "other"), ("team/app", "team/app"), ("App", "App"), ("app/app", "app/app"), ("", ""),
            ("docker.io/app", "docker.io/app"), ("docker.io/library/app", "docker.io/library/app"),
            ("localhost/app", "localhost/app"), ("app:5000/app", "app:5000/app"), (digest, digest),
            ("app:", "registry.example:5000/team/app:"),
        ] {
            #expect(try expanded(text, files) == wanted)
        }
    }

    @Test func anAliasOfAnIDIsNone() throws {
        let id = String(repeating: "a", count: 64)
        let path = try folder.write("aliases.conf", "[aliases]\nsha256 = 'localhost/a'\n")
        let names = ShortNames(environment: ["CONTAINERS_REGISTRIES_CONF": path])
        #expect(try names.expanded("sha256:\(id)") == "sha256:\(id)")
        #expect(try complaint("[aliases]\n\(id) = 'localhost/a'\n")?.contains("can be no alias") == true)
    }

    @Test func laterFilesOverrideAndTakeAway() throws {
        let files = [
            "registries.conf": "[aliases]\na = 'one.example/a'\nb = 'one.example/b'\nc = 'one.example/c'\n",
            "registries.conf.d/10.conf": "[aliases]\na = 'two.example/a'\nb = ''\nc = ''\n",
            "registries.conf.d/20.conf": "[aliases]\nc = 'three.example/c'\n",
            "registries.conf.d/30.txt": "[aliases]\na = 'four.example/a'\n",
        ]
        #expect(try expanded("a", files) == "two.example/a")
        #expect(try expanded("b", files) == "b")
        #expect(try expanded("c:1", files) == "three.example/c:1")
    }

    @Test func listsThatDistributionsShipAreLeftOut() throws {
        var files = ["registries.conf": ""]
        for name in [
            "shortnames.conf", "000-shortnames.conf", "00-shortnames.conf", "001-rhel-shortnames.conf",
            "002-rhel-shortnames-overrides.conf",
        ] {
            files["registries.conf.d/\(name)"] = "[aliases]\nfedora = 'registry.fedoraproject.org/fedora'\n"
        }
        #expect(try expanded("fedora", files) == "fedora")
        files["registries.conf.d/my-shortnames.conf"] = "[aliases]\nfedora = 'mine.example/fedora'\n"
        #expect(try expanded("fedora", files) == "mine.example/fedora")
        // Named outright, it is what somebody wants.
        let shipped = folder.path + "/containers/registries.conf.d/shortnames.conf"
        let outright = ShortNames(environment: ["CONTAINERS_REGISTRIES_CONF": shipped])
        #expect(try outright.expanded("fedora") == "registry.fedoraproject.org/fedora")
    }

    @Test func noFileIsReadForAFullName() throws {
        let path = try folder.write("broken.conf", "aliases = [")
        let names = ShortNames(environment: ["CONTAINERS_REGISTRIES_CONF": path])
        #expect(try names.expanded("localhost/app:1") == "localhost/app:1")
        #expect(throws: (any Error).self) { try names.expanded("app") }
    }

    @Test func keysMayBeWrittenWithEscapes() throws {
        let path = try folder.write("aliases.conf", "[\"\\u0061liases\"]\n\"\\u0061pp\" = 'localhost/x'\n")
        #expect(try ShortNames(environment: ["CONTAINERS_REGISTRIES_CONF": path]).expanded("app") == "localhost/x")
    }

    @Test func whatIsNoNameIsRefusedWithItsLine() throws {
        let noAlias = "can be no alias: it is a name without registry, tag and digest"
        let noName = "which is no full name: give REGISTRY/REPOSITORY, without tag and digest"
        for (content, wanted) in [
            ("[aliases]\n\n\"a:1\" = 'localhost/a'\n", "line 3: \"a:1\" \(noAlias)"),
            ("[aliases]\n'localhost/a' = 'localhost/a'\n", "line 2: \"localhost/a\" \(noAlias)"),
            ("[aliases]\nA = 'localhost/a'\n", "line 2: \"A\" \(noAlias)"),
            ("[aliases]\n'' = 'localhost/a'\n", "line 2: \"\" \(noAlias)"),
            ("[aliases]\n'a\u{301}' = 'localhost/a'\n", "line 2: \"a\u{301}\" \(noAlias)"),
            ("[aliases]\na = 'b'\n", "line 2: the alias a stands for \"b\", \(noName)"),
            ("[aliases]\na = 'localhost/b:1'\n", "line 2: the alias a stands for \"localhost/b:1\", \(noName)"),
            ("[aliases]\na = 'localhost/B'\n", "line 2: the alias a stands for \"localhost/B\", \(noName)"),
            ("[aliases]\na = ' '\n", "line 2: the alias a stands for \" \", \(noName)"),
            ("[aliases]\na = ['localhost/b']\n", "line 2: the alias a is no text in quotes"),
            ("[aliases]\na.b = 'localhost/b'\n", "line 2: the alias a is no text in quotes"),
            (
                "aliases = 'a'\n",
                "line 1: aliases is no table: write [aliases] and below it NAME = \"REGISTRY/REPOSITORY\""
            ),
            ("[aliases]\na = 'localhost/a'\na = 'localhost/b'\n", "line 3: a is there twice"),
        ] {
            #expect(try complaint(content) == wanted)
        }
    }
}
