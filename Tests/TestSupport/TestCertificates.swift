import Linux

/// An authority of a test's own, with a certificate for servers called "localhost" and "registry.example", and one for clients: files in PEM form, made
/// by openssl, which go with the value.
package final class TestCertificates {
    private let folder: String

    /// The authority's certificate.
    package var authority: String { folder + "/ca.pem" }
    package var server: String { folder + "/server.pem" }
    package var serverKey: String { folder + "/server-key.pem" }
    package var client: String { folder + "/client.pem" }
    package var clientKey: String { folder + "/client-key.pem" }

    /// Makes all of them. Throws where openssl cannot.
    package init() throws {
        folder = "/tmp/apus-certificates.\(randomHex(bytes: 6))"
        try Files.makeDirectory(folder, mode: 0o755)
        let names = "subjectAltName=DNS:localhost,DNS:registry.example,IP:127.0.0.1"
        try openssl("-x509", "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=apus test authority")
        for (name, extra) in [("server", ["-addext", names]), ("client", [])] {
            try openssl(
                ["-x509", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-keyout", "\(name)-key.pem", "-out", "\(name).pem"]
                    + ["-subj", "/CN=\(name)", "-addext", "basicConstraints=critical,CA:FALSE"] + extra)
        }
    }

    deinit { try? Files.removeTree(folder) }

    private func openssl(_ arguments: String...) throws { try openssl(arguments) }

    private func openssl(_ arguments: [String]) throws {
        var command = Spawn(
            "/usr/bin/openssl",
            ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"] + arguments,
            environment: ["PATH=/usr/bin:/bin"])
        command.workingDirectory = folder
        let running = try RunningProgram(command)
        running.closeInput()
        let result = try running.wait()
        if result.code != 0 { throw TestFailure("openssl req: \(result)") }
    }
}
