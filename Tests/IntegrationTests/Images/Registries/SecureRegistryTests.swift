import Glibc
import Linux
import TestSupport
import Testing

/// Debian's docker-registry over TLS with an authority of one's own and passwords, directly and through a proxy.
@Suite struct SecureRegistryTests {
    /// Has the user trust the authority where `host` is spoken to.
    private func trust(_ certificates: TestCertificates, at host: String, _ sandbox: Sandbox) throws {
        let folder = "\(sandbox.path)/home/.config/containers/certs.d/\(host)"
        try Files.makeDirectories(folder)
        try Files.write(try Files.read(certificates.authority), to: "\(folder)/ca.crt")
        _ = try RunningProgram(Spawn("/bin/chmod", ["-R", "a+rX", "\(sandbox.path)/home"])).wait()
    }

    private func withSecureRegistry(
        _ user: TestUser, _ body: (Sandbox, TestCertificates, RegistryServer) throws -> Void
    ) throws {
        let certificates = try TestCertificates()
        try RegistryServer.with(htpasswd: LoginTests.users, certificates: certificates) { registry throws in
            let layer = try HostilePullTests.layer()
            try withSandbox(user) { sandbox throws in
                try sandbox.output("import", "-", "small:1", input: layer)
                try body(sandbox, certificates, registry)
            }
        }
    }

    @Test(arguments: TestUser.available)
    func whoTrustsTheAuthorityAndHasThePasswordPushesPullsAndDeletes(_ user: TestUser) throws {
        try withSecureRegistry(user) { sandbox, certificates, registry throws in
            let name = "\(registry.host)/team/small"
            try sandbox.output("tag", "small:1", "\(name):1")
            // The certificate of a registry on this machine may be anybody's as long as no authority is named for it.
            try trust(TestCertificates(), at: registry.host, sandbox)
            let strange = try sandbox.apus("push", "-q", "\(name):1")
            #expect(strange.code == 1 && strange.errorText.contains("its certificate is of no trusted authority"))
            try trust(certificates, at: registry.host, sandbox)
            let stranger = try sandbox.apus("push", "-q", "\(name):1")
            #expect(stranger.code == 1)
            #expect(
                stranger.errorText.hasPrefix("apus: push access denied for \(name), repository does not exist"),
                "\(stranger)")
            let login = try sandbox.apus(
                "login", "-u", "user", "--password-stdin", registry.host, input: Array("secret".utf8))
            #expect(login.code == 0, "\(login)")
            #expect(try sandbox.apus("push", "-q", "\(name):1").code == 0)
            try sandbox.output("tag", "small:1", "\(name):2")
            #expect(try sandbox.apus("push", "-q", "\(name):2").code == 0)
            #expect(try sandbox.output("registry", "tags", name) == "1\n2")
            #expect(
                try sandbox.output("registry", "tags", "--filter", "name=^1$", "--format", "{{.Name}}", name)
                    == "\(name):1")
            let digests = try sandbox.output(
                "image", "inspect", "--format", "{{range .RepoDigests}}{{println .}}{{end}}", "\(name):1")
            let digest = try #require(digests.split(separator: "\n").first { $0.hasPrefix(name) })
            try sandbox.output("rmi", "\(name):1", "\(name):2")
            #expect(try sandbox.apus("pull", "-q", "\(name):2").code == 0)

