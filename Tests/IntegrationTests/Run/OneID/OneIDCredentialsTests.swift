import Glibc
import Linux
import TestSupport
import Testing

/// Other users than root where there is one id.
@Suite(.enabled(if: OneIDMachine.isAvailable, "only root can hide /etc/subuid"))
struct OneIDCredentialsTests {
    private static let accounts =
        "echo 'db:x:70:71::/data:/bin/sh' >>/etc/passwd; echo 'db:x:71:' >>/etc/group; echo 'more:x:72:db' >>/etc/group; "

    /// A program that becomes another one is told so, and so is all that it starts, however it was started.
    @Test func aProgramBecomesAnotherUser() throws {
        try OneIDMachine.with { machine throws in
            let result = try machine.run(
                Self.accounts + """
                    id -u; su db -c 'id; sh -c "id -u; (usleep 100000; id -u) & wait"; echo end'; id -u
                    su db -c 'id; su -c id 2>/dev/null || echo refused; chown 5 /etc 2>/dev/null || echo refused'
                    su db -c ': >/own; chown 70:72 /own && chmod 640 /own && echo own; chown 7 /own 2>/dev/null && echo given'
                    """)
            #expect(
                result.lines == [
                    "0", "uid=70(db) gid=71(db) groups=71(db),72(more)", "70", "70", "end", "0",
                    "uid=70(db) gid=71(db) groups=71(db),72(more)", "refused", "refused", "own",
                ], "\(result)")
        }
    }

    /// What an image of a database does at its start: it gives its directory to its user, becomes that, and refuses to be
    /// root. Again after a restart, with what was kept.
    @Test func anEntryPointLikeADatabasesWorks() throws {
        try OneIDMachine.with { machine throws in
            try machine.make(
                "build",
                Self.accounts + """
                    mkdir /data; printf '#!/bin/sh\\nset -e\\nif [ "$(id -u)" = 0 ]; then chown -R db:db /data; exec su db -c "exec $0"; fi\\n\
                    [ "$(id -u):$(id -g)" = 70:71 ]\\necho run >>/data/log\\necho "ready as $(id -un)"\\nwc -l </data/log\\nexec sleep 1000\\n' >/entry
                    chmod 755 /entry
                    """)
            try machine.output("commit", "-c", "ENTRYPOINT [\"/entry\"]", "build", "database")
            try machine.output(
                "run", "-d", "--network", "none", "--name", "db", "--restart", "always", "-v", "store:/data", "database"
            )
            func logs(_ count: Int) throws -> [String] {
                for _ in 0..<600 {
                    let lines = try machine.output("logs", "db").split(separator: "\n").map(String.init)
                    if lines.count >= count { return lines }
                    usleep(20_000)
                }
                throw TestFailure("the database is not ready: \(try machine.output("logs", "db"))")
            }
            #expect(try logs(2) == ["ready as db", "1"])
            try machine.output("restart", "-t", "0", "db")
            #expect(try logs(4) == ["ready as db", "1", "ready as db", "2"])
            // The command beside it is root, and may become another one as well.
            #expect(try machine.output("exec", "db", "id", "-u") == "0")
            #expect(try machine.output("exec", "db", "su", "db", "-c", "id -u") == "70")
            #expect(try machine.output("exec", "-u", "db", "db", "id", "-u") == "70")
            // What a command leaves behind has its answers after it.
            try machine.output(
                "exec", "db", "sh", "-c",
                "(usleep 300000; : >/left; chown 9 /left && echo $? >/answer) >/dev/null 2>&1 &")
            for _ in 0..<300 where try machine.apus(["exec", "db", "test", "-s", "/answer"]).code != 0 {
                usleep(20_000)
            }
            #expect(try machine.exported("db")["left"] == "9/0 -rw-r--r--")
            try machine.output("rm", "-f", "db")
            let copy = try machine.apus([
                "run", "--rm", "-v", "store:/data", "--network", "none", "busybox", "wc", "-l", "/data/log",
            ])
            #expect(copy.text == "2 /data/log\n", "\(copy)")
        }
    }

    /// With `--user` a process really has the number, and everything that is the caller's is shown with it.
    @Test func anotherUserIsReal() throws {
        try OneIDMachine.with { machine throws in
            let script = """
                id -u; id -g; : >/tmp/f; stat -c %u:%g /tmp/f /etc/passwd; grep -E '^(Uid|Gid|CapEff)' /proc/self/status
                cat /proc/self/uid_map | tr -s ' '
                """
            let result = try machine.run(script, ["--user", "70:71"])
            #expect(
                result.lines.prefix(7) == [
                    "70", "71", "70:71", "70:71", "Uid:\t70\t70\t70\t70", "Gid:\t71\t71\t71\t71",
                    "CapEff:\t0000000000000000",
                ], "\(result)")
            #expect(result.lines.last == " 70 0 1", "\(result)")
            for (flags, answer) in [
                (["--user", "5"], "5:0"), (["--user", "0:5"], "0:5"), (["--user", "2147483647"], "2147483647:0"),
                (["--user", "daemon"], "1:1"),
            ] {
                let result = try machine.run("echo $(id -u):$(id -g)", flags)
                #expect(result.text == answer + "\n", "\(flags): \(result)")
            }
            let refused = try machine.run(
                "mkdir /x && chown 1 /x; mount -t tmpfs t /mnt; hostname x", ["--user", "70"])
            #expect(refused.code != 0, "\(refused)")
            let terminal = try machine.apus(
                [
                    "run", "--rm", "--network", "none", "-t", "--user", "70", "--init", "--read-only", "busybox", "sh",
                    "-c", "tty; id -u",
                ])
            #expect(terminal.text == "/dev/pts/0\r\n70\r\n", "\(terminal)")
            let groups = try machine.run("true", ["--group-add", "5"])
            #expect(groups.code == 125 && groups.errorText.contains("--group-add cannot be honoured"), "\(groups)")
        }
    }

    @Test func aHealthCheckIsAskedToo() throws {
        try OneIDMachine.with { machine throws in
            try machine.output(
                "run", "-d", "--network", "none", "--name", "cc", "--health-cmd",
                ": >/h && chown 6:6 /h && su daemon -s /bin/sh -c 'test $(id -u) = 1'", "--health-interval", "50ms",
                "--stop-timeout", "0", "busybox", "sleep", "1000")
            var state = ""
            for _ in 0..<300 where state != "healthy" {
                usleep(50_000)
                state = try machine.output("inspect", "-f", "{{.State.Health.Status}}", "cc")
            }
            #expect(state == "healthy")
            #expect(try machine.exported("cc")["h"] == "6/6 -rw-r--r--")
            try machine.output("rm", "-f", "cc")
        }
    }

    /// What cannot work is said by `info` and `system doctor`, and by the first start since the boot.
    @Test func theLimitsAreSaidOnce() throws {
        try OneIDMachine.with { machine throws in
            let sentence = "only one user id is available: owners of files are kept, but mostly shown as root's"
            let (first, second) = (try machine.run("true"), try machine.run("true"))
            #expect(first.code == 0 && first.errorText.contains("WARNING: " + sentence), "\(first)")
            #expect(second.code == 0 && second.errors.isEmpty, "\(second)")
            let info = try machine.apus(["info"])
            #expect(info.code == 0 && (info.text + info.errorText).contains(sentence), "\(info)")
            #expect(try machine.apus(["system", "doctor"]).text.contains(sentence))
            // Nobody else hears of it.
            let other = try machine.sandbox.apus("info")
            #expect(!(other.text + other.errorText).contains(sentence), "\(other)")
        }
    }

    /// The kernel takes one listener: in a container of a container the calls succeed and do nothing.
    @Test func belowAFilterThatAsksTheCallsAreIgnored() throws {
        try OneIDMachine.with { machine throws in
            let script = """
                export HOME=/tmp APUS_LINGER=0; /apus import /busybox.tar inner >/dev/null
                /apus run --rm --network none inner sh -c ': >/f; chown 5 /f && mknod /n c 1 3 && su daemon -s /bin/sh -c "id -u"'
                /apus run --rm --network none --user 5 inner id -u
                """
            let result = try machine.run(
                script,
                [
                    "--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL", "-v",
                    "\(Executable.path):/apus:ro", "-v", "\(try Fixtures.busyboxTar):/busybox.tar:ro",
                ])
            #expect(result.text == "0\n5\n", "\(result)")
        }
    }

    /// Where paths cannot be walked safely owners are not kept, and nobody is told of a failure.
    @Test func withoutASafeWayOwnersAreNotKept() throws {
        try OneIDMachine.with { machine throws in
            var refusals = try machine.sandbox.refusing([Refusal(.openat2, ENOSYS)])
            refusals = machine.sandbox.withoutSubordinateIDs + refusals
            let result = try machine.sandbox.apus(
                behind: refusals,
                [
                    "run", "--rm", "--network", "none", "busybox", "sh", "-c",
                    ": >/f; chown 1 /f && su daemon -s /bin/sh -c 'id -u'",
                ])
            #expect(result.text == "1\n", "\(result)")
        }
    }
}
