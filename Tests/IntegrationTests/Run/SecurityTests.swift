import Linux
import TestSupport
import Testing

/// What a container may do by default, and what flags change of it.
@Suite struct SecurityTests {
    private func status(_ sandbox: Sandbox, _ flags: [String], _ field: String) throws -> String {
        try sandbox.shell(flags, "awk '/^\(field):/ { print $2 }' /proc/self/status")
    }

    @Test(arguments: TestUser.available)
    func capabilitiesAreDockersDefaultAndFlagsChangeThem(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try status(sandbox, [], "CapEff") == "00000000a80425fb")
            #expect(try status(sandbox, [], "CapBnd") == "00000000a80425fb")
            #expect(try status(sandbox, [], "CapInh") == "0000000000000000")
            #expect(try status(sandbox, [], "CapAmb") == "0000000000000000")
            #expect(try status(sandbox, ["--cap-drop", "ALL"], "CapBnd") == "0000000000000000")
            #expect(try status(sandbox, ["--cap-drop", "all", "--cap-add", "chown"], "CapEff") == "0000000000000001")
            #expect(try status(sandbox, ["--cap-add", "CAP_NET_ADMIN"], "CapEff") == "00000000a80435fb")
            #expect(try status(sandbox, ["--user", "1000"], "CapEff") == "0000000000000000")
            #expect(try status(sandbox, ["--user", "1000"], "CapBnd") == "00000000a80425fb")
        }
    }

    @Test(arguments: TestUser.available)
    func theDefaultFilterIsOnAndCanBeTurnedOff(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try status(sandbox, [], "Seccomp") == "2")
            #expect(try status(sandbox, ["--security-opt", "seccomp=unconfined"], "Seccomp") == "0")
            // A call that the default filter refuses to those without CAP_SYS_ADMIN.
            #expect(try sandbox.run([], "unshare", "-U", "true").code != 0)
            #expect(try sandbox.run(["--security-opt", "seccomp=unconfined"], "unshare", "-U", "true").code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func aFilterOfTheCallersIsUsed(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let profile = try sandbox.write(
                """
                {"defaultAction": "SCMP_ACT_ALLOW",
                 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 122}]}
                """, to: "profile.json")
            let result = try sandbox.run(["--security-opt", "seccomp=\(profile)"], "mkdir", "/x")
            #expect(result.code == 1)
            #expect(result.errorText.contains("Disk quota exceeded"))  // EDQUOT, 122
        }
    }

    @Test(arguments: TestUser.available)
    func newPrivilegesAreRefusedOnRequestAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try status(sandbox, [], "NoNewPrivs") == "0")
            #expect(try status(sandbox, ["--security-opt", "no-new-privileges"], "NoNewPrivs") == "1")
        }
    }

    @Test(arguments: TestUser.available)
    func pathsAreHiddenAndReadOnlyAsWithDocker(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.shell([], "head -c 1 /proc/kcore | wc -c; ls -A /sys/firmware | wc -l") == "0\n0")
            let writes =
                "for f in /proc/sys/kernel/domainname /proc/sysrq-trigger; do (echo x >$f) 2>/dev/null || echo refused; done"
            #expect(try sandbox.shell([], writes) == "refused\nrefused")
            #expect(try sandbox.run([], "touch", "/sys/fs/cgroup/x").code != 0)
            let unmasked = try sandbox.shell(
                ["--security-opt", "unmask=/sys/firmware"], "grep -c ' /sys/firmware ' /proc/self/mountinfo || true")
            #expect(unmasked == "0")
            #expect(try sandbox.shell([], "grep -c ' /sys/firmware ' /proc/self/mountinfo") == "1")
        }
    }

    @Test(arguments: TestUser.available)
    func privilegedGivesAllCapabilitiesAndNoFilter(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let all = try Files.readText("/proc/sys/kernel/cap_last_cap").split(separator: "\n")[0]
            let bits = (UInt64(1) << (UInt64(all)! + 1)) - 1
            let hex = String(bits, radix: 16)
            let padded = String(repeating: "0", count: 16 - hex.count) + hex
            #expect(try status(sandbox, ["--privileged"], "CapEff") == padded)
            #expect(try status(sandbox, ["--privileged"], "Seccomp") == "0")
            #expect(try sandbox.run(["--privileged"], "mount", "-t", "tmpfs", "none", "/tmp").code == 0)
            #expect(try sandbox.run([], "mount", "-t", "tmpfs", "none", "/tmp").code != 0)
        }
    }

    @Test(arguments: TestUser.available)
    func nothingOfTheHostsIsOpenInTheContainer(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // The shell's own listing opens one more.
            let list = try sandbox.shell([], "ls /proc/self/fd | tr '\\n' ' '")
            #expect(list.split(separator: " ") == ["0", "1", "2", "3"])
            #expect(try !sandbox.shell([], "cat /proc/1/cmdline /proc/self/mountinfo").contains("apus-it-bin"))
            #expect(try sandbox.shell([], "ls -d /proc/[0-9]* | wc -l").first.map { "123".contains($0) } == true)
        }
    }

    @Test(arguments: TestUser.available)
    func setuidProgramsRaiseTheUser(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script =
                "cp /bin/busybox /bin/sbb; chmod 4755 /bin/sbb; ln -s sbb /bin/sid; exec setpriv --reuid 1000 true 2>/dev/null; true"
            #expect(try sandbox.run([], "sh", "-c", script).code == 0)
            // busybox drops its setuid privilege for applets that do not need it: `id` shows the effective user alone.
            let su =
                "cp /bin/busybox /b; chmod 4755 /b; su user -s /bin/sh -c 'grep ^Uid: /proc/self/status; /b grep ^Uid: /proc/self/status'"
            let lines = try sandbox.shell([], su).split(separator: "\n")
            #expect(lines.first?.split(separator: "\t").dropFirst().first == "1000")
        }
    }
}