            // This one deletes no tags, as old ones do not.
            let tag = try sandbox.apus("registry", "rm", "\(name):1")
            #expect(tag.code == 1)
            #expect(
                tag.errorText.hasPrefix(
                    "apus: the registry \(registry.host) does not delete tags: delete \(digest), and with it"),
                "\(tag)")
            #expect(try sandbox.output("registry", "tags", name) == "1\n2")
            #expect(try sandbox.output("registry", "rm", String(digest)) == "Deleted: \(digest)")
            let gone = try sandbox.apus("registry", "rm", String(digest))
            #expect(gone.code == 1)
            #expect(gone.errorText == "apus: manifest for \(digest) not found: manifest unknown: manifest unknown\n")
            #expect(try sandbox.apus("pull", "-q", "\(name):2").code == 1)
        }
    }

    @Test(arguments: TestUser.available)
    func tokensAreForWhatIsDone(_ user: TestUser) throws {
        let (tokens, certificates) = (try TokenServer(for: "user:secret"), try TestCertificates())
        try RegistryServer.with(tokens: tokens, certificates: certificates) { registry throws in
            try withSandbox(user) { sandbox throws in
                let (host, name) = (registry.host, "\(registry.host)/team/small")
                try trust(certificates, at: host, sandbox)
                try sandbox.output("import", "-", "\(name):1", input: try HostilePullTests.layer())
                let stranger = try sandbox.apus("push", "-q", "\(name):1")
                #expect(
                    stranger.errorText
                        == "apus: push access denied for \(name), repository does not exist or may require 'apus login':"
                        + " unauthorized: authentication required\n")
                func login(_ password: String) throws -> ProgramResult {
                    try sandbox.apus("login", "-u", "user", "--password-stdin", host, input: Array(password.utf8))
                }
                let wrong = try login("wrong")
                #expect(wrong.errorText.hasSuffix("401 Unauthorized: incorrect username or password\n"), "\(wrong)")
                #expect(try login("secret").code == 0)
                #expect(try sandbox.apus("push", "-q", "\(name):1").code == 0)
                // One token for two repositories, as one of them has the layer.
                try sandbox.output("tag", "\(name):1", "\(host)/other/small:1")
                let other = try sandbox.apus("push", "\(host)/other/small:1")
                #expect(other.text.contains(": Mounted from team/small"), "\(other)")

                try sandbox.output("logout", host)
                try sandbox.output("rmi", "\(name):1")
                #expect(try sandbox.apus("pull", "-q", "\(name):1").code == 0)
                #expect(try sandbox.output("registry", "tags", name) == "1")
                let digests = try sandbox.output(
                    "image", "inspect", "--format", "{{range .RepoDigests}}{{println .}}{{end}}", "\(name):1")
                let digest = String(try #require(digests.split(separator: "\n").first { $0.hasPrefix(name) }))
                let denied = try sandbox.apus("registry", "rm", digest)
                #expect(
                    denied.errorText
                        == "apus: delete access denied for \(name), repository does not exist or may require 'apus login':"
                        + " unauthorized: authentication required\n")
                #expect(try login("secret").code == 0)
                #expect(try sandbox.output("registry", "rm", digest) == "Deleted: \(digest)")
                // The registry names them in any order, and what may be done with each, too.
                let log = try tokens.log().map { line in
                    Set(line.split(separator: " ").map { Set($0.split { $0 == ":" || $0 == "," }) })
                }
                let known: Set<Substring> = ["known"]
                let both: Set = [
                    known, ["repository", "other/small", "pull", "push"], ["repository", "team/small", "pull"],
                ]
                #expect(log.contains(both), "\(log)")
                #expect(log.last == [known, ["repository", "team/small", "pull", "delete"]], "\(log)")
            }
        }
    }

    @Test func aProxyIsToldWhoAsksAndNothingElse() throws {
        try withSecureRegistry(.any) { sandbox, certificates, registry throws in
            let port = try #require(Int(registry.host.split(separator: ":").last ?? ""))
            let proxy = try ConnectProxy(to: port, for: "me:p@ss")
            try trust(certificates, at: "registry.example", sandbox)
            func apus(_ words: [String], _ user: String, _ input: String = "") throws -> ProgramResult {
                try sandbox.apus(
                    words, input: Array(input.utf8), environment: ["HTTPS_PROXY=http://\(user)\(proxy.host)"])
            }
            let login = ["login", "-u", "user", "--password-stdin", "registry.example"]
            let stranger = try apus(login, "", "secret")
            #expect(stranger.code == 1)
            #expect(
                stranger.errorText.hasPrefix(
                    "apus: cannot reach the registry registry.example through the proxy \(proxy.host): it wants a user name"
                ),
                "\(stranger)")
            let known = try apus(login, "me:p%40ss@", "secret")
            #expect(known.code == 0, "\(known)")
            try sandbox.output("tag", "small:1", "registry.example/team/small:1")
            #expect(try apus(["push", "-q", "registry.example/team/small:1"], "me:p%40ss@").code == 0)
            try sandbox.output("rmi", "registry.example/team/small:1")
            #expect(try apus(["pull", "-q", "registry.example/team/small:1"], "me:p%40ss@").code == 0)
            let log = try proxy.log()
            #expect(Set(log) == ["registry.example:443 no", "registry.example:443 yes"])
        }
    }

    @Test func whatRefersToAnImageIsListedByTypeAndAnnotation() throws {
        let registry = StandInRegistry(.open)
        try withSandbox(.any) { sandbox throws in
            try sandbox.output("import", "-", "\(registry.host)/team/small:1", input: try HostilePullTests.layer())
            #expect(try sandbox.apus("push", "-q", "\(registry.host)/team/small:1").code == 0)
            let name = "\(registry.host)/team/small"
            #expect(try sandbox.output("registry", "referrers", "-q", "\(name):1").isEmpty)
            let subject = try #require(registry.manifests("team/small").first)
            let first = registry.attach("application/vnd.example.sig", ["who": "a"], to: subject, in: "team/small")
            let second = registry.attach("application/spdx+json", ["who": "b"], to: subject, in: "team/small")
            #expect(try sandbox.output("registry", "referrers", "-q", "\(name):1") == "\(first)\n\(second)")
            #expect(try sandbox.output("registry", "referrers", "-q", "\(name)@\(subject)") == "\(first)\n\(second)")
            #expect(
                try sandbox.output("registry", "referrers", "-q", "--filter", "type=application/spdx+json", "\(name):1")
                    == second)
            #expect(
                try sandbox.output("registry", "referrers", "-q", "--filter", "annotation=who=a", "\(name):1") == first)
            #expect(
                try sandbox.output(
                    "registry", "referrers", "--format", #"{{.ArtifactType}} {{.Annotation "who"}}"#, "\(name):1")
                    == "application/vnd.example.sig a\napplication/spdx+json b")
            let table = try sandbox.apus("registry", "referrers", "\(name):1")
            #expect(table.lines.first?.split(separator: " ").first == "DIGEST", "\(table)")
            let wrong = try sandbox.apus("registry", "referrers", "--filter", "x=y", "\(name):1")
            #expect(wrong.code == 1 && wrong.errorText == "apus: invalid filter 'x'\n", "\(wrong)")
        }
    }

    @Test func namesThatMeanTooMuchAreRefused() throws {
        try withSandbox(.any) { sandbox throws in
            func error(_ words: String...) throws -> String { try sandbox.apus(words).errorText }
            #expect(
                try error("registry", "rm", "localhost:1/a:1", "localhost:1/b")
                    == "apus: localhost:1/b is a whole repository: name a tag (localhost:1/b:TAG) or a digest\n")
            let digest = "sha256:" + String(repeating: "0", count: 64)
            #expect(
                try error("registry", "rm", "localhost:1/a:1@\(digest)")
                    == "apus: localhost:1/a:1@\(digest) has a tag and a digest: name the tag, which goes alone, or the digest, with"
                    + " which all its tags go\n")
            #expect(
                try error("registry", "tags", "localhost:1/a:1")
                    == "apus: localhost:1/a:1 is one image: name the repository alone, localhost:1/a\n")
        }
    }
}
