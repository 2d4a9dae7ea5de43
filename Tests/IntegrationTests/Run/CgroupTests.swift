import Glibc
import Linux
import TestSupport
import Testing

/// A cgroup for each container, where its user may make one.
@Suite(.enabled(if: DelegatedCgroup.obstacle == nil, "\(DelegatedCgroup.obstacle ?? "")"))
struct CgroupTests {
    @Test(arguments: TestUser.available)
    func aContainerHasACgroupThatGoesWithIt(_ user: TestUser) throws {
        try withDelegatedCgroup(user) { sandbox, cgroup throws in
            let own = try cgroup.apus(
                "run", "--rm", "--network", "none", "--cgroupns", "host", "busybox", "cat", "/proc/self/cgroup")
            #expect(own.code == 0)
            #expect(own.text.contains("/apus-") && own.text.contains("0::"), "\(own)")
            // In a namespace of its own it sees itself as the root of all.
            let inside = try cgroup.apus("run", "--rm", "--network", "none", "busybox", "cat", "/proc/self/cgroup")
            #expect(inside.text.split(separator: "\n").contains("0::/"), "\(inside)")
        }
    }

    @Test(arguments: TestUser.available)
    func aContainerMayDivideItsOwnWhereItCanWrite(_ user: TestUser) throws {
        try withDelegatedCgroup(user) { sandbox, cgroup throws in
            let script = "cd /sys/fs/cgroup && mkdir a && echo 0 >a/cgroup.procs && grep ^0:: /proc/self/cgroup"
            let result = try cgroup.apus(
                "run", "--rm", "--network", "none", "--privileged", "busybox", "sh", "-c", script)
            #expect(result.code == 0 && result.text == "0::/a\n", "\(result)")
            let usual = try cgroup.apus(
                "run", "--rm", "--network", "none", "busybox", "mkdir", "/sys/fs/cgroup/a")
            #expect(usual.code == 1, "\(usual)")
        }
    }

    @Test(arguments: TestUser.available)
    func aLimitIsEnforcedOrRefusedWithTheControllerThatIsMissing(_ user: TestUser) throws {
        try withDelegatedCgroup(user) { sandbox, cgroup throws in
            let result = try cgroup.apus("run", "--rm", "--network", "none", "-m", "64m", "busybox", "true")
            if result.code == 0 { return }
            #expect(result.code == 125)
            #expect(result.errorText.contains("limits of memory cannot be enforced"), "\(result)")
            #expect(result.errorText.contains("controller memory is not available"), "\(result)")
            let weight = try cgroup.apus("run", "--rm", "--network", "none", "--cpus", "0.5", "busybox", "true")
            #expect(weight.errorText.contains("limits of processor time cannot be enforced"), "\(weight)")
        }
    }

    @Test(arguments: TestUser.available)
    func aPausedContainerStandsStillAndCanBeKilled(_ user: TestUser) throws {
        try withDelegatedCgroup(user) { sandbox, cgroup throws in
            let script = "while :; do echo x >>/f; usleep 1000; done"
            let id = try cgroup.apus(
                "run", "-d", "--network", "none", "--name", "cc", "busybox", "sh", "-c", script)
            #expect(id.code == 0, "\(id)")
            let file = "\(sandbox.store)/containers/\(id.text.prefix(64))/upper/f"
            let deadline = ContinuousClock.now + .seconds(60)
            while !Files.exists(file), ContinuousClock.now < deadline { usleep(5000) }
            #expect(try cgroup.apus("pause", "cc").code == 0)
            #expect(try cgroup.apus("inspect", "--format", "{{.State.Status}}", "cc").text == "paused\n")
            let size = try Files.status(file).size
            usleep(100_000)
            #expect(try Files.status(file).size == size)
            #expect(try cgroup.apus("unpause", "cc").code == 0)
            while try Files.status(file).size == size, ContinuousClock.now < deadline { usleep(5000) }
            #expect(try Files.status(file).size > size)
            // Frozen processes hear SIGKILL.
            #expect(try cgroup.apus("pause", "cc").code == 0)
            #expect(try cgroup.apus("rm", "-f", "cc").code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func anUpdateThatCannotBeEnforcedChangesNothing(_ user: TestUser) throws {
        try withDelegatedCgroup(user) { sandbox, cgroup throws in
            #expect(
                try cgroup.apus("run", "-d", "--network", "none", "--name", "cc", "busybox", "sleep", "600").code == 0)
            let update = try cgroup.apus("update", "--memory", "64m", "cc")
            if update.code != 0 {
                #expect(update.errorText.contains("limits of memory cannot be enforced"), "\(update)")
                #expect(try cgroup.apus("inspect", "--format", "{{.HostConfig.Memory}}", "cc").text == "0\n")
            }
            #expect(try cgroup.apus("update", "cc").errorText.contains("one or more flags"))
            #expect(try cgroup.apus("update", "--memory", "1m", "cc").errorText.contains("minimum memory limit"))
            #expect(try cgroup.apus("update", "--restart", "always", "cc").code == 0)
            #expect(
                try cgroup.apus("inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", "cc").text == "always\n")
            #expect(try cgroup.apus("rm", "-f", "cc").code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func whatAKilledSupervisorLeftGoesWithTheContainer(_ user: TestUser) throws {
        try withDelegatedCgroup(user) { sandbox, cgroup throws in
            for flags in [[], ["--rm"]] {
                let run = try cgroup.run(
                    Executable.path,
                    ["run", "-d", "--network", "none", "--name", "cc"] + flags + ["busybox", "sleep", "600"])
                #expect(run.code == 0, "\(run)")
                let text = try cgroup.apus("inspect", "--format", "{{.State.Pid}}", "cc").text
                let pid = try #require(ProcessID(text.filter(\.isNumber)))
                let status = try Files.readText("/proc/\(pid)/status").split(separator: "\n")
                let parent = try #require(status.first { $0.hasPrefix("PPid:") }?.split(separator: "\t").last)
                kill(try #require(ProcessID(parent)), SIGKILL)
                let deadline = ContinuousClock.now + .seconds(60)
                while Files.exists("/proc/\(pid)"), ContinuousClock.now < deadline { usleep(5000) }
                let removal =
                    flags.isEmpty ? try cgroup.apus("rm", "-f", "cc") : try cgroup.apus("system", "prune", "-f")
                #expect(removal.code == 0, "\(removal)")
            }
        }
    }

    @Test(.enabled(if: Guard.isThere, "no program guards devices here"))
    func rootOpensTheDevicesThatItsRulesName() throws {
        try withDelegatedCgroup(.root) { sandbox, cgroup throws in
            let script = "mknod /n c 10 229 && dd if=/n of=/dev/null bs=1 count=0"
            func run(_ flags: [String]) throws -> ProgramResult {
                try cgroup.run(
                    Executable.path,
                    ["run", "--rm", "--network", "none", "--device-cgroup-rule", "c 10:1 r"] + flags
                        + ["busybox", "sh", "-c", script])
            }
            let refused = try run([])
            #expect(refused.code == 1 && refused.errorText.contains("Operation not permitted"), "\(refused)")
            #expect(try run(["--device-cgroup-rule", "c 10:229 rw"]).code == 0)
            #expect(try run(["--privileged"]).code == 0)
            // Writing alone does not help a reader.
            #expect(try run(["--device-cgroup-rule", "c 10:229 w"]).code == 1)
        }
    }
}
