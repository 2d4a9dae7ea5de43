import Glibc
import Linux

/// A registry on loopback: Debian's docker-registry, with a storage of its own that goes with it.
package final class RegistryServer {
    /// "localhost:PORT".
    package let host: String
    private let program: RunningProgram
    private let folder: String

    private init(
        htpasswd: String?, tokens: TokenServer?, certificates: TestCertificates?, asksClients: Bool
    ) throws {
        folder = "/tmp/apus-registry.\(randomHex(bytes: 6))"
        try Files.makeDirectory(folder, mode: 0o700)
        let port = try Self.freePort()
        host = "localhost:\(port)"
        let configuration = """
            version: 0.1
            log:
              accesslog:
                disabled: true
              level: error
            storage:
              filesystem:
                rootdirectory: \(folder)/storage
              delete:
                enabled: true
            http:
              addr: 127.0.0.1:\(port)
            \(certificates.map { Self.tls($0, asksClients) } ?? "")
            \(tokens?.configuration ?? (htpasswd == nil ? "" : "auth: {htpasswd: {realm: test, path: \(folder)/htpasswd}}"))
            """
        if let htpasswd { try Files.write(Array(htpasswd.utf8), to: "\(folder)/htpasswd") }
        try Files.write(Array(configuration.utf8), to: "\(folder)/config.yml")
        program = try RunningProgram(
            Spawn("/usr/bin/docker-registry", ["serve", "\(folder)/config.yml"], environment: ["PATH=/usr/bin:/bin"]))
        for _ in 0..<1000 {
            if Self.answers(port) { return }
            usleep(20_000)
        }
        throw TestFailure("docker-registry does not answer on port \(port)")
    }

    private static func tls(_ certificates: TestCertificates, _ asksClients: Bool) -> String {
        let files = "certificate: \(certificates.server), key: \(certificates.serverKey)"
        return "  tls: {\(files)\(asksClients ? ", clientcas: [\(certificates.authority)]" : "")}"
    }

    /// Runs `body` with a registry, for everybody, for the users of `htpasswd` (lines with bcrypt's hashes), or for those with a token of
    /// `tokens`. With `certificates`
    /// it speaks TLS, and if it `asksClients`, with those alone who show a certificate of the same authority.
    package static func with<R>(
        htpasswd: String? = nil, tokens: TokenServer? = nil, certificates: TestCertificates? = nil,
        asksClients: Bool = false,
        _ body: (RegistryServer) throws -> R
    ) throws -> R {
        let server = try RegistryServer(
            htpasswd: htpasswd, tokens: tokens, certificates: certificates, asksClients: asksClients)
        defer {
            server.program.send(SIGKILL)
            _ = try? server.program.wait()
            try? Files.removeTree(server.folder)
        }
        return try body(server)
    }

    /// Copies an image into the registry with skopeo and returns its reference. `source` is in skopeo's syntax
    /// ("oci:DIR:TAG").
    package func push(_ source: String, as name: String, _ options: String...) throws -> String {
        let copy = Spawn(
            "/usr/bin/skopeo",
            ["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"] + options
                + [source, "docker://\(host)/\(name)"],
            environment: ["PATH=/usr/bin:/bin", "HOME=\(folder)", "XDG_RUNTIME_DIR=\(folder)"])
        let running = try RunningProgram(copy)
        running.closeInput()
        let result = try running.wait()
        if result.code != 0 { throw TestFailure("skopeo copy \(source): \(result)") }
        return "\(host)/\(name)"
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func withSocket<R>(_ port: UInt16, _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) throws -> R)
        throws -> R
    {
        let descriptor = FileDescriptor(
            owning: try check("socket") {
                socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            })
        let address = loopback(port)
        return try withUnsafePointer(to: address) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body(descriptor.rawValue, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func freePort() throws -> UInt16 {
        try withSocket(0) { descriptor, address, length in
            try check("bind") { bind(descriptor, address, length) }
            var bound = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            try check("getsockname") {
                withUnsafeMutablePointer(to: &bound) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
                }
            }
            return UInt16(bigEndian: bound.sin_port)
        }
    }

    private static func answers(_ port: UInt16) -> Bool {
        (try? withSocket(port) { descriptor, address, length in connect(descriptor, address, length) == 0 }) ?? false
    }
}
