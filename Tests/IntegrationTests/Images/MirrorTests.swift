import Linux
import TestSupport
import Testing

/// `registries.conf` against Debian's docker-registry.
@Suite struct MirrorTests {
    private func withMirror(
        _ user: TestUser,
        _ body: (_ sandbox: Sandbox, _ registry: RegistryServer, _ mirror: RegistryServer) throws -> Void
    ) throws {
        try RegistryServer.with { registry throws in
            try RegistryServer.with { mirror throws in
                try withSandbox(user) { sandbox throws in try body(sandbox, registry, mirror) }
            }
        }
    }

    private func pull(_ sandbox: Sandbox, _ rules: String, _ words: String...) throws -> ProgramResult {
        let file = try sandbox.write(rules, to: "registries.conf")
        return try sandbox.apus(["pull"] + words, environment: ["CONTAINERS_REGISTRIES_CONF=\(file)"])
    }

    private func source() throws -> String { "oci:\(try Fixtures.path("busybox.oci", of: .busybox)):latest" }

    @Test(arguments: TestUser.available)
    func anImageComesFromTheFirstMirrorThatHasIt(_ user: TestUser) throws {
        try withMirror(user) { sandbox, registry, mirror throws in
            _ = try mirror.push(source(), as: "copies/team/image:1")
            let name = "\(registry.host)/team/image:1"
            let rules = """
                [[registry]]
                location = "\(registry.host)"
                [[registry.mirror]]
                location = "localhost:1/dead"
                [[registry.mirror]]
                location = "\(mirror.host)/copies"

                """
            let result = try pull(sandbox, rules, name)
            #expect(result.code == 0, "\(result)")
            #expect(result.lines.first == "1: Pulling from team/image")
            #expect(result.lines.filter { $0.contains("Pulling from") }.count == 1)
            #expect(result.lines.last == name)
            #expect(try sandbox.index().contains(name))
            #expect(!(try sandbox.index().contains(mirror.host)))
            let digest = try #require(result.lines.first { $0.hasPrefix("Digest: ") }).dropFirst(8)
            // Nobody has the other tag, and everybody is named who was asked.
            let gone = try pull(sandbox, rules, "\(registry.host)/team/image:2")
            #expect(gone.code == 1)
            #expect(gone.errorText.hasPrefix("apus: manifest for \(registry.host)/team/image:2 not found"))
            #expect(gone.errorText.contains("(mirrors: localhost:1/dead/team/image: "))
            #expect(gone.errorText.contains("\(mirror.host)/copies/team/image: "))
            // A mirror for digests is not asked for tags.
            let digests = rules.replacing("[[registry]]\n", with: "[[registry]]\nmirror-by-digest-only = true\n")
            #expect(try pull(sandbox, digests, "-q", name).code == 1)
            #expect(try pull(sandbox, digests, "-q", "\(registry.host)/team/image@\(digest)").code == 0)
        }
    }

    @Test func namesWithoutARegistryFollowTheRuleOfDockers() throws {
        try withMirror(.any) { sandbox, registry, _ throws in
            _ = try registry.push(source(), as: "hub/library/busybox:latest")
            let rules = """
                unqualified-search-registries = ["localhost:1"]
                [[registry]]
                prefix = "docker.io"
                location = "\(registry.host)/hub"

                """
            let result = try pull(sandbox, rules, "busybox")
            #expect(result.code == 0, "\(result)")
            #expect(result.lines.last == "docker.io/library/busybox:latest")
            #expect(try sandbox.output("images", "--format", "{{.Repository}}") == "busybox")
        }
    }

    @Test func whatIsBlockedOrWrongIsSaid() throws {
        try withSandbox(.any) { sandbox throws in
            let blocked = try pull(
                sandbox, "[[registry]]\nlocation = 'localhost:1/x'\nblocked = true\n", "localhost:1/x/y")
            #expect(blocked.code == 1)
            #expect(
                blocked.errorText
                    == "apus: registries.conf blocks localhost:1/x/y: its registry localhost:1/x has blocked = true\n")
            let wrong = try pull(sandbox, "[[registry]]\nblocked = 'yes'\nlocation = 'a'\n", "localhost:1/x/y")
            #expect(wrong.code == 1)
            #expect(
                wrong.errorText
                    == "apus: cannot use \(sandbox.path)/work/registries.conf: line 2: blocked is neither true nor false, without quotes\n"
            )
        }
    }

    @Test func anInsecureRegistryMayHaveAnyCertificate() throws {
        let others = try TestCertificates()
        try RegistryServer.with(certificates: try TestCertificates()) { registry throws in
            let host = registry.host
            try withSandbox(.any) { sandbox throws in
                let folder = "\(sandbox.path)/home/.config/containers/certs.d/\(host)"
                try Files.makeDirectories(folder)
                try Files.write(try Files.read(others.authority), to: "\(folder)/ca.crt")
                _ = try RunningProgram(Spawn("/bin/chmod", ["-R", "a+rX", "\(sandbox.path)/home"])).wait()
                let strict = try pull(sandbox, "", "\(host)/image")
                #expect(strict.errorText.contains("its certificate is of no trusted authority"), "\(strict)")
                let lax = try pull(sandbox, "[[registry]]\nlocation = '\(host)'\ninsecure = true\n", "\(host)/image")
                #expect(lax.errorText.contains("manifest unknown") || lax.errorText.contains("not found"), "\(lax)")
            }
        }
    }
}
