import Glibc
import Linux
import TestSupport
import Testing

/// What a container may do by default, and what flags change of it.
@Suite struct SecurityTests {
    /// As /proc/PID/status shows the set `bits`, of which nobody can have more than the tests' own bounding set holds;
    /// in a user namespace of its own a container has all again.
    private func set(_ user: TestUser, _ given: UInt64, isPrivileged: Bool = false) throws -> String {
        var bits = given
        var own = UInt64.max
        if user == .root {
            // Where nothing keeps root of the host from opening a device node that it has made, it cannot make one.
            if !isPrivileged, !Guard.isThere { bits &= ~(1 << 27) }
            let line = try Files.readText("/proc/self/status").split(separator: "\n").first { $0.hasPrefix("CapBnd:") }
            own = UInt64(line!.split(separator: "\t")[1], radix: 16)!
        }
        let hex = String(bits & own, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }

    private static let standard: UInt64 = 0xa804_25fb
    private static let networkAdministration: UInt64 = 1 << 12

    private func status(_ sandbox: Sandbox, _ flags: [String], _ field: String) throws -> String {
        try sandbox.shell(flags, "awk '/^\(field):/ { print $2 }' /proc/self/status")
    }

    /// Where no device cgroup says which nodes open, none of an image or of a directory does: neither in layers that were copied
    /// (a store on an overlay) nor below --rootfs.
    @Test(.enabled(if: TestUser.root.isAvailable, "needs root, whom nothing else keeps from opening one"))
    func nodesOpenNothingWithoutADeviceGuard() throws {
        try withSandbox(.root) { sandbox throws in
            let script = """
                umount -R /sys/fs/cgroup; set -e
                mkdir disk rootfs; mount -t tmpfs none disk; mkdir disk/lower disk/upper disk/work disk/store
                mount -t overlay -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work none disk/store
                tar -C rootfs -xf "$1"; mknod -m 666 rootfs/node c 1 5; tar -C rootfs -cf image.tar .
                apus() { "$0" --root "$PWD/disk/store/apus" "$@"; }
                apus import image.tar nodes >/dev/null
                look='test -c /node && head -c 4 /node 2>/dev/null | wc -c'
                apus --storage-driver vfs run --rm --network none nodes sh -c "$look"
                apus run --rm --network none nodes sh -c "$look"
                apus run --rm --network none --read-only nodes sh -c "$look"
                apus run --rm --network none --rootfs "$PWD/rootfs" sh -c "$look"
                test "$(head -c 4 rootfs/node | wc -c)" = 4
                """
            let result = try sandbox.tool(
                "unshare", "-m", "--propagation", "private", "sh", "-c", script, Executable.path,
                try Fixtures.busyboxTar)
            #expect(result.text == "0\n0\n0\n0\n", "\(result)")
        }
    }

    /// What one start has found out of the kernel is no answer for another whose calls are filtered.
    @Test(.enabled(if: Guard.isThere, "no program guards devices here"))
    func aFilteredStartTriesByItselfWhetherDevicesCanBeGuarded() throws {
        try withBusybox(.root) { sandbox throws in
            let words = ["run", "--rm", "--network", "none", "busybox", "grep", "CapEff", "/proc/self/status"]
            func nodesCanBeMade(behind wrapper: [String]) throws -> Bool {
                let result = try wrapper.isEmpty ? sandbox.apus(words) : sandbox.apus(behind: wrapper, words)
                #expect(result.code == 0, "\(result)")
                let bits = UInt64(result.text.split(separator: "\t").last?.dropLast() ?? "", radix: 16)
                return try #require(bits) >> UInt64(Capability.deviceNodes) & 1 == 1
            }
            let note = "\(sandbox.runState)/device-guard"
            for wrapper in [[], try sandbox.refusing([.init(.bpf, EPERM)]), []] {
                #expect(try nodesCanBeMade(behind: wrapper) == wrapper.isEmpty)
                // The test's own calls may be filtered, too.
                if !KernelFacts.hasCallFilter { #expect(try Files.readLink(note).count == 16) }
            }
        }
    }

    @Test(arguments: TestUser.available)
    func capabilitiesAreDockersDefaultAndFlagsChangeThem(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try status(sandbox, [], "CapEff") == set(user, Self.standard))
            #expect(try status(sandbox, [], "CapBnd") == set(user, Self.standard))
            #expect(try status(sandbox, [], "CapInh") == "0000000000000000")
            #expect(try status(sandbox, [], "CapAmb") == "0000000000000000")
            #expect(try status(sandbox, ["--cap-drop", "ALL"], "CapBnd") == "0000000000000000")
            #expect(try status(sandbox, ["--cap-drop", "all", "--cap-add", "chown"], "CapEff") == "0000000000000001")
            #expect(
                try status(sandbox, ["--cap-add", "CAP_NET_ADMIN"], "CapEff")
                    == set(user, Self.standard | Self.networkAdministration))
            #expect(try status(sandbox, ["--user", "1000"], "CapEff") == "0000000000000000")
            #expect(try status(sandbox, ["--user", "1000"], "CapBnd") == set(user, Self.standard))
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "root alone has a bounding set to lose something from"))
    func withoutTheRightToLimitTheBoundingSetNothingIsGainedFromIt() throws {
        try withBusybox(.root) { sandbox throws in
            let wrapper = ["/usr/bin/setpriv", "--bounding-set=-setpcap"]
            for flags in [[], ["--cap-drop", "ALL", "--cap-add", "CHOWN"]] {
                let words =
                    ["run", "--rm", "--network", "none"] + flags + ["busybox", "grep", "Cap", "/proc/self/status"]
                let result = try sandbox.apus(behind: wrapper, words)
                #expect(result.code == 0, "\(result)")
                let line = try #require(result.lines.first { $0.hasPrefix("CapEff:") })
                let effective = try #require(UInt64(line.dropFirst(8), radix: 16))
                let allowed = flags.isEmpty ? Self.standard : 1
                #expect(effective & ~allowed == 0 && effective != 0, "\(result)")
            }
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "root alone may forbid memory files that are executed"))
    func nothingThatIsDataIsInAMemoryFileThatCouldBeExecuted() throws {
        guard Files.exists("/proc/sys/vm/memfd_noexec") else { return }
        try withBusybox(.root) { sandbox throws in
            // The setting is of the process namespace (Linux 6.6), and the longest request goes in a file.
            let script = """
                echo 2 >/proc/sys/vm/memfd_noexec || exit 99
                long=$(head -c 100000 /dev/zero | tr '\\0' x)
                "$0" create --name cc --network none busybox sleep 1000 >/dev/null &&
                "$0" start cc && "$0" exec -e A="$long" cc sh -c 'echo ${#A}'
                "$0" run --rm --init --network none busybox true
                "$0" rm -f cc
                """
            let words = [
                "/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "/bin/sh", "-c", script, Executable.path,
            ]
            let program = try RunningProgram(sandbox.spawn(words[0], Array(words[1...])))
            program.closeInput()
            let result = try program.wait()
            #expect(result.text == "cc\n100000\ncc\n", "\(result)")
            #expect(result.errorText.contains("vm.memfd_noexec"), "\(result)")
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
            #expect(try status(sandbox, ["--privileged"], "CapEff") == set(user, bits, isPrivileged: true))
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
}

/// Whether the kernel guards the devices of root's containers here (a cgroup of version 2 that can be made, and a
/// program for it): the machine is asked by a flag that is refused otherwise.
enum Guard {
    static let isThere: Bool = {
        guard TestUser.root.isAvailable else { return false }
        let result = try? withSandbox(.root) { sandbox throws in
            try sandbox.importBusybox()
            return try sandbox.run(["--device-cgroup-rule", "c 1:3 r"], "true")
        }
        return result?.code == 0
    }()
}
