import Linux
import TestSupport
import Testing

/// Aliases of registries.conf: a word means the same image whatever is done with it.
@Suite struct ShortNameTests {
    private func aliases(_ text: String, of sandbox: Sandbox) throws {
        try Files.write(
            Array(text.utf8), to: "\(sandbox.path)/home/.config/containers/registries.conf", mode: 0o644)
    }

    private func source() throws -> String { "oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest" }

    @Test(arguments: TestUser.available)
    func whatIsPulledByAWordIsFoundByIt(_ user: TestUser) throws {
        try RegistryServer.with { registry throws in
            _ = try registry.push(source(), as: "team/app:1")
            let full = "\(registry.host)/team/app"
            try withSandbox(user) { sandbox throws in
                try aliases("[aliases]\napp = \"\(full)\"\n", of: sandbox)
                let pulled = try sandbox.output("pull", "app:1")
                #expect(pulled.hasSuffix("\n\(full):1"), "\(pulled)")
                let id = try sandbox.output("image", "inspect", "--format", "{{.Id}}", "\(full):1")
                for words in [
                    ["image", "inspect", "--format", "{{.Id}}", "app:1"], ["inspect", "--format", "{{.Id}}", "app:1"],
                    ["images", "-q", "--no-trunc", "app"], ["images", "-q", "--no-trunc", "app:1"],
                    ["images", "-q", "--no-trunc", "--filter", "reference=app:*"],
                ] {
                    #expect(try sandbox.apus(words).text == "\(id)\n", "\(words)")
                }
                #expect(try sandbox.output("images", "--format", "{{.Repository}}:{{.Tag}}") == "\(full):1")
                #expect(!(try sandbox.output("history", "-q", "app:1")).isEmpty)
                #expect(try sandbox.output("image", "tree", "app:1").contains(full))

                // Nothing is asked for what is here.
                let ran = try sandbox.apus("run", "--rm", "app:1", "/bin/echo", "here")
                #expect(ran.text == "here\n" && ran.errorText.isEmpty, "\(ran)")
                try sandbox.output("create", "--name", "box", "app:1", "/bin/true")
                #expect(try sandbox.output("ps", "-a", "--format", "{{.Image}}") == "\(full):1")
                #expect(try sandbox.output("ps", "-a", "--format", "{{.Names}}", "--filter", "ancestor=app:1") == "box")
                try sandbox.output("commit", "box", "app:committed")
                try sandbox.output("rm", "box")

                try sandbox.output("tag", "app:1", "app:2")
                #expect(try sandbox.output("push", "-q", "app:2") == "\(full):2")
                #expect(try sandbox.output("registry", "tags", "app") == "1\n2")
                #expect(
                    try sandbox.output("manifest", "create", "app:list", "app:2")
                        == "Created manifest list \(full):list")
                try sandbox.output("manifest", "rm", "app:list")
                try sandbox.output("save", "-o", "app.tar", "app")
                #expect(
                    try sandbox.output("load", "-i", "app.tar").split(separator: "\n").sorted()
                        == ["1", "2", "committed"].map { "Loaded image: \(full):\($0)" })

                try Files.makeDirectory("\(sandbox.path)/work/context")
                try sandbox.write(
                    "FROM app:1 AS one\nFROM scratch\nCOPY --from=app:2 /bin/busybox /x\nCOPY --from=one /bin/busybox /y\n",
                    to: "context/Dockerfile")
                try sandbox.output("build", "-q", "-t", "app:built", "context")
                #expect(
                    try sandbox.output("images", "--format", "{{.Tag}}", "app").split(separator: "\n").sorted()
                        == ["1", "2", "built", "committed"])

