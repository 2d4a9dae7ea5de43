import Glibc
import Linux
import TestSupport
import Testing

/// Owners of files where there is one id: chown(2) works, and they are kept.
@Suite(.enabled(if: OneIDMachine.isAvailable, "only root can hide /etc/subuid"))
struct OneIDOwnersTests {
    @Test func everyWayToChangeAnOwnerIsKept() throws {
        try OneIDMachine.with { machine throws in
            try machine.make(
                "cc",
                """
                mkdir -p /d/e; echo x >/d/e/f; echo x >/g; chown -R 33:34 /d; chown 5:5 /g; chown 6:6 /g
                ln -s g /l; chown 7:6 /l; ln -s nowhere /broken; chown -h 8 /broken
                cd /d/e; echo x >r; chown 9:9 r; chown 10:9 ../e/./r; mkfifo /p; chown 3:3 /p
                echo x >/s; chmod 4755 /s; chown 11:11 /s; test "$(stat -c %a /s)" = 755; chmod 2755 /s
                echo x >/back; chown 12:12 /back; chown 0:0 /back
                test "$(stat -c %u:%g /g)" = 0:0
                """)
            let owners = try machine.exported("cc")
            #expect(owners["d/"] == "33/34 drwxr-xr-x" && owners["d/e/"] == "33/34 drwxr-xr-x")
            #expect(owners["d/e/f"] == "33/34 -rw-r--r--")
            #expect(owners["g"] == "7/6 -rw-r--r--")
            #expect(owners["d/e/r"] == "10/9 -rw-r--r--")
            #expect(owners["s"] == "11/11 -rwxr-sr-x")
            #expect(owners["back"] == "0/0 -rw-r--r--")
            // What can have no attribute of the user's is root's.
            #expect(owners["broken"] == "0/0 lrwxrwxrwx" && owners["p"] == "0/0 prw-r--r--")
        }
    }

    /// From an image to a container, through `commit`, a copy in both directions, and a volume.
    @Test func ownersGoAlongWithFiles() throws {
        try OneIDMachine.with { machine throws in
            try machine.output("load", "-i", try Fixtures.path("layers.docker.tar", of: .layers))
            try machine.output("create", "--name", "plain", "layers", "true")
            let original = try machine.exported("plain")
            #expect(original["files/owned"]?.hasPrefix("1/2 ") == true)
            #expect(original["files/high-ids"]?.hasPrefix("0/0") == false)
            try machine.make("one", "echo x >/files/new; chown 70:71 /files/new; chown 72 /files", image: "layers")
            try machine.output("commit", "one", "next")
            try machine.output("create", "--name", "two", "next", "true")
            let next = try machine.exported("two")
            #expect(next["files/new"] == "70/71 -rw-r--r--" && next["files/"]?.hasPrefix("72/0 ") == true)
            #expect(next["files/owned"] == original["files/owned"])
            // Nobody sees how they are kept.
            #expect(try machine.output("diff", "two").isEmpty)

            let file = "\(machine.sandbox.path)/work/out.tar"
            let copy = try machine.apus(["cp", "two:/files", "-"])
            #expect(copy.code == 0)
            try Files.write(copy.output, to: file)
            #expect(try OneIDMachine.listing(file)["files/new"] == "70/71 -rw-r--r--")
            #expect(!copy.text.contains("override_stat"))
            try machine.make("three", "mkdir /in")
            let back = try machine.apus(["cp", "-a", "-", "three:/in"], input: copy.output)
            #expect(back.code == 0, "\(back)")
            #expect(try machine.exported("three")["in/files/new"] == "70/71 -rw-r--r--")

            // A volume is filled with what the image has at its place.
            try machine.output(
                "run", "--name", "four", "--network", "none", "-v", "data:/files", "next", "sh", "-c",
                "chown 80:2 /files/owned")
            let volume = try machine.apus(["cp", "four:/files", "-"])
            try Files.write(volume.output, to: file)
            let kept = try OneIDMachine.listing(file)
            #expect(kept["files/new"] == "70/71 -rw-r--r--" && kept["files/"]?.hasPrefix("72/0 ") == true, "\(kept)")
            #expect(kept["files/owned"]?.hasPrefix("80/2 ") == true)
        }
    }

    @Test func thousandsOfFilesAreGivenAway() throws {
        try OneIDMachine.with { machine throws in
            try machine.make("cc", "mkdir /d; cd /d; seq 1500 | xargs touch; chown -R 42:43 /d; chown -R 44:43 /d")
            let owners = try machine.exported("cc")
            #expect(owners.filter { $0.key.hasPrefix("d/") && $0.value.hasPrefix("44/43 ") }.count == 1501)
        }
    }

    @Test func whatTheKernelWouldRefuseIsRefused() throws {
        try OneIDMachine.with { machine throws in
            let host = "\(machine.sandbox.path)/work/host"
            try Files.write([], to: host)
            let owner = try #require(TestUser.ordinary.entry)
            chown(host, owner.uid, owner.gid)
            let flags = ["-v", "/etc/hostname:/theirs", "-v", "\(host):/ro:ro", "--tmpfs", "/t"]
            let script = """
                try() { "$@" 2>&1 | sed 's/.*: //'; }
                try chown 1 /missing; try chown 1 /theirs; try chown 1 /ro; : >/f; try chown 1 /f/x
                try chown 1 /proc/1/root/f
                ln -s loop /loop; try chown 1 /loop
                chown 1 /dev/stdout /proc/self/fd/1 /t && : >/t/f && chown 1:1 /t/f && echo done
                """
            let result = try machine.run(script, flags)
            #expect(
                result.lines == [
                    "No such file or directory", "Operation not permitted", "Read-only file system", "Not a directory",
                    "Too many levels of symbolic links", "Too many levels of symbolic links", "done",
                ], "\(result)")
            // Without the capability nobody gives anything away.
            let without = try machine.run(": >/f; chown 1 /f || chown 0 /f && echo own", ["--cap-drop", "CHOWN"])
            #expect(without.text == "own\n", "\(without)")
            // Whatever else the container's filter does.
            for option in ["seccomp=unconfined", "no-new-privileges"] {
                let result = try machine.run(": >/f; chown 1 /f && echo done", ["--security-opt", option])
                #expect(result.text == "done\n", "\(result)")
            }
            let privileged = try machine.run(": >/f; chown 1 /f && echo done", ["--privileged"])
            #expect(privileged.text == "done\n", "\(privileged)")
        }
    }

    /// As an image's build makes /dev, and as debootstrap does.
    @Test func devicesAreFilesThatSaySo() throws {
        try OneIDMachine.with { machine throws in
            try machine.make(
                "cc",
                "umask 027; mknod /n c 10 229; mknod -m 666 /b b 7 300; chown 1:6 /b; mkfifo /p; test -f /n; test -p /p"
            )
            let owners = try machine.exported("cc")
            #expect(owners["n"] == "0/0 crw-r----- 10,229")
            #expect(owners["b"] == "1/6 brw-rw-rw- 7,300")
            try machine.output("commit", "cc", "devices")
            try machine.output("create", "--name", "dd", "devices", "true")
            #expect(try machine.exported("dd")["n"] == owners["n"])
            let without = try machine.run("mknod /n c 1 3; mknod / c 1 3", ["--cap-drop", "MKNOD"])
            #expect(without.code != 0 && !without.errorText.contains("Function not implemented"), "\(without)")
            let taken = try machine.run("mknod /bin c 1 3; mknod /missing/n c 1 3")
            #expect(taken.errorText.contains("File exists") && taken.errorText.contains("No such file"), "\(taken)")
        }
    }
}
