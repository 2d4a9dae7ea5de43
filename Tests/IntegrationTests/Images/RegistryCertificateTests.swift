import Glibc
import Linux
import TestSupport
import Testing

/// TLS with an authority of one's own, and certificates of clients: `certs.d`.
@Suite struct RegistryCertificateTests {
    /// Copies `files` into the user's `certs.d` for `host`.
    private func install(_ files: [(String, String)], for host: String, in sandbox: Sandbox, below place: String) throws
    {
        let folder = "\(sandbox.path)/home/.config/\(place)/certs.d/\(host)"
        try Files.makeDirectories(folder)
        for (source, name) in files {
            try Files.write(try Files.read(source), to: "\(folder)/\(name)", mode: 0o600)
        }
        if getuid() == 0, let entry = sandbox.user.entry {
            _ = try RunningProgram(
                Spawn("/bin/chown", ["-R", "\(entry.uid):\(entry.gid)", "\(sandbox.path)/home/.config"])
            ).wait()
        }
    }

    private func login(_ sandbox: Sandbox, _ host: String) throws -> ProgramResult {
        try sandbox.apus("login", "-u", "user", "--password-stdin", host, input: Array("secret".utf8))
    }

    @Test(arguments: TestUser.available, ["docker", "containers"])
    func anAuthorityAndAClientCertificateAreUsed(_ user: TestUser, _ place: String) throws {
        let certificates = try TestCertificates()
        try RegistryServer.with(certificates: certificates, asksClients: true) { registry throws in
            try withSandbox(user) { sandbox throws in
                let host = registry.host
                try install([(certificates.authority, "ca.crt")], for: host, in: sandbox, below: place)
                let stranger = try login(sandbox, host)
                #expect(stranger.code == 1)
                #expect(!stranger.errorText.contains("secret"))
                try install([(certificates.client, "client.cert")], for: host, in: sandbox, below: place)
                let half = try login(sandbox, host)
                #expect(half.code == 1)
                #expect(half.errorText.contains("client.cert: its key client.key is missing"))
                try install([(certificates.clientKey, "client.key")], for: host, in: sandbox, below: place)
                let whole = try login(sandbox, host)
                #expect(whole.code == 0, "\(whole)")
            }
        }
    }

    @Test func anotherAuthorityIsNoneAndThePasswordIsNotSentInTheClear() throws {
        let certificates = try TestCertificates()
        let others = try TestCertificates()
        try RegistryServer.with(certificates: certificates) { registry throws in
            try withSandbox(.any) { sandbox throws in
                try install([(others.authority, "ca.crt")], for: registry.host, in: sandbox, below: "docker")
                let result = try login(sandbox, registry.host)
                #expect(result.code == 1)
                #expect(result.errorText.contains("its certificate is of no trusted authority"), "\(result)")
                try install([(certificates.authority, "right.crt")], for: registry.host, in: sandbox, below: "docker")
                #expect(try login(sandbox, registry.host).code == 0)
            }
        }
    }

    @Test func aBrokenCertificateIsNamed() throws {
        try RegistryServer.with(certificates: try TestCertificates()) { registry throws in
            try withSandbox(.any) { sandbox throws in
                try install([("/etc/hostname", "ca.crt")], for: registry.host, in: sandbox, below: "docker")
                let result = try login(sandbox, registry.host)
                #expect(result.code == 1)
                #expect(result.errorText.contains("certs.d/\(registry.host)/ca.crt: it is no certificate in PEM form"))
            }
        }
    }
}
