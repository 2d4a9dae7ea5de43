import Glibc
import Linux
import TestSupport
import Testing

/// Supervisors that are killed or stand still: no command hangs, and nothing is left.
@Suite struct SupervisorDeathTests {
    @Test(arguments: TestUser.available)
    func aKilledSupervisorTakesItsContainerAlongAndTheStateSaysSo(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.detached("orphan", "sleep 1000")
            let pid = try #require(ProcessID(try sandbox.inspect("orphan", ".State.Pid")))
            let waiter = try sandbox.start(["wait", "orphan"])
            let identity = try #require(ProcessIdentity(of: pid))
            kill(try sandbox.supervisor(id), SIGKILL)
            #expect(try waiter.wait().text == "137\n")
            try sandbox.eventually("the end of its process") { !identity.isAlive }
            #expect(try sandbox.output("ps", "-a", "--format", "{{.Status}}").hasPrefix("Exited (137)"))
            #expect(try sandbox.inspect("orphan", ".State.ExitCode") == "137")
            #expect(try sandbox.output("stop", "orphan") == "orphan")
            // It starts again without being told to repair anything.
            try sandbox.output("start", "orphan")
            #expect(try sandbox.inspect("orphan", ".State.Status") == "running")
            kill(try sandbox.supervisor(id), SIGKILL)
            try sandbox.output("rm", "-f", "orphan")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
            // With --rm nobody sees it any more, and its name is free.
            let brief = try sandbox.detached("brief", ["--rm"], "sleep 1000")
            kill(try sandbox.supervisor(brief), SIGKILL)
            try sandbox.eventually("its absence") { try sandbox.output("ps", "-aq").isEmpty }
            try sandbox.detached("brief", ["--rm"], "true")
        }
    }

    @Test(arguments: TestUser.available)
    func aSupervisorThatStandsStillIsEndedByForce(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.detached("stuck", "sleep 1000")
            kill(try sandbox.supervisor(id), SIGSTOP)
            let attached = try sandbox.apus("attach", "stuck", seconds: 60)
            #expect(attached.code == 1 && attached.errorText.contains("does not answer"), "\(attached)")
            #expect(try sandbox.apus("kill", "stuck", seconds: 60).code == 0)
            #expect(try sandbox.output("ps", "-a", "--format", "{{.Status}}").hasPrefix("Exited (137)"))
            try sandbox.output("rm", "stuck")
        }
    }

    @Test(arguments: TestUser.available)
    func aSupervisorThatIsAskedToEndStopsItsContainerAsStopDoes(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script =
                "trap 'echo usr1; sleep 1; exit 6' USR1; trap 'echo term' TERM; echo ready; while :; do sleep 0.1; done"
            let flags = ["--stop-signal", "USR1", "--restart", "unless-stopped"]
            for (round, signal) in [SIGTERM, SIGINT, SIGQUIT].enumerated() {
                let id = try sandbox.detached("asked\(round)", flags, script)
                try sandbox.eventually("its word") { sandbox.log(id).contains("ready") }
                let supervisor = try sandbox.supervisor(id)
                let identity = try #require(ProcessIdentity(of: supervisor))
                // A hang-up asks for nothing, and a second signal neither repeats nor shortens anything.
                kill(supervisor, SIGHUP)
                kill(supervisor, signal)
                try sandbox.eventually("its signal") { sandbox.log(id).contains("usr1") }
                kill(supervisor, signal)
                try sandbox.eventually("the supervisor's end") { !identity.isAlive }
                #expect(try sandbox.inspect(id, ".State.Status") == "exited")
                #expect(try sandbox.inspect(id, ".State.ExitCode") == "6")
                #expect(!sandbox.log(id).contains("term"))
                let events = try sandbox.apus(
                    "events", "--since", "1h", "--until", "0s", "--filter", "container=\(id)", "--format", "{{.Action}}"
                ).lines
                #expect(events == ["create", "start", "kill", "die", "stop"])
                #expect(try sandbox.store(id, "state").contains("stopped-by-user=true"))
                try sandbox.output("rm", id)
            }
        }
    }

    @Test(arguments: TestUser.available)
    func aContainerThatDoesNotEndInTimeIsKilledAfterASignalToItsSupervisor(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.detached("deaf", ["--stop-timeout", "1"], "sleep 1000")
            let identity = try #require(ProcessIdentity(of: try sandbox.supervisor(id)))
            kill(identity.pid, SIGTERM)
            try sandbox.eventually("the supervisor's end") { !identity.isAlive }
            #expect(try sandbox.inspect("deaf", ".State.ExitCode") == "137")
            try sandbox.output("rm", "deaf")
        }
    }

    @Test(arguments: TestUser.available)
    func theCommandsEndLeavesTheContainerAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let program = try sandbox.start(
                ["run", "--name", "stays", "--network", "none", "busybox", "sh", "-c", "echo ready; sleep 1000"])
            try program.waitForOutput("ready")
            program.send(SIGKILL)
            _ = try program.wait()
            #expect(try sandbox.inspect("stays", ".State.Status") == "running")
            // A supervisor that is asked to end ends its container.
            let id = try sandbox.inspect("stays", ".Id")
            let pid = try #require(ProcessIdentity(of: try sandbox.supervisor(id)))
            try sandbox.output("stop", "-t", "0", "stays")
            try sandbox.eventually("the supervisor's end") { !pid.isAlive }
            try sandbox.output("rm", "stays")
        }
    }
}
