import Glibc
import Linux
import TestSupport
import Testing

/// Attempts against a process that joins a container (`exec`), by what runs in it already.
@Suite struct ExecEscapes {
    /// CVE-2016-9962: a process that joins is traced, or its descriptors are used, before it executes its command.
    @Test(arguments: TestUser.available)
    func whoJoinsCannotBeLookedInto(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let outside = try sandbox.outside()
            func spy(traces: Bool, _ during: (_ container: String) throws -> Void) throws -> String {
                let more = traces ? ["--cap-add", "SYS_PTRACE"] : []
                let flags = ["--network", "none"] + more + (try sandbox.attackerFlags())
                let spy = try sandbox.start(
                    ["run", "--rm", "--name", "spy"] + flags + ["busybox", "/attacker", "spy", "secret", "8"])
                try spy.waitForOutput("ready")
                try during("spy")
                spy.closeInput()
                return try spy.wait().text
            }
            // Over the machine's own user namespace that capability is the machine: root's container is not given it.
            let seen = try spy(traces: user != .root) { container throws in
                for _ in 0..<6 {
                    // With a directory of the host's open, which the command line must not hand on.
                    let words = "exec 9<\"$0\"; exec \"$1\" exec \"$2\" true"
                    try sandbox.tool("/bin/sh", "-c", words, outside, Executable.path, container)
                }
            }
            #expect(seen == "ready\nnothing\n")
            // The same with a program that joins as it is.
            let control = try spy(traces: true) { container throws in
                let pid = try sandbox.output("inspect", "-f", "{{.State.Pid}}", container)
                let user = user == .root ? [] : ["--user", "--preserve-credentials"]
                let join = ["/usr/bin/nsenter", "--target", pid] + user + ["--mount", "--pid", "/bin/sleep", "3"]
                let words = ["-c", "exec 9<\"$0\"; exec \"$@\"", outside] + join
                let program = try RunningProgram(sandbox.spawn("/bin/sh", words))
                program.closeInput()
                _ = try program.wait(seconds: 30)
            }
            #expect(control == "ready\nreached descriptor 9\n")
        }
    }

    /// CVE-2019-5736: a script of the container's names /proc/self/exe as its interpreter, and no process of the container's
    /// leads to our executable all the same.
    @Test(arguments: TestUser.available)
    func aScriptThatWeInterpretGivesNothingToWrite(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let engine = "\(sandbox.path)/work/engine"
            try sandbox.tool("/bin/cp", Executable.path, engine)
            try sandbox.tool("/bin/cp", try Fixtures.attacker, "\(sandbox.path)/work/tool")
            try sandbox.write("#!/proc/self/exe version\n", to: "script", mode: 0o755)
            func overwrite(_ name: String, executing command: [String]) throws -> String {
                let flags = ["--network", "none", "-v", "\(sandbox.path)/work:/w"] + (try sandbox.attackerFlags())
                let attacker = try RunningProgram(
                    sandbox.spawn(
                        engine,
                        ["run", "--rm", "--name", "attacker"] + flags
                            + ["busybox", "/attacker", "overwrite", name, "5"]))
                try attacker.waitForOutput("ready")
                var isSeen = false
                for _ in 0..<40 where !isSeen {
                    let program = try RunningProgram(sandbox.spawn(engine, ["exec", "attacker"] + command))
                    program.closeInput()
                    _ = try program.wait(seconds: 30)
                    isSeen = try attacker.hasWritten("holding")
                }
                attacker.closeInput()
                return try attacker.wait(seconds: 60).text
            }
            #expect(try overwrite("/engine", executing: ["/w/script"]) == "ready\nnot seen: Success\n")
            // A program that nobody of ours executes besides.
            #expect(try overwrite("/w/tool", executing: ["/w/tool", "permitted"]) == "ready\nholding\noverwritten\n")
        }
    }

    /// CVE-2024-21626, by `exec --workdir`.
    @Test(arguments: TestUser.available)
    func noWorkingDirectoryLeadsToTheHost(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let outside = try sandbox.outside()
            try sandbox.output("run", "-d", "--name", "target", "--network", "none", "busybox", "sleep", "1000")
            let script = "cat ../../../../../../../../..\(outside)/secret; cat ./secret; true"
            var refused = 0
            for number in 0..<16 {
                let words = "exec 9<\"$0\"; exec \"$1\" exec -w /proc/self/fd/\(number) target sh -c \"$2\""
                let program = try RunningProgram(
                    sandbox.spawn("/bin/sh", ["-c", words, outside, Executable.path, script]))
                program.closeInput()
                let result = try program.wait()
                #expect(!result.text.contains("of-the-host"), "descriptor \(number): \(result)")
                if result.code != 0 { refused += 1 }
            }
            #expect(refused >= 14)
            // Joined as it is, the descriptor leads there.
            let pid = try sandbox.output("inspect", "-f", "{{.State.Pid}}", "target")
            let user = user == .root ? [] : ["--user", "--preserve-credentials"]
            let join = ["/usr/bin/nsenter", "--target", pid] + user + ["--mount", "--pid"]
            let words = ["-c", "exec 9<\"$0\"; exec \"$@\"", outside] + join
            let control = try RunningProgram(
                sandbox.spawn("/bin/sh", words + ["/bin/sh", "-c", "cd /proc/self/fd/9 && cat ./secret"]))
            control.closeInput()
            #expect(try control.wait().text.contains("of-the-host"))
            try sandbox.output("rm", "-f", "target")
        }
    }

    /// CVE-2022-24769, -27649, -27652, by `exec`.
    @Test(arguments: TestUser.available)
    func filesGiveOrdinaryUsersNoCapabilities(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let started = try sandbox.apus(
                ["run", "-d", "--name", "target", "--network", "none"] + (try sandbox.attackerFlags())
                    + ["busybox", "sleep", "1000"])
            #expect(started.code == 0, "\(started)")
            let none = "0000000000000000\n"
            #expect(try sandbox.apus("exec", "target", "/attacker", "inheritable", "/tmp").text == none)
            #expect(try sandbox.apus("exec", "--privileged", "target", "/attacker", "inheritable", "/tmp").text == none)
            let control = try sandbox.apus("exec", "target", "/attacker", "inheritable", "/tmp", "raise")
            #expect(control.code == 0 && control.text != none, "\(control)")
            try sandbox.output("rm", "-f", "target")
        }
    }
}