                for tag in ["built", "committed", "2", "1"] {
                    #expect(try sandbox.output("rmi", "app:\(tag)").hasPrefix("Untagged: \(full):\(tag)"))
                }
                let again = try sandbox.apus("run", "--rm", "app:2", "/bin/true")
                #expect(again.code == 0, "\(again)")
                #expect(again.errorText.hasPrefix("Unable to find image '\(full):2' locally\n"))
            }
        }
    }

    @Test func anAliasSaysWhatAWordIsAndNothingElseDoes() throws {
        try RegistryServer.with { registry throws in
            _ = try registry.push(source(), as: "team/app:1")
            let full = "\(registry.host)/team/app"
            try withSandbox(.any) { sandbox throws in
                // What is here by the name that Docker would take the word for.
                let layer = try HostilePullTests.layer()
                try sandbox.output("import", "-", "docker.io/library/app:1", input: layer)
                let docker = try sandbox.output("image", "inspect", "--format", "{{.Id}}", "app:1")
                try aliases(
                    "unqualified-search-registries = ['localhost:1']\n[aliases]\napp = '\(full)'\n", of: sandbox)
                for words in [["image", "inspect", "app:1"], ["rmi", "app:1"], ["tag", "app:1", "x"]] {
                    let result = try sandbox.apus(words)
                    #expect(result.code == 1 && result.errorText.contains("No such image: \(full):1"), "\(result)")
                }
                #expect(
                    try sandbox.output("image", "inspect", "--format", "{{.Id}}", "docker.io/library/app:1") == docker)
                #expect(try sandbox.output("images", "-q", "--no-trunc", "docker.io/library/app") == docker)
                try sandbox.output("pull", "-q", "app:1")
                #expect(try sandbox.output("image", "inspect", "--format", "{{.Id}}", "app:1") != docker)
                // A pull that a start needs does not take a full name for a word.
                try sandbox.output("rmi", "docker.io/library/app:1")
                try aliases(
                    """
                    [aliases]
                    app = 'localhost:1/none'
                    [[registry]]
                    prefix = 'docker.io/library'
                    location = '\(registry.host)/team'

                    """, of: sandbox)
                let ran = try sandbox.apus("run", "--rm", "docker.io/library/app:1", "/bin/true")
                #expect(ran.code == 0, "\(ran)")
                #expect(ran.errorText.contains("1: Pulling from library/app"), "\(ran)")
                // Without the alias it is Docker's again.
                try aliases("[aliases]\napp = ''\n", of: sandbox)
                #expect(
                    try sandbox.output("image", "inspect", "--format", "{{.RepoTags}}", "app:1").contains("app:1"))
            }
        }
    }

    @Test func rulesAndPoliciesGoByTheFullName() throws {
        try RegistryServer.with { registry throws in
            _ = try registry.push(source(), as: "team/app:1")
            try withSandbox(.any) { sandbox throws in
                let alias = "[aliases]\napp = 'names.example/x/app'\n"
                let rule = "[[registry]]\nprefix = 'names.example/x'\nlocation = '\(registry.host)/team'\n"
                try aliases(alias + rule, of: sandbox)
                #expect(try sandbox.output("pull", "-q", "app:1") == "names.example/x/app:1")
                try aliases(alias + rule + "blocked = true\n", of: sandbox)
                let blocked = try sandbox.apus("pull", "app:1")
                #expect(
                    blocked.errorText
                        == "apus: registries.conf blocks names.example/x/app: its registry names.example/x has blocked = true\n"
                )
                try aliases(alias + rule, of: sandbox)
                try sandbox.trust(
                    #"{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"names.example":[{"type":"reject"}]}}}"#
                )
                let rejected = try sandbox.apus("pull", "app:1")
                #expect(rejected.code == 1 && rejected.errorText.contains("names.example"), "\(rejected)")
            }
        }
    }

    @Test func aFileThatIsWrongIsNamed() throws {
        try withSandbox(.any) { sandbox throws in
            try aliases("[aliases]\napp = 'no/name'\n", of: sandbox)
            let sentence =
                "cannot use \(sandbox.path)/home/.config/containers/registries.conf: line 2: the alias app stands for \"no/name\","
                + " which is no full name: give REGISTRY/REPOSITORY, without tag and digest"
            for (words, code) in [
                (["pull", "other"], 1), (["rmi", "other"], 1), (["images", "other"], 1), (["run", "other"], 125),
                (["create", "other"], 1), (["image", "inspect", "other"], 1), (["tag", "other", "x"], 1),
            ] {
                let result = try sandbox.apus(words)
                #expect(result.code == code, "\(words): \(result)")
                #expect(result.errorText.contains(sentence), "\(words): \(result)")
            }
            // Who says it in full needs no alias.
            #expect(try sandbox.apus("rmi", "localhost/other").errorText.contains("No such image: localhost/other"))
            #expect(try sandbox.apus("images").code == 0)
        }
    }
}
