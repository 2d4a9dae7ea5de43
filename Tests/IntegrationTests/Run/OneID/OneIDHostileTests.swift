import Glibc
import Linux
import TestSupport
import Testing

/// Containers that want more of the process that keeps owners than owners.
@Suite(.enabled(if: OneIDMachine.isAvailable, "only root can hide /etc/subuid"))
struct OneIDHostileTests {
    private func attribute(_ path: String) throws -> [UInt8]? {
        let file = try FileDescriptor.open(path, O_RDONLY)
        return try ExtendedAttributes.get(KeptOwner.attribute, of: file.rawValue)
    }

    /// A file of the machine that the container's user may write, and that no container is given.
    private func secret(_ machine: OneIDMachine) throws -> String {
        let path = "\(machine.sandbox.path)/work/secret"
        try Files.write([], to: path)
        let owner = try #require(TestUser.ordinary.entry)
        chown(path, owner.uid, owner.gid)
        return path
    }

    @Test func noPathLeadsOutOfTheRoot() throws {
        try OneIDMachine.with { machine throws in
            let path = try secret(machine)
            let up = String(repeating: "../", count: 40)
            let result = try machine.run(
                """
                ln -s \(path) /absolute; ln -s \(up)\(path) /relative; mkdir -p /a/b; cd /a/b
                for f in /absolute /relative \(path) \(up)\(path) .././../..\(path); do chown 5 $f && echo given; done
                chroot / /bin/sh -c 'chown 5 \(path)' && echo given
                echo end
                """)
            #expect(result.text == "end\n", "\(result)")
            #expect(try attribute(path) == nil)
            // With a directory of its own tree as the root the ways end there.
            let inner = try machine.run(
                "mkdir -p /r/bin /r/d; cp /bin/busybox /r/bin; : >/r/d/f; : >/f; ln -s /f /r/d/l; "
                    + "chroot /r /bin/busybox chown 5 /d/f && echo given; chroot /r /bin/busybox chown 5 /d/l ../../f",
                [])
            #expect(inner.text == "given\n", "\(inner)")
        }
    }

    /// Somebody who sees the machine's processes does not reach their files by procfs's links.
    @Test func noLinkOfAProcessLeadsToAnothersFiles() throws {
        try OneIDMachine.with { machine throws in
            let path = try secret(machine)
            let result = try machine.run(
                "ln -s /proc/1/root\(path) /l; for p in /proc/[0-9]*; do chown 5 $p/root\(path) 2>/dev/null && echo given; "
                    + "chown 5 $p/cwd\(path) 2>/dev/null && echo given; done; chown 5 /l 2>/dev/null && echo given; echo end",
                ["--pid", "host", "--cap-add", "SYS_PTRACE"])
            #expect(result.text == "end\n", "\(result)")
            #expect(try attribute(path) == nil)
        }
    }

    @Test func aPathThatChangesMeanwhileStaysInside() throws {
        try OneIDMachine.with { machine throws in
            let path = try secret(machine)
            let result = try machine.run(
                """
                mkdir -p /a/d /b; : >/a/d/secret; ln -s \(machine.sandbox.path)/work /b/d
                (i=0; while [ $i -lt 300 ]; do ln -sfn /a /x; ln -sfn /b /x; i=$((i + 1)); done) &
                i=0; while [ $i -lt 300 ]; do chown $((i + 1)) /x/d/secret 2>/dev/null; i=$((i + 1)); done
                wait; chown 77 /a/d/secret && echo end
                """)
            #expect(result.text == "end\n", "\(result)")
            #expect(try attribute(path) == nil)
        }
    }

    /// The server goes on, and the container ends as others do.
    @Test func processesThatDieMeanwhileDoNoHarm() throws {
        try OneIDMachine.with { machine throws in
            let result = try machine.run(
                """
                : >/f
                for n in 1 2 3 4 5 6 7 8 9 10; do
                  for m in 1 2 3 4; do (while :; do chown $n:$m /f; done) & pids="$pids $!"; done
                  usleep 20000; kill -9 $pids; wait; pids=
                done
                chown 8:9 /f && echo end
                """)
            #expect(result.text == "end\n", "\(result)")
            // What is left behind asks until the end.
            let left = try machine.run(": >/f; (while :; do chown 1 /f; done) & chown 2 /f && echo end")
            #expect(left.text == "end\n", "\(left)")
        }
    }

    /// Who writes the attribute itself, or finds another's, says what chown(2) could have said. What is none is nobody's.
    @Test func aForgedAttributeIsAnOwnerAtMost() throws {
        try OneIDMachine.with { machine throws in
            let folder = "\(machine.sandbox.path)/work/forged"
            try Files.makeDirectory(folder, mode: 0o777)
            let owner = try #require(TestUser.ordinary.entry)
            let values = [
                "garbage", "1:2", "4294967295:0:0777", "5:6:04777", "7:8:0600:char-1-3", "9:9:0600:block-99999999999-0",
                String(repeating: "1", count: 2000), "",
            ]
            chown(folder, owner.uid, owner.gid)
            for (place, value) in values.enumerated() {
                let file = try FileDescriptor.open("\(folder)/f\(place)", O_WRONLY | O_CREAT)
                try ExtendedAttributes.set(KeptOwner.attribute, of: file.rawValue, to: Array(value.utf8))
                fchown(file.rawValue, owner.uid, owner.gid)
            }
            try machine.output(
                "create", "--name", "cc", "-v", "\(folder):/forged", "busybox", "chown", "-R", "60:50", "/forged")
            func owners() throws -> [String] {
                let file = "\(machine.sandbox.path)/work/forged.tar"
                let copy = try machine.apus(["cp", "cc:/forged", "-"])
                try #require(copy.code == 0, "\(copy)")
                try Files.write(copy.output, to: file)
                let listing = try OneIDMachine.listing(file)
                return values.indices.map { listing["forged/f\($0)"] ?? "none" }
            }
            let before = try owners()
            #expect(
                before == [
                    "0/0 -rw-r--r--", "0/0 -rw-r--r--", "0/0 -rw-r--r--", "5/6 -rw-r--r--", "7/8 crw------- 1,3",
                    "0/0 -rw-r--r--", "0/0 -rw-r--r--", "0/0 -rw-r--r--",
                ])
            try machine.output("start", "-a", "cc")
            let after = try owners()
            #expect(
                after == [
                    "60/50 -rw-r--r--", "60/50 -rw-r--r--", "60/50 -rw-r--r--", "60/50 -rw-r--r--",
                    "60/50 crw------- 1,3", "60/50 -rw-r--r--", "60/50 -rw-r--r--", "60/50 -rw-r--r--",
                ])
            // Nothing of a container is set-user-ID on the machine by it.
            #expect(try Files.status("\(folder)/f3").permissions & 0o6000 == 0)
        }
    }
}
