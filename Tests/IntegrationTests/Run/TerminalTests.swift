import Glibc
import Linux
import TestSupport
import Testing

/// `-t`: a terminal for the command, and what becomes of the caller's own.
@Suite struct TerminalTests {
    private func session(
        _ sandbox: Sandbox, _ flags: [String], _ script: String, rows: UInt16 = 33, columns: UInt16 = 77
    )
        throws -> TerminalSession
    {
        let words = ["run", "--rm", "--network", "none"] + flags + ["busybox", "sh", "-c", script]
        return try TerminalSession(
            sandbox.spawn(Executable.path, words, adding: ["TERM=xterm-test"]),
            size: WindowSize(rows: rows, columns: columns))
    }

    @Test(arguments: TestUser.available)
    func theSizeIsRightAtTheFirstInstruction(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let session = try session(sandbox, ["-it"], "stty size; tty; echo TERM is $TERM")
            #expect(try session.wait() == .exited(code: 0))
            #expect(session.screen.hasPrefix("33 77\r\n"))
            #expect(session.screen.contains("/dev/pts/0"))
            #expect(session.screen.contains("TERM is xterm\r\n"))
        }
    }

    @Test(arguments: TestUser.available)
    func aTerminalThatIsClosedAndOpenedAgainIsTheSame(_ user: TestUser) throws {
        let script =
            "echo before; exec <&- >&- 2>&-; sleep 1; echo again >/dev/console; sleep 1; echo last >/dev/console"
        try withBusybox(user) { sandbox throws in
            try sandbox.output("run", "-dt", "--name", "reopens", "--network", "none", "busybox", "sh", "-c", script)
            try sandbox.output("wait", "reopens")
            #expect(try sandbox.apus("logs", "reopens").text == "before\r\nagain\r\nlast\r\n")
            try sandbox.output("rm", "reopens")
            let session = try session(
                sandbox, ["-it"], "\(script); read -r line </dev/console; echo got $line >/dev/console; exit 4")
            try session.waitFor("last")
            try session.type("words\n")
            #expect(try session.wait() == .exited(code: 4))
            #expect(session.screen == "before\r\nagain\r\nlast\r\nwords\r\ngot words\r\n")
        }
    }

    @Test(arguments: TestUser.available)
    func aSupervisorWithoutAnybodyAtTheTerminalSleeps(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.output(
                "run", "-dt", "--name", "quiet", "--network", "none", "busybox", "sh", "-c",
                "exec <&- >&- 2>&-; echo >/closed; exec sleep 1000")
            let upper = "\(sandbox.store)/containers/\(id)"
            for _ in 0..<1200 where !Files.exists("\(upper)/upper/closed") && !Files.exists("\(upper)/rootfs/closed") {
                usleep(50_000)
            }
            // The turns that end of the terminal's and of the log's beginning takes are over in a tenth of that.
            usleep(500_000)
            let supervisor = try sandbox.supervisor(id)
            let before = try #require(ProcessStat(supervisor)).ticks
            usleep(1_000_000)
            // A loop would have taken all of that second.
            #expect(try #require(ProcessStat(supervisor)).ticks - before < ProcessStat.ticksPerSecond / 4)
            try sandbox.output("rm", "-f", "quiet")
        }
    }

    @Test(arguments: TestUser.available)
    func aChangeOfSizeReachesTheCommand(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let session = try session(
                sandbox, ["-it"], "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done")
            try session.waitFor("ready")
            session.resize(WindowSize(rows: 50, columns: 120))
            try session.waitFor("50 120")
            #expect(try session.wait() == .exited(code: 0))
        }
    }

    @Test(arguments: TestUser.available)
    func theInterruptKeyIsTheContainersTerminalsToRead(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let session = try session(
                sandbox, ["-it"], "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done")
            try session.waitFor("ready")
            #expect(!session.isCooked)
            try session.type("\u{3}")
            #expect(try session.wait() == .exited(code: 9))
            #expect(session.screen.contains("interrupted"))
        }
    }

    @Test(arguments: TestUser.available)
    func aShellCanBeTypedIntoAndEnded(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let session = try session(sandbox, ["-it"], "exec sh")
            try session.waitFor("# ")
            try session.type("echo $((6 * 7))\n")
            try session.waitFor("\r\n42\r\n")
            try session.type("exit 5\n")
            #expect(try session.wait() == .exited(code: 5))
        }
    }

    @Test(arguments: TestUser.available)
    func theCallersTerminalIsAsBefore(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // A shell holds the terminal open, so that its settings can be seen after the run.
            let run = "\(Executable.path) run --rm --network none -it busybox"
            let script = "\(run) true; echo first; read x; \(run) no-such-command; echo second; read x"
            let session = try TerminalSession(sandbox.spawn("/bin/sh", ["-c", script]))
            try session.waitFor("first")
            #expect(session.isCooked)
            try session.type("\n")
            try session.waitFor("second")
            #expect(session.isCooked)
            try session.type("\n")
            _ = try session.wait()
        }
    }

    @Test(arguments: TestUser.available)
    func aTerminalIsRefusedWhereTheInputIsNone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let result = try sandbox.run(["-i", "-t"], "true")
            #expect(result.code != 0)
            #expect(result.errorText.lowercased().contains("tty") || result.errorText.contains("terminal"))
            // Without -i, a terminal for the command's output alone is fine.
            #expect(try sandbox.run(["-t"], "tty").text == "/dev/pts/0\r\n")
        }
    }
}
