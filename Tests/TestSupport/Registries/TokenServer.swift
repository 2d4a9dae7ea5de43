import Glibc
import Linux

/// A token server on 127.0.0.1 for Debian's docker-registry (the distribution project's token authentication): whoever shows a user name and its
/// password may do all, and others pull. It goes with the value.
package final class TokenServer {
    private let program: RunningProgram
    private let folder: String
    private let port: String

    /// A server for `user` ("name:password"), with a key of its own.
    package init(for user: String) throws {
        folder = "/tmp/apus-tokens.\(randomHex(bytes: 6))"
        try Files.makeDirectory(folder, mode: 0o700)
        var command = Spawn(
            "/usr/bin/openssl",
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tokens"]
                + ["-keyout", "key.pem", "-out", "token.pem"], environment: ["PATH=/usr/bin:/bin"])
        command.workingDirectory = folder
        let making = try RunningProgram(command)
        making.closeInput()
        let made = try making.wait()
        if made.code != 0 { throw TestFailure("openssl req: \(made)") }
        program = try RunningProgram(
            Spawn(
                "/usr/bin/python3", ["-u", "\(Executable.repository)/Tests/Harness/token_server.py", folder, user],
                environment: ["PATH=/usr/bin:/bin"]))
        try program.waitForOutput("ready")
        port = try Files.readText("\(folder)/port")
    }

    /// What the registry's configuration has of it.
    package var configuration: String {
        "auth: {token: {realm: \"http://127.0.0.1:\(port)/token\", service: a registry, issuer: test, rootcertbundle: \(folder)/token.pem}}"
    }

    /// The tokens that it gave, a line for each: "known" or "nobody", and the scopes.
    package func log() throws -> [String] {
        try Files.readText("\(folder)/log").split(separator: "\n").map(String.init)
    }

    deinit {
        program.send(SIGKILL)
        _ = try? program.wait()
        try? Files.removeTree(folder)
    }
}
