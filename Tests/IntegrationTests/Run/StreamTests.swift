import Glibc
import Linux
import TestSupport
import Testing

/// Standard input, output and error of the command, and the signals that reach it.
@Suite struct StreamTests {
    @Test(arguments: TestUser.available)
    func outputAndErrorsStayApart(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let result = try sandbox.run([], "sh", "-c", "echo out; echo err >&2")
            #expect(result.text == "out\n")
            #expect(result.errorText == "err\n")
        }
    }

    @Test(arguments: TestUser.available)
    func inputIsGivenWithTheFlagAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.run(["-i"], "cat", input: Array("hello".utf8)).text == "hello")
            #expect(try sandbox.run([], "cat", input: Array("hello".utf8)).text == "")
        }
    }

    @Test(arguments: TestUser.available)
    func inputIsAttachedWhateverElseIs(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let result = try sandbox.run(
                ["-i", "-a", "stdout"], "sh", "-c", "cat; echo error >&2", input: Array("in".utf8))
            #expect(result.code == 0 && result.text == "in" && result.errorText.isEmpty, "\(result)")
        }
    }

    @Test(arguments: TestUser.available)
    func bytesPassUnchangedAndNoneIsLost(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script = "head -c 3000000 /dev/urandom >/f; md5sum </f >&2; cat /f"
            let program = try sandbox.start(["run", "--rm", "--network", "none", "busybox", "sh", "-c", script])
            program.closeInput()
            let result = try program.wait()
            #expect(result.output.count == 3_000_000)
            let copy = "\(sandbox.path)/work/copy"
            try Files.write(result.output, to: copy)
            let sum = try RunningProgram(Spawn("/usr/bin/md5sum", [copy])).wait().text
            #expect(sum.prefix(32) == result.errorText.prefix(32))

            let back = try sandbox.run(["-i"], "md5sum", input: Array(result.output.prefix(40_000)))
            try Files.write(Array(result.output.prefix(40_000)), to: copy)
            #expect(try RunningProgram(Spawn("/usr/bin/md5sum", [copy])).wait().text.prefix(32) == back.text.prefix(32))
        }
    }

    @Test(arguments: TestUser.available)
    func whatTheCommandSaysIsSeenBeforeItEnds(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let program = try sandbox.start([
                "run", "--rm", "-i", "--network", "none", "busybox", "sh", "-c", "echo first; cat",
            ])
            try program.waitForOutput("first\n")
            try program.write(Array("second".utf8))
            program.closeInput()
            #expect(try program.wait().text == "first\nsecond")
        }
    }

    @Test(arguments: TestUser.available, [SIGTERM, SIGINT, SIGHUP, SIGUSR1])
    func signalsToTheClientReachTheCommand(_ user: TestUser, _ signal: CInt) throws {
        try withBusybox(user) { sandbox throws in
            let script = "trap 'echo caught; exit 42' \(signal); echo ready; while :; do sleep 0.05; done"
            let program = try sandbox.start(["run", "--rm", "--network", "none", "busybox", "sh", "-c", script])
            try program.waitForOutput("ready\n")
            program.send(signal)
            let result = try program.wait()
            #expect(result.text == "ready\ncaught\n")
            #expect(result.code == 42)
        }
    }

    @Test(arguments: TestUser.available)
    func aClientThatIsKilledLeavesNothingBehind(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let program = try sandbox.start(["run", "--rm", "-i", "--network", "none", "busybox", "cat"])
            try program.write(Array("x".utf8))
            try program.waitForOutput("x")
            program.send(SIGKILL)
            #expect(try program.wait().code == 137)
        }
    }
}
