import Glibc
import Linux
import TestSupport
import Testing

/// stop, kill, restart, wait, rm and rename.
@Suite struct StopTests {
    private let patient = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done"

    @Test(arguments: TestUser.available)
    func stopSendsTheStopSignalAndWaitsForTheEnd(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.detached("polite", patient)
            try sandbox.eventually("its word") { sandbox.log(id).contains("ready") }
            #expect(try sandbox.output("stop", "polite") == "polite")
            #expect(try sandbox.inspect("polite", ".State.ExitCode") == "5")
            // Again it is as it should be.
            #expect(try sandbox.output("stop", "polite") == "polite")
            try sandbox.output("rm", "polite")
        }
    }

    @Test(arguments: TestUser.available)
    func whatDoesNotEndIsKilled(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // The init of a pid namespace is not sent what it does not handle.
            try sandbox.detached("deaf", "sleep 1000")
            try sandbox.detached("own", ["--stop-signal", "USR1", "--stop-timeout", "1"], "sleep 1000")
            #expect(try sandbox.output("stop", "-t", "0", "deaf") == "deaf")
            #expect(try sandbox.output("stop", "own") == "own")
            #expect(try sandbox.inspect("deaf", ".State.ExitCode") == "137")
            #expect(try sandbox.inspect("own", ".State.ExitCode") == "137")
            try sandbox.output("rm", "deaf", "own")
        }
    }

    // Each ends only when the other has been told to: stopped one after the other, the first would be killed.
    @Test(arguments: TestUser.available)
    func severalAreStoppedAtTheSameTime(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.tool("mkdir", "-m", "777", "\(sandbox.path)/work/met")
            for (own, other) in [("one", "two"), ("two", "one")] {
                let script = """
                    trap 'touch /met/\(own); while ! [ -e /met/\(other) ]; do sleep 0.05; done; exit 0' TERM
                    echo ready; while :; do sleep 0.05; done
                    """
                let id = try sandbox.detached(own, ["-v", "\(sandbox.path)/work/met:/met"], script)
                try sandbox.eventually("its word") { sandbox.log(id).contains("ready") }
            }
            #expect(try sandbox.output("stop", "-t", "60", "one", "two") == "one\ntwo")
            for name in ["one", "two"] { #expect(try sandbox.inspect(name, ".State.ExitCode") == "0") }
            let again = try sandbox.apus("stop", "one", "no-such", "two")
            #expect(again.code == 1 && again.text == "one\ntwo\n" && again.errorText.contains("no-such"), "\(again)")
            try sandbox.output("rm", "one", "two")
        }
    }

    @Test(arguments: TestUser.available)
    func killSendsAnySignal(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.detached(
                "heard", "trap 'echo usr1' USR1; trap 'exit 7' HUP; echo ready; while :; do sleep 0.1; done")
            try sandbox.eventually("its word") { sandbox.log(id).contains("ready") }
            try sandbox.output("kill", "-s", "USR1", "heard")
            try sandbox.eventually("the signal") { sandbox.log(id).contains("usr1") }
            try sandbox.output("kill", "--signal", "1", "heard")
            #expect(try sandbox.output("wait", "heard") == "7")
            let again = try sandbox.apus("kill", "heard")
            #expect(again.code == 1)
            #expect(again.errorText.contains("is not running"))
            #expect(try sandbox.apus("kill", "-s", "NOSUCH", "heard").code == 1)
            try sandbox.output("start", "heard")
            try sandbox.output("kill", "heard")
            #expect(try sandbox.inspect("heard", ".State.Status") == "exited")
            #expect(try sandbox.inspect("heard", ".State.ExitCode") == "137")
            try sandbox.output("rm", "heard")
        }
    }

    @Test(arguments: TestUser.available)
    func waitPrintsTheCodesOfSeveral(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.detached("w1", "sleep 1; exit 11")
            try sandbox.detached("w2", "exit 12")
            try sandbox.output("create", "--name", "w3", "--network", "none", "busybox", "true")
            #expect(try sandbox.output("wait", "w1", "w2", "w3") == "11\n12\n0")
            let missing = try sandbox.apus("wait", "w2", "nobody")
            #expect(missing.code == 1)
            #expect(missing.text == "12\n")
            try sandbox.output("rm", "w1", "w2", "w3")
        }
    }

    @Test(arguments: TestUser.available)
    func restartStopsAndStarts(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.detached("again", "echo x >> /starts; " + patient)
            try sandbox.eventually("its word") { sandbox.log(id).contains("ready") }
            let pid = try sandbox.inspect("again", ".State.Pid")
            #expect(try sandbox.output("restart", "again") == "again")
            #expect(try sandbox.inspect("again", ".State.Status") == "running")
            #expect(try sandbox.inspect("again", ".State.Pid") != pid)
            try sandbox.output("stop", "-t", "0", "again")
            // One that does not run is started.
            try sandbox.output("restart", "-t", "0", "again")
            #expect(try sandbox.inspect("again", ".State.Status") == "running")
            try sandbox.output("rm", "-f", "again")
            // One that goes when it ends stays.
            try sandbox.detached("brief", ["--rm"], "sleep 1000")
            try sandbox.output("restart", "-t", "0", "brief")
            #expect(try sandbox.output("ps", "--format", "{{.Names}}") == "brief")
            try sandbox.output("stop", "-t", "0", "brief")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func aRunningContainerIsRemovedByForceAloneInDockersWords(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.detached("busy", ["--restart", "always"], "sleep 1000")
            let refused = try sandbox.apus("rm", "busy")
            #expect(refused.code == 1)
            #expect(
                refused.errorText.contains(
                    "cannot remove container \"busy\": container is running: stop the container before removing or force remove"
                ))
            #expect(try sandbox.output("rm", "-f", "busy") == "busy")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func aRenamedContainerAnswersToItsNewNameAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.detached("old", ["--rm"], "sleep 1000")
            try sandbox.output("rename", "old", "new")
            #expect(try sandbox.inspect("new", ".Name") == "/new")
            #expect(try sandbox.apus("inspect", "old").code == 1)
            // The old name is free, and stays with who takes it when the renamed one goes.
            try sandbox.detached("old", "sleep 1000")
            let taken = try sandbox.apus("rename", "old", "new")
            #expect(taken.code == 1)
            #expect(taken.errorText.contains("new"))
            #expect(try sandbox.apus("rename", "new", "new").code == 1)
            try sandbox.output("stop", "-t", "0", "new")
            #expect(try sandbox.output("ps", "-a", "--format", "{{.Names}}") == "old")
            try sandbox.detached("new", "true")
            try sandbox.output("rm", "-f", "old", "new")
            #expect(try Files.list("\(sandbox.store)/names").filter { $0.first != "." }.isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func pauseSaysWhyItCannotBe(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("create", "--name", "still", "--network", "none", "busybox", "true")
            let result = try sandbox.apus("pause", "still")
            #expect(result.code == 1)
            #expect(result.errorText.contains("not running"))
            try sandbox.output("rm", "still")
        }
    }

    @Test(arguments: TestUser.available)
    func verbsAtOnceGiveWhatSomeOrderGives(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for _ in 0..<3 {
                try sandbox.detached("torn", "sleep 1000")
                let programs = try [
                    ["stop", "-t", "0", "torn"], ["kill", "torn"], ["restart", "-t", "0", "torn"], ["start", "torn"],
                    ["rm", "-f", "torn"], ["wait", "torn"], ["rm", "-f", "torn"],
                ].map { try sandbox.start($0) }
                for program in programs { _ = try program.wait(seconds: 60) }
                _ = try sandbox.apus("rm", "-f", "torn")
                #expect(try sandbox.output("ps", "-aq").isEmpty)
            }
        }
    }

    /// Docker kills the container's cgroup; where there is none to kill, the supervisor is who its orphans come to.
    @Test(arguments: TestUser.available)
    func nothingOutlivesAContainerWithoutAProcessNamespace(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script = "setsid sh -c 'setsid sleep 1001 & sleep 1002' >/dev/null 2>&1 & sleep 0.3; exit 3"
            let result = try sandbox.apus(
                "run", "--rm", "--network", "none", "--pid", "host", "busybox", "sh", "-c", script)
            #expect(result.code == 3, "\(result)")
            // `withSandbox` looks for what is left.
        }
    }

    /// The container's mounts are held until its end has been told, which nobody could notice; but for what is the host's: that is free
    /// before the command is over.
    @Test(arguments: TestUser.available)
    func nothingOfTheHostsIsHeldPastTheEndOfAContainer(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // The engine makes it.
            let folder = sandbox.store + "-given"
            for (name, flags, holds) in [
                ("alone", [], true), ("bound", ["-v", "\(folder):/given"], false),
                ("kept", ["-v", "volume:/given"], false),
                ("part", ["--mount", "type=bind,src=\(folder),dst=/given"], false),
            ] {
                let supervisor = try sandbox.supervisor(try sandbox.detached(name, flags, "sleep 1000"))
                let held = try Files.list("/proc/\(supervisor)/fd").filter {
                    (try? Files.readLink("/proc/\(supervisor)/fd/\($0)"))?.hasPrefix("mnt:[") == true
                }
                #expect(held.isEmpty != holds, "\(name): \(held)")
            }
            try sandbox.output("rm", "-f", "alone", "bound", "kept", "part")
        }
    }
}
