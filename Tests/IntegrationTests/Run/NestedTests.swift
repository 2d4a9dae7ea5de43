import Glibc
import Linux
import TestSupport
import Testing

/// apus in a container of its own: each way of starting the outer one works, or the inner one names the one thing that is
/// missing, and what gives it.
@Suite struct NestedTests {
    /// What an inner container says: its own word, or the end of the engine's sentence.
    private static let script = """
        export HOME=/tmp APUS_LINGER=0
        /apus import /busybox.tar inner >/dev/null 2>/tmp/said || { cat /tmp/said; exit; }
        /apus run --rm --network none inner echo works 2>&1
        /apus run --rm --network host inner echo works 2>&1
        /apus run --rm --network none -m 32m inner echo works 2>&1
        /apus run --rm inner echo works 2>&1
        /apus run -d --name kept --network host inner sleep 100 >/dev/null 2>&1 && /apus exec kept echo works 2>&1
        /apus rm -f kept >/dev/null 2>&1
        """

    private func inner(_ sandbox: Sandbox, _ flags: [String]) throws -> [String] {
        let mounts = [
            "-v", "\(Executable.path):/apus:ro", "-v", "\(try Fixtures.busyboxTar):/busybox.tar:ro",
        ]
        let result = try sandbox.apus(
            ["run", "--rm", "--network", "none"] + flags + mounts + ["busybox", "sh", "-c", Self.script], seconds: 300)
        #expect(result.code == 0, "\(result)")
        return result.text.split(whereSeparator: \.isNewline).map(String.init)
    }

    /// The words of `expected` in this order, each in a line of its own.
    private func expect(_ lines: [String], _ expected: [String], _ flags: [String]) {
        #expect(lines.count == expected.count, "\(flags): \(lines)")
        for (line, words) in zip(lines, expected) { #expect(line.contains(words), "\(flags)") }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func withTheDefaultsTheFilterIsNamed() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let lines = try inner(sandbox, [])
            #expect(lines.count == 1 && lines[0].contains("--security-opt seccomp=unconfined"), "\(lines)")
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func withoutTheFilterTheCoveredProcIsNamed() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let flags = ["--security-opt", "seccomp=unconfined"]
            let lines = try inner(sandbox, flags)
            let covered = "start that one with its /proc unmasked"
            expect(
                lines,
                ["only one user id is available", covered, covered, "limits of memory cannot be enforced", covered],
                flags)
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func withOneIDAndAWholeProcContainersRun() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let flags = ["--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL"]
            let lines = try inner(sandbox, flags)
            // Without /dev/net/tun, and without a helper.
            expect(
                lines,
                [
                    "only one user id is available", "works", "works", "limits of memory cannot be enforced", "works",
                    "works",
                ], flags)
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func inAPrivilegedOneContainersRun() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let lines = try inner(sandbox, ["--privileged"])
            expect(
                lines,
                ["works", "works", "limits of memory cannot be enforced", "works", "works"],
                ["--privileged"])
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func aRootWithoutANetworkNamespaceRunsOnTheOuterOnes() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let flags = ["--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined"]
            let lines = try inner(sandbox, flags)
            let lacking = "lacks CAP_NET_ADMIN"
            expect(
                lines,
                [lacking, "works", "limits of memory cannot be enforced", "no network but loopback", lacking, "works"],
                flags)
        }
    }

    /// Volumes, copies and snapshots of an inner container; prints "works" at the end of all.
    private static let dataScript = """
        export HOME=/tmp APUS_ROOT=/tmp/store APUS_RUN=/tmp/run APUS_LINGER=0; set -e
        /apus import /busybox.tar inner >/dev/null 2>/tmp/said
        mkdir -p d/sub; echo one >d/sub/f; ln -s f d/sub/l; chmod 4711 d/sub/f
        /apus run --name cc --network none -v vol:/v -v /anonymous inner sh -c 'echo two >/v/g; echo three >/etc/new; rm -f '$GONE
        /apus cp d cc:/d; /apus cp d cc:/v/d; /apus cp cc:/d out; test "$(stat -c %a/%F out/sub/f)" = "4711/regular file"
        /apus cp cc:/v/. vout; test "$(cat vout/g vout/d/sub/l)" = "$(printf 'two\none')"
        /apus commit cc made >/dev/null
        /apus run --rm --network none made sh -c 'cat /etc/new; test ! -e '$GONE'; test -u /d/sub/f; test ! -e /v/g'
        /apus export cc | tar -tf - | grep -c '^d/sub/f$'
        /apus run --rm --network none -v vol:/v:ro inner cat /v/d/sub/f
        /apus diff cc | grep -c "^D $GONE$" || :
        /apus rm -v cc >/dev/null; /apus rmi made >/dev/null; /apus volume rm vol; /apus volume ls -q | wc -l
        /apus system check >/tmp/checked || cat /tmp/checked; echo works
        """

    // A store on the outer container's overlay cannot hold what a layer removes.
    @Test(
        .enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"),
        arguments: [
            ["--privileged"], ["--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL"],
            ["--privileged", "-e", "GONE=/bin/ls", "--tmpfs", "/tmp:exec,mode=1777"],
        ])
    func volumesCopiesAndSnapshotsWork(_ flags: [String]) throws {
        try withBusybox(.ordinary) { sandbox throws in
            let mounts = ["-v", "\(Executable.path):/apus:ro", "-v", "\(try Fixtures.busyboxTar):/busybox.tar:ro"]
            let result = try sandbox.apus(
                ["run", "--rm", "--network", "none", "-w", "/tmp", "-e", "GONE=/nothing"] + flags + mounts
                    + ["busybox", "sh", "-c", Self.dataScript], seconds: 300)
            let gone = flags.contains("--tmpfs") ? 1 : 0
            #expect(result.text == "three\n1\none\n\(gone)\nvol\n0\nworks\n", "\(flags): \(result)")
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func whatAnOverlayCannotHoldIsSaid() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let mounts = ["-v", "\(Executable.path):/apus:ro", "-v", "\(try Fixtures.busyboxTar):/busybox.tar:ro"]
            let result = try sandbox.apus(
                ["run", "--rm", "--network", "none", "--privileged", "-e", "HOME=/tmp"] + mounts
                    + [
                        "busybox", "sh", "-c",
                        """
                        /apus import /busybox.tar inner >/dev/null 2>&1
                        /apus run --name cc --network none inner rm /bin/ls; /apus commit cc made
                        """,
                    ])
            #expect(result.code != 0 && result.errorText.contains("put it on a volume or a tmpfs"), "\(result)")
        }
    }
}
