import Glibc
import Linux
import TestSupport
import Testing

/// What is left of a container and what is not: ps, inspect, rm, names, `--rm`.
@Suite struct ContainerRecordTests {
    @Test(arguments: TestUser.available)
    func anEndedContainerIsListedInspectedAndRemoved(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let run = [
                "run", "--name", "kept", "--label", "a=b", "-e", "X=y", "--network", "none", "busybox", "sh", "-c",
                "exit 4",
            ]
            #expect(try sandbox.apus(run).code == 4)
            #expect(try sandbox.output("ps", "-q").isEmpty)
            let line = try sandbox.output("ps", "-a", "--format", "{{.Names}} {{.Image}} {{.Status}}")
            #expect(line.hasPrefix("kept busybox Exited (4)"), "\(line)")
            let format = "{{.State.ExitCode}} {{.State.Running}} {{.Config.Labels.a}} {{.Name}} {{json .Config.Cmd}}"
            #expect(
                try sandbox.output("inspect", "--format", format, "kept") == #"4 false b /kept ["sh","-c","exit 4"]"#)
            #expect(try sandbox.output("rm", "kept") == "kept")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
            #expect(try Files.list("\(sandbox.store)/containers").filter { !$0.hasPrefix(".") }.isEmpty)
            let again = try sandbox.apus("rm", "kept")
            #expect(again.code == 1)
            #expect(again.errorText.contains("kept"))
        }
    }

    @Test(arguments: TestUser.available)
    func aNameIsTakenUntilItsContainerIsRemoved(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let run = ["run", "--name", "taken", "--network", "none", "busybox", "true"]
            #expect(try sandbox.apus(run).code == 0)
            let second = try sandbox.apus(run)
            #expect(second.code == 125)
            #expect(second.errorText.contains("taken"))
            try sandbox.output("rm", "taken")
            #expect(try sandbox.apus(run).code == 0)
            try sandbox.output("rm", "taken")
        }
    }

    @Test(arguments: TestUser.available)
    func aRunningContainerIsListedAndRemovedByForceAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let program = try sandbox.start(
                ["run", "--name", "running", "--network", "none", "busybox", "sh", "-c", "echo ready; sleep 1000"])
            try program.waitForOutput("ready")
            #expect(try sandbox.output("ps", "--format", "{{.Names}} {{.State}}") == "running running")
            #expect(try sandbox.output("inspect", "--format", "{{.State.Status}}", "running") == "running")
            #expect(try sandbox.apus("rm", "running").code == 1)
            try sandbox.output("rm", "-f", "running")
            #expect(try program.wait().code == 137)
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func removedContainersLeaveNoFile(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let before = try files(sandbox)
            for code in 0..<5 {
                let script = "mkdir /d; chown 5:6 /d; touch /d/f; chmod 000 /d; exit \(code)"
                #expect(try sandbox.run([], "sh", "-c", script).code == CInt(code))
            }
            #expect(try sandbox.run([], "no-such-command").code == 127)
            // The answer comes before the clean-up.
            #expect(leftovers(of: sandbox.path, waitingSeconds: 30).isEmpty)
            #expect(try files(sandbox) == before)
        }
    }

    // What is cached or shared is below other names than a container's.
    private func files(_ sandbox: Sandbox) throws -> [String] {
        let found = try sandbox.tool(
            "/bin/sh", "-c", "find \"$0\" -path '*/containers/*' -o -path '*/names/*'", sandbox.path)
        return found.lines.filter { !$0.contains("/.") }.sorted()
    }

    @Test(arguments: TestUser.available)
    func fiftyAtOnceAllRunAndLeaveNothing(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let programs = try (0..<50).map { number in
                let program = try sandbox.start(
                    ["run", "--rm", "--network", "none", "busybox", "sh", "-c", "echo \(number); exit \(number)"])
                program.closeInput()
                return program
            }
            for (number, program) in programs.enumerated() {
                let result = try program.wait(seconds: 300)
                #expect(result.code == CInt(number), "\(result)")
                #expect(result.text == "\(number)\n")
            }
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func ofFiftyWithTheSameNameOneRuns(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let programs = try (0..<50).map { _ in
                let program = try sandbox.start(
                    ["run", "--name", "same", "--network", "none", "busybox", "sh", "-c", "echo ran; sleep 3"])
                program.closeInput()
                return program
            }
            let results = try programs.map { try $0.wait(seconds: 300) }
            #expect(results.count { $0.code == 0 && $0.text == "ran\n" } == 1)
            #expect(results.count { $0.code == 125 && $0.errorText.contains("same") } == 49)
            try sandbox.output("rm", "same")
        }
    }
}
