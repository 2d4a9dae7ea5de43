import Glibc
import Linux
import TestSupport
import Testing

/// `apus exec`: one more command in a container that runs.
@Suite struct ExecTests {
    private func withContainer(
        _ user: TestUser, _ flags: [String] = [], _ body: (Sandbox) throws -> Void
    ) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.withContainer(flags) { try body(sandbox) }
        }
    }

    // MARK: how it ends

    @Test(arguments: TestUser.available)
    func outputErrorsAndExitCodeAreTheCommands(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            let result = try sandbox.exec([], "sh", "-c", "echo out; echo err >&2; exit 7")
            #expect(result.text == "out\n")
            #expect(result.errorText == "err\n")
            #expect(result.code == 7)
            #expect(try sandbox.exec([], "sh", "-c", "kill -9 $$").code == 137)
            #expect(try sandbox.output("container", "exec", "box", "echo", "-n", "x") == "x")
        }
    }

    @Test(arguments: TestUser.available)
    func whatCannotBeExecutedHasDockersCodes(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            let missing = try sandbox.exec([], "no-such-command")
            #expect(missing.code == 127)
            #expect(missing.errorText.contains("exec: \"no-such-command\": executable file not found in $PATH"))
            #expect(try sandbox.exec([], "/no/such").code == 127)
            #expect(try sandbox.exec([], "/etc").code == 126)
            #expect(try sandbox.exec(["-d"], "no-such-command").code == 1)
            #expect(try sandbox.exec(["-w", "/no/such"], "true").code == 127)
            #expect(try sandbox.exec(["-w", "relative"], "true").code == 128)
            let user = try sandbox.exec(["-u", "nobody-here"], "true")
            #expect(user.code == 1)
            #expect(user.errorText.contains("unable to find user nobody-here: no matching entries in passwd file"))
        }
    }

    @Test(arguments: TestUser.available)
    func aContainerThatDoesNotRunIsSaidInDockersWords(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let unknown = try sandbox.exec([], "true")
            #expect(unknown.code == 1)
            #expect(unknown.errorText.lowercased().contains("no such container: box"))
            _ = try sandbox.apus("run", "--name", "box", "--network", "none", "busybox", "true")
            let ended = try sandbox.exec([], "true")
            #expect(ended.code == 1)
            let id = try sandbox.output("inspect", "--format", "{{.Id}}", "box")
            #expect(ended.errorText == "apus: container \(id) is not running\n")
            try sandbox.output("rm", "box")
            #expect(try sandbox.apus("exec", "box").errorText.contains("requires at least 2 arguments"))
        }
    }

    // MARK: what it runs as

    @Test(arguments: TestUser.available)
    func environmentDirectoryAndUserAreTheContainersUnlessSaid(_ user: TestUser) throws {
        try withContainer(user, ["-e", "A=1", "-e", "B=2", "-w", "/tmp", "--hostname", "box"]) { sandbox throws in
            #expect(try sandbox.execShell([], "echo $A $B $PWD $HOSTNAME $(id -u)") == "1 2 /tmp box 0")
            let file = try sandbox.write("# comment\nC=file\nA=file\n", to: "variables")
            let flags = ["-e", "A=new", "-e", "B", "--env-file", file, "-w", "/bin"]
            #expect(try sandbox.execShell(flags, "echo $A [$B] $C $PWD") == "new [] file /bin")
            let passed = try sandbox.apus(
                ["exec", "-e", "CALLERS", "box", "sh", "-c", "echo $CALLERS"], environment: ["CALLERS=yes"])
            #expect(passed.text == "yes\n")
        }
    }

    @Test(arguments: TestUser.available)
    func theUserIsLookedUpInTheContainersFilesAsTheyAreNow(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            let script = """
                echo 'bob:x:1234:1235::/home/bob:/bin/sh' >>/etc/passwd; echo 'crew:x:77:bob' >>/etc/group
                """
            _ = try sandbox.execShell([], script)
            #expect(try sandbox.execShell(["-u", "bob"], "id -u; id -G; echo $HOME") == "1234\n1235 77\n/home/bob")
            #expect(try sandbox.execShell(["-u", "1234:5"], "id -u; id -G") == "1234\n5")
            #expect(try sandbox.execShell(["-u", "4000"], "id -u; echo $HOME") == "4000\n/")
        }
    }

    @Test(arguments: TestUser.available)
    func itSharesTheContainersNamespacesRootAndProcesses(_ user: TestUser) throws {
        try withContainer(user, ["--hostname", "box"]) { sandbox throws in
            let kinds = "cgroup ipc mnt net pid user uts"
            let same =
                "for n in \(kinds); do [ $(readlink /proc/1/ns/$n) = $(readlink /proc/self/ns/$n) ] || echo $n; done"
            #expect(try sandbox.execShell([], same) == "")
            #expect(try sandbox.execShell([], "hostname; cat /proc/1/cmdline | tr '\\0' ' '") == "box\nsleep 1000 ")
            _ = try sandbox.execShell([], "echo kept >/kept")
            #expect(try sandbox.execShell([], "cat /kept") == "kept")
        }
    }

    @Test(arguments: TestUser.available)
    func whatConfinesTheContainerConfinesIt(_ user: TestUser) throws {
        let flags = [
            "--cap-drop", "CHOWN", "--security-opt", "no-new-privileges", "--ulimit", "nofile=99:100",
            "--oom-score-adj", "500",
        ]
        try withContainer(user, flags) { sandbox throws in
            // The filter too: its number of levels is the same.
            let fields = "CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Seccomp_filters"
            let script = """
                for p in 1 self; do grep -E '^(\(fields)):' /proc/$p/status >/tmp/$p; cat /proc/$p/limits >>/tmp/$p
                cat /proc/$p/oom_score_adj >>/tmp/$p; done; cmp /tmp/1 /tmp/self && grep -c . /tmp/self
                """
            #expect(Int(try sandbox.execShell([], script)).map { $0 > 20 } == true)
            #expect(try sandbox.execShell([], "ulimit -n; cat /proc/self/oom_score_adj") == "99\n500")
            #expect(try sandbox.execShell([], "grep -c 'Seccomp:.2' /proc/self/status") == "1")
        }
    }

    @Test(arguments: TestUser.available)
    func privilegedGivesCapabilitiesAlone(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            func set(_ flags: [String], _ field: String) throws -> UInt64 {
                let text = try sandbox.execShell(flags, "awk '/^\(field):/ { print $2 }' /proc/self/status")
                return try #require(UInt64(text, radix: 16))
            }
            let usual = try set([], "CapEff")
            let all = try set(["--privileged"], "CapEff")
            #expect(all & usual == usual && all != usual)
            #expect(try set(["--privileged"], "CapBnd") == all)
            #expect(try set(["--privileged"], "CapInh") == 0 && set(["--privileged"], "CapAmb") == 0)
            #expect(try sandbox.execShell(["--privileged"], "grep -c 'Seccomp:.2' /proc/self/status") == "1")
            #expect(try set(["--privileged", "-u", "1000"], "CapEff") == 0)
        }
    }

    // MARK: streams

    @Test(arguments: TestUser.available)
    func inputIsGivenWithTheFlagAloneAndEndsByItself(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            #expect(try sandbox.exec(["-i"], "cat", input: Array("hello".utf8)).text == "hello")
            #expect(try sandbox.exec([], "cat", input: Array("hello".utf8)).text == "")
            // Output goes on after the end of the input.
            let script = "cat >/dev/null; echo after"
            #expect(try sandbox.exec(["-i"], "sh", "-c", script, input: Array("x".utf8)).text == "after\n")
        }
    }

    @Test(arguments: TestUser.available)
    func bytesPassUnchangedBothWays(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            let made = try sandbox.exec([], "sh", "-c", "head -c 3000000 /dev/urandom | tee /f")
            #expect(made.output.count == 3_000_000)
            let program = try sandbox.start(["exec", "-i", "box", "sh", "-c", "cat >/g; cmp /f /g && echo same"])
            for start in stride(from: 0, to: made.output.count, by: 100_000) {
                try program.write(made.output[start..<min(start + 100_000, made.output.count)])
            }
            program.closeInput()
            #expect(try program.wait().text == "same\n")
        }
    }

    @Test(arguments: TestUser.available)
    func whatAChildOfTheCommandHoldsOpenIsNotWaitedFor(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            #expect(try sandbox.exec([], "sh", "-c", "sleep 1000 & echo done").text == "done\n")
        }
    }

    // MARK: clients that go

    @Test(arguments: TestUser.available)
    func theCommandOutlivesAClientThatIsKilled(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            let script = "echo ready; while [ ! -e /go ]; do sleep 0.05; done; echo unheard; touch /done"
            let program = try sandbox.start(["exec", "box", "sh", "-c", script])
            try program.waitForOutput("ready\n")
            program.send(SIGKILL)
            #expect(try program.wait().code == 137)
            _ = try sandbox.execShell([], "touch /go")
            try awaiting("the command's end") { try sandbox.exec([], "test", "-e", "/done").code == 0 }
        }
    }

    /// Docker's client does not pass signals on to what `exec` runs.
    @Test(arguments: TestUser.available, [SIGINT, SIGTERM])
    func aSignalEndsTheClientAndNotTheCommand(_ user: TestUser, _ signal: CInt) throws {
        try withContainer(user) { sandbox throws in
            let script =
                "trap 'touch /caught' \(signal); echo ready; while [ ! -e /go ]; do sleep 0.05; done; touch /done"
            let program = try sandbox.start(["exec", "box", "sh", "-c", script])
            try program.waitForOutput("ready\n")
            program.send(signal)
            #expect(try program.wait().code == 128 + signal)
            _ = try sandbox.execShell([], "touch /go")
            try awaiting("the command's end") { try sandbox.exec([], "test", "-e", "/done").code == 0 }
            #expect(try sandbox.exec([], "test", "-e", "/caught").code == 1)
        }
    }

    @Test(arguments: TestUser.available)
    func aDetachedCommandRunsOn(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            let result = try sandbox.exec(["-d"], "sh", "-c", "while [ ! -e /go ]; do sleep 0.05; done; touch /done")
            #expect(result.code == 0 && result.text == "" && result.errorText == "")
            #expect(try sandbox.exec([], "test", "-e", "/done").code == 1)
            _ = try sandbox.execShell([], "touch /go")
            try awaiting("the command's end") { try sandbox.exec([], "test", "-e", "/done").code == 0 }
            // Its output has no reader, and holds it up for ever no more than with a terminal.
            for flags in [["-d"], ["-dt"]] {
                _ = try sandbox.exec(flags, "sh", "-c", "head -c 1000000 /dev/zero; touch /\(flags[0])")
                try awaiting("the end of \(flags)") { try sandbox.exec([], "test", "-e", "/\(flags[0])").code == 0 }
            }
        }
    }

    @Test(arguments: TestUser.available)
    func inspectListsWhatRuns(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            func count() throws -> String {
                try sandbox.output("inspect", "--format", "{{range .ExecIDs}} {{len .}}{{end}}", "box")
            }
            #expect(try count() == "")
            _ = try sandbox.exec(["-d"], "sh", "-c", "while [ ! -e /go ]; do sleep 0.05; done")
            #expect(try count() == " 64")
            _ = try sandbox.execShell([], "touch /go")
            try awaiting("an empty list") { try count() == "" }
        }
    }

    // MARK: the container

    @Test(arguments: TestUser.available, [[], ["--pid", "host"]])
    func itEndsWithTheContainer(_ user: TestUser, _ flags: [String]) throws {
        try withContainer(user, flags) { sandbox throws in
            let program = try sandbox.start(["exec", "box", "sh", "-c", "echo ready; exec sleep 1000"])
            try program.waitForOutput("ready\n")
            _ = try sandbox.exec(["-d"], "sleep", "1000")
            let pid = try #require(ProcessID(try sandbox.output("inspect", "--format", "{{.State.Pid}}", "box")))
            kill(pid, SIGKILL)
            #expect(try program.wait().code == 137)
        }
    }

    @Test(arguments: TestUser.available)
    func aSupervisorThatIsKilledTakesItAlong(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            let program = try sandbox.start(["exec", "box", "sh", "-c", "echo ready; exec sleep 1000"])
            try program.waitForOutput("ready\n")
            let pid = try sandbox.output("inspect", "--format", "{{.State.Pid}}", "box")
            let status = try Files.readText("/proc/\(pid)/status")
            let parent = try #require(
                status.split(separator: "\n").first { $0.hasPrefix("PPid:") }?.split(separator: "\t").last)
            kill(try #require(ProcessID(String(parent))), SIGKILL)
            #expect(try program.wait().code == 137)
            try awaiting("the container's end") { try sandbox.exec([], "true").errorText.contains("is not running") }
        }
    }

    @Test(arguments: TestUser.available)
    func thirtyAtOnceAllRun(_ user: TestUser) throws {
        try withContainer(user) { sandbox throws in
            let programs = try (0..<30).map { number in
                try sandbox.start(["exec", "-i", "box", "sh", "-c", "cat; exit \(number)"])
            }
            for (number, program) in programs.enumerated() { try program.write(Array("input \(number)".utf8)) }
            for (number, program) in programs.enumerated() {
                program.closeInput()
                let result = try program.wait()
                #expect(result.code == CInt(number) && result.text == "input \(number)", "\(result)")
            }
        }
    }
}
