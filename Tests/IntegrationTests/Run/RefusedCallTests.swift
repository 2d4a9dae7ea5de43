import Glibc
import Linux
import TestSupport
import Testing

/// Kernels that lack system calls (ENOSYS), and filters of outer containers that refuse them (EPERM): a run works without.
@Suite(.enabled(if: TestUser.root.isAvailable, "setuid helpers work only below a filter that root has loaded"))
struct RefusedCallTests {
    private static let calls: [Refusal.Call] = [
        .clone3, .openat2, .mountSetattr, .openTree, .fsopen, .fsconfig, .fsmount, .moveMount, .closeRange, .pidfdOpen,
        .pidfdSendSignal,
    ]

    /// What is refused together, each with both answers.
    private static let cases: [[Refusal]] = {
        var list: [[Refusal]] = []
        for errno in [ENOSYS, EPERM] {
            list += calls.map { [Refusal($0, errno)] }
            // A kernel of 2018, but for what a start cannot do without.
            list.append(calls.map { Refusal($0, errno) })
        }
        // Before Linux 5.8 a pidfd is no namespace.
        list.append([Refusal(.setns, EINVAL, flags: 0x1000_0000)])
        list.append([Refusal(.pidfdOpen, ENOSYS), Refusal(.pidfdSendSignal, ENOSYS)])
        return list
    }()

    // What must hold in every container: masks, read-only paths, no devices on the root, its own processes alone.
    private static let script = """
        echo $(id -u):$(pwd):$(cat /bound/file)
        touch /x && echo root
        touch /bound/x 2>/dev/null || echo bind
        touch /tree/sub/x 2>/dev/null || echo tree
        cat /proc/kcore 2>/dev/null | head -c 1 | wc -c
        ls /proc/acpi /sys/firmware | grep -v : | tr -d '\\n'
        echo 1 2>/dev/null >/proc/sys/kernel/domainname || echo sysctl
        echo b 2>/dev/null >/proc/sysrq-trigger || echo trigger
        ls -d /proc/[0-9]* | head -1
        ls /proc/self/fd | tr '\\n' ' '
        """
    private static let answer = "0:/made:bound\nroot\nbind\ntree\n0\nsysctl\ntrigger\n/proc/1\n0 1 2 3 "

    @Test(arguments: TestUser.available, cases)
    func aRunWorksWithout(_ user: TestUser, _ refusals: [Refusal]) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.write("bound", to: "file")
            try sandbox.tool("mkdir", "-p", "\(sandbox.path)/work/tree/sub")
            let wrapper = try mounting(sandbox) + sandbox.refusing(refusals)
            let flags = [
                "run", "--rm", "--network", "none", "-w", "/made", "-v", "\(sandbox.path)/work:/bound:ro", "-v",
                "\(sandbox.path)/work/tree:/tree:ro",
            ]
            let result = try sandbox.apus(behind: wrapper, flags + ["busybox", "sh", "-c", Self.script])
            #expect(result.code == 0 && result.text == Self.answer, "\(refusals): \(result)")
            let readOnly = try sandbox.apus(
                behind: wrapper, flags + ["--read-only", "busybox", "sh", "-c", "touch /x 2>/dev/null || echo $?"])
            #expect(readOnly.text == "1\n", "\(refusals): \(readOnly)")
        }
    }

    // A file system of its own below a directory that is bound: "read-only" is about it too.
    private func mounting(_ sandbox: Sandbox) -> [String] {
        [
            "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
            "mount -t tmpfs -o mode=777 tmpfs '\(sandbox.path)/work/tree/sub' && exec \"$@\"", "sh",
        ]
    }

    @Test(arguments: TestUser.available, [ENOSYS, EPERM])
    func imagesAreStoredWithout(_ user: TestUser, _ errno: CInt) throws {
        try withSandbox(user) { sandbox throws in
            let wrapper = try sandbox.refusing([.init(.openat2, errno), .init(.closeRange, errno)])
            let load = try sandbox.apus(
                behind: wrapper, ["load", "-i", Fixtures.path("layers.docker.tar", of: .layers)])
            #expect(load.code == 0, "\(load)")
            let run = try sandbox.apus(
                behind: wrapper, ["run", "--rm", "--network", "none", "layers", "stat", "-c", "%u:%g", "/files/owned"])
            #expect(run.text == "1:2\n", "\(run)")
        }
    }

    @Test(arguments: TestUser.available)
    func otherNetworksAndTerminalsWorkWithout(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let wrapper = try sandbox.refusing(Self.calls.map { Refusal($0, ENOSYS) })
            for network in ["host", "slirp4netns"] {
                let result = try sandbox.apus(
                    behind: wrapper,
                    [
                        "run", "--rm", "-t", "--network", network, "busybox", "sh", "-c",
                        "test -t 0 && ls /sys/class/net",
                    ])
                #expect(result.code == 0 && result.text.contains("lo"), "\(network): \(result)")
            }
        }
    }

    /// Signals reach the container, and it can be removed, without any of the calls that name processes surely.
    @Test(arguments: TestUser.available)
    func aRunningContainerIsSignalledAndRemovedWithout(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let wrapper = try sandbox.refusing([.init(.pidfdOpen, ENOSYS), .init(.pidfdSendSignal, EPERM)])
            let inner = sandbox.spawn(
                Executable.path,
                [
                    "run", "--name", "named", "--network", "none", "busybox", "sh", "-c",
                    "trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done",
                ])
            var outer = Spawn(wrapper[0], [wrapper[1], inner.path] + inner.arguments, environment: inner.environment)
            outer.workingDirectory = inner.workingDirectory
            let program = try RunningProgram(outer)
            program.closeInput()
            try program.waitForOutput("up")
            let refused = try sandbox.apus(behind: wrapper, ["rm", "named"])
            #expect(refused.code == 1)
            let removed = try sandbox.apus(behind: wrapper, ["rm", "-f", "named"])
            #expect(removed.code == 0, "\(removed)")
            #expect(try program.wait().code == 137)
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func anOwnUserNamespaceWorksOrSaysWhyNot() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let run = ["run", "--rm", "--network", "none", "--userns", "keep-id", "busybox", "id", "-u"]
            for call in [Refusal.Call.clone3, .openat2, .mountSetattr, .closeRange, .pidfdOpen, .pidfdSendSignal] {
                let result = try sandbox.apus(behind: sandbox.refusing([.init(call, ENOSYS)]), run)
                #expect(result.text == "\(TestUser.ordinary.entry!.uid)\n", "\(call): \(result)")
            }
            let wrapper = try sandbox.refusing([.init(.moveMount, EPERM)])
            let kept = try sandbox.apus(behind: wrapper, run)
            #expect(kept.text == "\(TestUser.ordinary.entry!.uid)\n", "\(kept)")
            // Who is nobody outside cannot find the way to the root file system.
            let nobody = try sandbox.apus(
                behind: wrapper, ["run", "--rm", "--network", "none", "--userns", "nomap", "busybox", "true"])
            #expect(nobody.code == 125 && nobody.errorText.contains("move_mount(2)"), "\(nobody)")
        }
    }
}
