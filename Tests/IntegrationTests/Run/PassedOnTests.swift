import Glibc
import Linux
import TestSupport
import Testing

/// What a container is handed from whoever starts it: a service manager's socket, and the very streams.
@Suite struct PassedOnTests {
    /// A stand-in of systemd: a datagram socket, and what arrives at it.
    private struct Manager: ~Copyable {
        let path: String
        private let socket: FileDescriptor

        init(_ sandbox: borrowing Sandbox) throws {
            path = "\(sandbox.path)/work/notify"
            socket = FileDescriptor(owning: Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let number = socket.rawValue
            try check("bind", path) {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                    }
                }
            }
            chmod(path, 0o777)
        }

        func message() throws -> String {
            var poll = PollSet()
            poll.add(socket.rawValue)
            guard try poll.wait(milliseconds: 20_000) else { throw TestFailure("nothing was said to the manager") }
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = recv(socket.rawValue, &buffer, buffer.count, 0)
            return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
        }
    }

    @Test(arguments: TestUser.available)
    func theContainerSaysWhenItIsReady(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let manager = try Manager(sandbox)
            let environment = ["NOTIFY_SOCKET=\(manager.path)"]
            let flags = ["run", "-d", "--name", "service", "--network", "none"] + (try sandbox.attackerFlags())
            let script = "/attacker notify && exec sleep 1000"
            let result = try sandbox.apus(flags + ["busybox", "sh", "-c", script], environment: environment)
            #expect(result.code == 0, "\(result)")
            let id = try sandbox.inspect("service", ".Id")
            // Each in its own time.
            let messages = [try manager.message(), try manager.message()].sorted()
            #expect(messages == ["MAINPID=\(try sandbox.supervisor(id))", "READY=1"])
            // Started again by its name it has the socket again.
            try sandbox.output("stop", "-t", "0", "service")
            #expect(try sandbox.apus("start", "service", environment: environment).code == 0)
            #expect([try manager.message(), try manager.message()].contains("READY=1"))
            try sandbox.output("rm", "-f", "service")
        }
    }

    @Test(arguments: TestUser.available)
    func theSupervisorSaysItOrNobody(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let manager = try Manager(sandbox)
            let environment = ["NOTIFY_SOCKET=\(manager.path)"]
            let seen = ["busybox", "sh", "-c", "echo ${NOTIFY_SOCKET:-none}"]
            let run = ["run", "--rm", "--network", "none", "--sdnotify"]
            #expect(try sandbox.apus(run + ["ignore"] + seen, environment: environment).text == "none\n")
            // The first thing that is said is of this one.
            #expect(try sandbox.apus(run + ["conmon"] + seen, environment: environment).text == "none\n")
            let message = try manager.message()
            #expect(message.hasPrefix("MAINPID=") && message.hasSuffix("\nREADY=1"), "\(message)")
            let refused = try sandbox.apus(run + ["healthy"] + seen)
            #expect(refused.code == 125 && refused.errorText.contains("health checks do not tell systemd"))
        }
    }

    @Test(arguments: TestUser.available)
    func ignoredAndBlockedSignalsDoNot(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let ignoring = ["-c", "trap '' HUP INT QUIT USR1 PIPE TERM XFSZ RTMIN; exec \"$@\"", "sh", Executable.path]
            let masks = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]
            let none = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
            func run(_ arguments: [String]) throws -> ProgramResult {
                let program = try RunningProgram(sandbox.spawn("/bin/bash", ignoring + arguments))
                program.closeInput()
                return try program.wait()
            }
            let first = try run(["run", "--rm", "--network", "none", "busybox"] + masks)
            #expect(first.text == none, "\(first)")
            let reaped = try run(["run", "--rm", "--init", "--network", "none", "busybox"] + masks)
            #expect(reaped.text == none, "\(reaped)")
            let second = try run(["run", "-d", "--name", "quiet", "--network", "none", "busybox", "sleep", "1000"])
            #expect(second.code == 0, "\(second)")
            let joined = try run(["exec", "quiet"] + masks)
            #expect(joined.text == none, "\(joined)")
            try sandbox.output("rm", "-f", "quiet")
        }
    }

    @Test(arguments: TestUser.available)
    func streamsPassThrough(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let flags = ["run", "--network", "none", "--log-driver", "passthrough", "--name", "through"]
            let script = "read line; echo got $line; echo bad >&2; exit 4"
            let result = try sandbox.apus(flags + ["busybox", "sh", "-c", script], input: Array("word\n".utf8))
            #expect(result.code == 4 && result.text == "got word\n" && result.errorText == "bad\n", "\(result)")
            let logs = try sandbox.apus("logs", "through")
            #expect(logs.code == 1 && logs.errorText.contains("does not support reading"), "\(logs)")
            // The next start has the streams of the command that starts it.
            let again = try sandbox.apus("start", "-a", "through", input: Array("other\n".utf8))
            #expect(again.text == "got other\n", "\(again)")
            let attached = try sandbox.apus("attach", "through")
            #expect(attached.code == 1)
            let terminal = try sandbox.apus(
                "run", "--rm", "-t", "--network", "none", "--log-driver", "passthrough", "busybox", "true")
            #expect(terminal.code == 125 && terminal.errorText.contains("passthrough"), "\(terminal)")
            try sandbox.output("rm", "through")
        }
    }
}
