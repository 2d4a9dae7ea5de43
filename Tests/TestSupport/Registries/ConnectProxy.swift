import Glibc
import Linux

/// An HTTP proxy on 127.0.0.1 that connects whoever shows its user name and password to one port there, whatever name he asks for.
package final class ConnectProxy {
    private let program: RunningProgram
    private let folder: String
    /// "127.0.0.1:PORT".
    package let host: String

    /// A proxy for `user` ("name:password") in front of `port`.
    package init(to port: Int, for user: String) throws {
        folder = "/tmp/apus-proxy.\(randomHex(bytes: 6))"
        try Files.makeDirectory(folder, mode: 0o700)
        program = try RunningProgram(
            Spawn(
                "/usr/bin/python3",
                ["-u", "\(Executable.repository)/Tests/Harness/connect_proxy.py", "\(port)", user, "\(folder)/port"],
                environment: ["PATH=/usr/bin:/bin"]))
        try program.waitForOutput("ready")
        host = "127.0.0.1:\(try Files.readText("\(folder)/port"))"
    }

    /// What it was asked, a line for each: the name and the port, and whether it connected.
    package func log() throws -> [String] {
        try Files.readText("\(folder)/port.log").split(separator: "\n").map(String.init)
    }

    deinit {
        program.send(SIGKILL)
        _ = try? program.wait()
        try? Files.removeTree(folder)
    }
}
