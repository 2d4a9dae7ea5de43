import Glibc
import Linux
import TestSupport
import Testing

/// Processes that wait for long give their memory back, and do all that they did before when they are wanted again.
@Suite struct RestTests {
    /// A container that says what it is told, ends by SIGTERM with 3, and is silent otherwise.
    private static let script =
        "trap 'echo told' USR1; trap 'exit 3' TERM; echo ready; while :; do sleep 1000 & wait; done"

    /// The processes of ours that `supervisor` has beside it.
    private func helpers(of supervisor: ProcessID) throws -> [ProcessID] {
        let executable = try Files.readLink("/proc/\(supervisor)/exe")
        return try Files.readText("/proc/\(supervisor)/task/\(supervisor)/children").split(separator: " ")
            .compactMap { ProcessID($0) }.filter { (try? Files.readLink("/proc/\($0)/exe")) == executable }
    }

    @Test(arguments: TestUser.available)
    func aSupervisorThatRestsDoesAllThatItDidBefore(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let names = ["asked", "entered", "watched", "crashed", "stopped", "forced", "killed"]
            var ids: [String: String] = [:]
            var supervisors: [ProcessIdentity] = []
            for name in names {
                let flags = name == "crashed" ? ["--restart", "always"] : []
                let id = try sandbox.detached(name, flags, Self.script)
                ids[name] = id
                supervisors.append(try #require(ProcessIdentity(of: try sandbox.supervisor(id))))
            }
            for supervisor in supervisors { try sandbox.awaitRest(supervisor.pid) }
            // What others see of it is as before.
            #expect(try Files.readText("/proc/\(supervisors[0].pid)/cmdline").contains("--network"))

            #expect(try sandbox.output("kill", "-s", "USR1", "asked") == "asked")
            try sandbox.eventually("its word") { sandbox.log(ids["asked"]!).contains("told") }
            #expect(try sandbox.output("logs", "asked") == "ready\ntold")

            #expect(try sandbox.output("exec", "-e", "A=7", "entered", "sh", "-c", "echo $A $(id -u)") == "7 0")
            #expect(try sandbox.apus("exec", "entered", "sh", "-c", "exit 9").code == 9)

            let watcher = try sandbox.start(["attach", "watched"])
            try sandbox.eventually("the session") {
                // Not before it is heard: what is written before it is not its.
                try sandbox.output("kill", "-s", "USR1", "watched")
                return try watcher.hasWritten("told")
            }
            try sandbox.output("stop", "watched")
            #expect(try watcher.wait().code == 3)

            kill(try #require(ProcessID(try sandbox.inspect("crashed", ".State.Pid"))), SIGKILL)
            try sandbox.eventually("its second start") { try sandbox.inspect("crashed", ".RestartCount") == "1" }
            try sandbox.eventually("its word") {
                sandbox.log(ids["crashed"]!).split(separator: "\n").count { $0.contains("ready") } == 2
            }
            #expect(try sandbox.supervisor(ids["crashed"]!) == supervisors[3].pid)
            try sandbox.awaitRest(supervisors[3].pid)
            try sandbox.output("restart", "crashed")
            #expect(try sandbox.inspect("crashed", ".State.Status") == "running")

            #expect(try sandbox.output("stop", "stopped") == "stopped")
            #expect(try sandbox.inspect("stopped", ".State.ExitCode") == "3")

            #expect(try sandbox.output("rm", "-f", "forced") == "forced")
            #expect(!supervisors[5].isAlive)

            let process = try #require(ProcessIdentity(of: ProcessID(try sandbox.inspect("killed", ".State.Pid")) ?? 0))
            kill(supervisors[6].pid, SIGKILL)
            try sandbox.eventually("the end of its process") { !process.isAlive }
            #expect(try sandbox.inspect("killed", ".State.ExitCode") == "137")
            try sandbox.output("rm", "-f", "asked", "entered", "watched", "crashed", "stopped", "killed")
        }
    }

    @Test(arguments: TestUser.available)
    func itRestsBesideAClientAndWakesForWhatIsTyped(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let program = try sandbox.start(
                ["run", "-i", "--rm", "--name", "box", "--network", "none", "busybox", "sh", "-c", "echo ready; cat"])
            try program.waitForOutput("ready")
            let supervisor = try sandbox.supervisor(try sandbox.inspect("box", ".Id"))
            try sandbox.awaitRest(supervisor)
            try program.write("some words\n".utf8)
            try program.waitForOutput("some words")
            program.closeInput()
            #expect(try program.wait().code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func itWakesInTimeForAHealthCheckAndForASignal(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let flags = ["--health-cmd", "test -e /ok", "--health-interval", "6s", "--health-retries", "1"]
            let id = try sandbox.detached("box", flags, Self.script)
            let supervisor = try #require(ProcessIdentity(of: try sandbox.supervisor(id)))
            try sandbox.awaitRest(supervisor.pid)
            try sandbox.eventually("a check") { try sandbox.inspect("box", ".State.Health.Status") == "unhealthy" }
            try sandbox.output("exec", "box", "touch", "/ok")
            try sandbox.awaitRest(supervisor.pid)
            try sandbox.eventually("a check") { try sandbox.inspect("box", ".State.Health.Status") == "healthy" }
            try sandbox.awaitRest(supervisor.pid)
            kill(supervisor.pid, SIGTERM)
            try sandbox.eventually("the supervisor's end") { !supervisor.isAlive }
            #expect(try sandbox.inspect("box", ".State.ExitCode") == "3")
            try sandbox.output("rm", "box")
        }
    }

    @Test(
        .enabled(if: getuid() == 0, "needs root, who alone makes a network of its own around an ordinary user"),
        arguments: TestUser.available)
    func whatServesPortsAndNamesRestsAndAnswers(_ user: TestUser) throws {
        try withLab(user) { sandbox, lab, apus in
            try apus.success("network", "create", "net")
            try apus.success(
                ["run", "-d", "--name", "server", "--network", "net", "-p", "7310:80", "busybox"]
                    + NetworkLab.answering("hello"))
            let id = try sandbox.inspect("server", ".Id")
            let supervisor = try sandbox.supervisor(id)
            let process = try #require(try helpers(of: supervisor).first)
            for _ in 0..<2 {
                try sandbox.awaitRest(supervisor)
                try sandbox.awaitRest(process)
                let answer = try lab.shell(
                    .outside,
                    """
                    /usr/bin/python3 -c '
                    import socket
                    s = socket.create_connection(("\(NetworkLab.Address.machine)", 7310), 10); s.settimeout(10)
                    print(s.recv(100).decode())'
                    """)
                #expect(answer.contains("hello"), "\(answer)")
            }
            try sandbox.awaitRest(process)
            let named = try apus.success("run", "--rm", "--network", "net", "busybox", "nc", "server", "80")
            #expect(named.text == "hello\n", "\(named)")
            // It is still the same.
            #expect(try helpers(of: supervisor) == [process])
            try apus.success("network", "disconnect", "net", "server")
            try apus.success("rm", "-f", "server")
            try apus.success("network", "rm", "net")
        }
    }
}
