import Linux
import TestSupport
import Testing

/// create, start, and what a container keeps between its runs.
@Suite struct CreateStartTests {
    @Test(arguments: TestUser.available)
    func aCreatedContainerIsStartedAgainAndAgainWithItsFiles(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script = "echo run >> /runs; cat /runs; exit 3"
            let id = try sandbox.output(
                "create", "--name", "kept", "--network", "none", "busybox", "sh", "-c", script)
            #expect(id.utf8.count == 64)
            #expect(try sandbox.inspect("kept", ".State.Status") == "created")
            #expect(try sandbox.output("ps", "-a", "--format", "{{.Status}}") == "Created")
            for count in 1...3 {
                let result = try sandbox.apus("start", "-a", "kept")
                #expect(result.code == 3, "\(result)")
                #expect(result.text == String(repeating: "run\n", count: count))
            }
            #expect(try sandbox.inspect("kept", ".State.ExitCode") == "3")
            try sandbox.output("rm", "kept")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func severalAreStartedAndTheirNamesPrinted(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for name in ["a1", "b1"] {
                try sandbox.output("create", "--name", name, "--network", "none", "busybox", "sleep", "1000")
            }
            let result = try sandbox.apus("start", "a1", "nobody", "b1")
            #expect(result.code == 1)
            #expect(result.text == "a1\nb1\n")
            #expect(result.errorText.contains("nobody"))
            // A second start finds it running.
            let pid = try sandbox.inspect("a1", ".State.Pid")
            #expect(try sandbox.output("start", "a1") == "a1")
            #expect(try sandbox.inspect("a1", ".State.Pid") == pid)
            try sandbox.output("rm", "-f", "a1", "b1")
        }
    }

    @Test(arguments: TestUser.available)
    func theInputOfACreatedContainerReachesItAndEnds(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("create", "-i", "--name", "cat", "--network", "none", "busybox", "cat")
            for text in ["first", "second"] {
                let result = try sandbox.apus("start", "-ai", "cat", input: Array(text.utf8))
                #expect(result.code == 0)
                #expect(result.text == text)
            }
            try sandbox.output("rm", "cat")
        }
    }

    @Test(arguments: TestUser.available)
    func aStartThatFailsLeavesTheContainerCreated(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("create", "--name", "bad", "--network", "none", "busybox", "no-such-command")
            let result = try sandbox.apus("start", "bad")
            #expect(result.code == 1)
            #expect(result.text.isEmpty)
            #expect(result.errorText.contains("no-such-command"))
            #expect(try sandbox.inspect("bad", ".State.Status") == "created")
            #expect(try sandbox.inspect("bad", ".State.ExitCode") == "127")
            try sandbox.output("rm", "bad")
            let run = try sandbox.apus("run", "-d", "--name", "bad", "--network", "none", "busybox", "no-such-command")
            #expect(run.code == 127)
            // There is a container, and so there is an id.
            #expect(run.text.utf8.count == 65)
            #expect(try sandbox.inspect("bad", ".State.Status") == "created")
            try sandbox.output("rm", "bad")
        }
    }

    @Test(arguments: TestUser.available)
    func aContainerCreatedToGoGoesWhenItHasRun(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("create", "--rm", "--name", "once", "--network", "none", "busybox", "echo", "hello")
            #expect(try sandbox.output("ps", "-a", "--format", "{{.Names}}") == "once")
            #expect(try sandbox.apus("start", "-a", "once").text == "hello\n")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func anUpdateOfAContainerCreatedToGoIsThereAtItsStart(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("create", "--rm", "--name", "once", "--network", "none", "busybox", "sleep", "1000")
            let update = try sandbox.apus("update", "--memory", "64m", "--restart", "no", "once")
            let memory = update.code == 0 ? "67108864" : "0"
            // Without control groups the limit is refused, and the container starts as before.
            #expect(
                update.code == 0 || update.errorText.contains("could not be started with these limits"), "\(update)")
            #expect(try sandbox.inspect("once", ".HostConfig.Memory") == memory)
            try sandbox.output("start", "once")
            #expect(try sandbox.inspect("once", ".HostConfig.Memory") == memory)
            try sandbox.output("rm", "-f", "once")
        }
    }

    @Test(arguments: TestUser.available)
    func anUpdateThatCannotBeWrittenDownChangesNothing(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.detached("cc", "until [ -e /end ]; do sleep 0.1; done")
            // A file of more than no bytes cannot be written; the command is told so, and not killed.
            let full = ["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh", Executable.path]
            let program = try RunningProgram(sandbox.spawn("/bin/sh", full + ["update", "--restart", "always", "cc"]))
            program.closeInput()
            let update = try program.wait()
            #expect(update.code == 1 && update.errorText.contains("write the record"), "\(update)")
            #expect(try sandbox.inspect("cc", ".HostConfig.RestartPolicy.Name") == "no")
            let supervisor = try #require(ProcessIdentity(of: try sandbox.supervisor(id)))
            try sandbox.output("exec", "cc", "touch", "/end")
            try sandbox.eventually("the supervisor's end") { !supervisor.isAlive }
            #expect(try sandbox.inspect("cc", ".State.Status") == "exited")
            try sandbox.output("rm", "cc")
        }
    }

    @Test(arguments: TestUser.available)
    func twoStartsAtOnceStartItOnce(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output(
                "create", "--name", "one", "--network", "none", "busybox", "sh", "-c", "echo x >> /starts; sleep 1000")
            let programs = try (0..<8).map { _ in try sandbox.start(["start", "one"]) }
            for program in programs { #expect(try program.wait().code == 0) }
            try sandbox.output("stop", "-t", "0", "one")
            try sandbox.output("create", "--name", "look", "--network", "none", "busybox", "true")
            let id = try sandbox.inspect("one", ".Id")
            #expect(try sandbox.tool("cat", "\(sandbox.store)/containers/\(id)/upper/starts").text == "x\n")
            try sandbox.output("rm", "one", "look")
        }
    }
}
