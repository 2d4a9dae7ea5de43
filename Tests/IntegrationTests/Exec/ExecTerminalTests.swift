import Glibc
import Linux
import TestSupport
import Testing

/// `apus exec -t`.
@Suite struct ExecTerminalTests {
    private func withSession(
        _ user: TestUser, _ flags: [String], _ script: String, _ body: (Sandbox, TerminalSession) throws -> Void
    ) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.withContainer {
                let words = ["exec"] + flags + ["box", "sh", "-c", script]
                let session = try TerminalSession(
                    sandbox.spawn(Executable.path, words, adding: ["TERM=xterm-test"]),
                    size: WindowSize(rows: 33, columns: 77))
                try body(sandbox, session)
            }
        }
    }

    @Test(arguments: TestUser.available)
    func theSizeIsRightAtTheFirstInstructionAndChanges(_ user: TestUser) throws {
        let script =
            "stty size; tty; echo TERM is $TERM; trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.05; done"
        try withSession(user, ["-it"], script) { _, session throws in
            try session.waitFor("ready")
            #expect(session.screen.hasPrefix("33 77\r\n/dev/pts/"))
            #expect(session.screen.contains("TERM is xterm\r\n"))
            #expect(!session.isCooked)
            session.resize(WindowSize(rows: 50, columns: 120))
            try session.waitFor("50 120")
            #expect(try session.wait() == .exited(code: 3))
        }
    }

    @Test(arguments: TestUser.available)
    func aTerminalThatIsClosedAndOpenedAgainIsTheSame(_ user: TestUser) throws {
        let script = "t=$(tty); echo before; exec <&- >&- 2>&-; sleep 1; echo again >$t; exit 3"
        try withSession(user, ["-it"], script) { _, session throws in
            #expect(try session.wait() == .exited(code: 3))
            #expect(session.screen == "before\r\nagain\r\n")
        }
    }

    @Test(arguments: TestUser.available)
    func aShellCanBeTypedIntoAndKeysAreTheTerminals(_ user: TestUser) throws {
        let script = "trap 'echo interrupted' INT; echo ready; while ! read line; do :; done; echo got $line; exit 5"
        try withSession(user, ["-it"], script) { _, session throws in
            try session.waitFor("ready")
            try session.type("\u{3}")
            try session.waitFor("interrupted")
            try session.type("words\n")
            try session.waitFor("got words")
            #expect(try session.wait() == .exited(code: 5))
        }
    }

    @Test(arguments: TestUser.available, [([], "\u{10}\u{11}"), (["--detach-keys", "ctrl-a,x"], "\u{1}x")])
    func theDetachKeysLeaveItRunning(_ user: TestUser, _ choice: ([String], String)) throws {
        let (flags, keys) = choice
        let script = "echo ready; while [ ! -e /go ]; do sleep 0.05; done; touch /done"
        try withSession(user, ["-it"] + flags, script) { sandbox, session throws in
            try session.waitFor("ready")
            try session.type(keys)
            #expect(try session.wait() == .exited(code: 1))
            #expect(session.screen.contains("read escape sequence"))
            _ = try sandbox.execShell([], "touch /go")
            try awaiting("the command's end") { try sandbox.exec([], "test", "-e", "/done").code == 0 }
        }
    }

    @Test(arguments: TestUser.available)
    func aTerminalIsRefusedWhereTheInputIsNone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.withContainer {
                let result = try sandbox.exec(["-it"], "true")
                #expect(result.code == 1)
                #expect(result.errorText == "apus: the input device is not a TTY\n")
                #expect(try sandbox.exec(["-t"], "tty").text.hasPrefix("/dev/pts/"))
            }
        }
    }

    /// A container with a terminal of its own, and commands with others.
    @Test(arguments: TestUser.available)
    func eachCommandHasATerminalOfItsOwn(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.withContainer(["-t"]) { () throws in
                #expect(try sandbox.exec(["-t"], "tty").text == "/dev/pts/1\r\n")
                #expect(try sandbox.exec([], "tty").text == "not a tty\n")
            }
        }
    }
}
