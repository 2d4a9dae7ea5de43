import Glibc
import Linux
import TestSupport
import Testing

/// Volumes that are a file system of their own: one for all containers that run with them.
@Suite struct SharedVolumeTests {
    private func makeVolume(_ sandbox: Sandbox, _ name: String, _ options: String = "size=2m,mode=750") throws {
        try sandbox.output(
            "volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=\(options)", name)
    }

    private func start(_ sandbox: Sandbox, _ name: String, _ volume: String = "mem:/v") throws -> String {
        try sandbox.output(
            "run", "-d", "--name", name, "--network", "none", "-v", volume, "busybox", "sleep", "1000")
    }

    @Test(arguments: TestUser.inThreeModes)
    func containersShareOneTemporaryFileSystem(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try makeVolume(sandbox, "mem")
            _ = try start(sandbox, "one")
            try sandbox.output("exec", "one", "sh", "-c", "mkdir /v/d && echo first >/v/d/f")
            #expect(
                try sandbox.shell(
                    ["-v", "mem:/w"], "cat /w/d/f; stat -c %a /w; df -k /w | tail -1 | awk '{print $2}'; touch /w/g")
                    == "first\n750\n2048")
            #expect(try sandbox.shell(["--mount", "src=mem,dst=/p,volume-subpath=d"], "ls /p") == "f")
            let refused = try sandbox.run(["-v", "mem:/v:ro"], "touch", "/v/x")
            #expect(refused.code == 1 && refused.errorText.contains("Read-only file system"), "\(refused)")
            #expect(try sandbox.output("exec", "one", "ls", "/v") == "d\ng")
            // It is there as long as anybody has it, and no longer; of the image nothing is in it.
            _ = try start(sandbox, "two", "mem:/etc")
            try sandbox.output("restart", "-t", "0", "one")
            #expect(try sandbox.output("exec", "one", "sh", "-c", "ls /v | grep -v -e host -e resolv") == "d\ng")
            #expect(try sandbox.output("exec", "two", "sh", "-c", "ls /etc | grep -v -e host -e resolv") == "d\ng")
            try sandbox.output("rm", "-f", "two")
            try sandbox.output("restart", "-t", "0", "one")
            #expect(try sandbox.output("exec", "one", "ls", "/v") == "")
            try sandbox.output("rm", "-f", "one")
            #expect(try Files.list("\(sandbox.store)/volumes/mem/mounts").isEmpty)
            #expect(try Files.list("\(sandbox.store)/volumes/mem/_data").isEmpty)
            try sandbox.output("volume", "rm", "mem")
            try sandbox.eventuallyInOrder()
        }
    }

    /// Whoever mounted it first may be killed: the others have it still.
    @Test(arguments: TestUser.inThreeModes)
    func aKilledFirstOneTakesNothingAway(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try makeVolume(sandbox, "mem")
            let first = try start(sandbox, "one")
            try sandbox.output("exec", "one", "sh", "-c", "echo first >/v/f")
            _ = try start(sandbox, "two")
            let supervisor = try sandbox.supervisor(first)
            let identity = try #require(ProcessIdentity(of: supervisor))
            kill(supervisor, SIGKILL)
            try sandbox.eventually("the supervisor's end") { !identity.isAlive }
            #expect(try sandbox.shell(["-v", "mem:/v"], "cat /v/f") == "first")
            try sandbox.output("rm", "-f", "one", "two")
            #expect(try sandbox.shell(["-v", "mem:/v"], "ls /v") == "")
            #expect(try Files.list("\(sandbox.store)/volumes/mem/mounts").isEmpty)
        }
    }

    /// Each waits for all others in the file system that they must have in common.
    @Test(arguments: TestUser.inThreeModes)
    func thoseThatStartAtOnceMeet(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try makeVolume(sandbox, "mem")
            let wait = "n=0; while [ $(ls /v | wc -l) -lt 6 ]; do n=$((n+1)); [ $n -lt 600 ] || exit 9; sleep 0.1; done"
            let programs = try (0..<6).map { number in
                try sandbox.start([
                    "run", "--rm", "--network", "none", "-v", "mem:/v", "busybox", "sh", "-c",
                    "mkdir /v/\(number); \(wait)",
                ])
            }
            for program in programs {
                let result = try program.wait(seconds: 120)
                #expect(result.code == 0, "\(result)")
            }
            #expect(try sandbox.shell(["-v", "mem:/v"], "ls /v") == "")
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func whatCannotBeMountedIsSaidAsDockerDoes(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try makeVolume(sandbox, "bad", "noexec,size=xx")
            let result = try sandbox.run(["-v", "bad:/v"], "true")
            let data = "\(sandbox.store)/volumes/bad/_data"
            #expect(result.code == 125, "\(result)")
            #expect(
                result.errorText.contains(
                    "error while mounting volume '\(data)': failed to mount local volume: mount tmpfs:\(data), "
                        + "flags: 0x8, data: size=xx: invalid argument"), "\(result)")
            try sandbox.output("create", "--name", "cc", "-v", "bad:/v", "busybox", "true")
            #expect(try sandbox.apus("start", "cc").code == 1)
            #expect(try Files.list("\(sandbox.store)/volumes/bad/mounts").isEmpty)
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "only root may mount these file systems"))
    func rootMountsOtherFileSystems() throws {
        try withBusybox(.root) { sandbox throws in
            for (name, type, device) in [
                ("ram", "ramfs", "ramfs"), ("none", "nosuchfs", "x"), ("gone", "ext4", "/gone"),
            ] {
                try sandbox.output("volume", "create", "-o", "type=\(type)", "-o", "device=\(device)", name)
            }
            _ = try start(sandbox, "one", "ram:/v")
            try sandbox.output("exec", "one", "sh", "-c", "echo there >/v/f")
            #expect(try sandbox.shell(["-v", "ram:/v"], "cat /v/f; stat -f -c %T /v") == "there\nramfs")
            try sandbox.output("rm", "-f", "one")
            let unknown = try sandbox.run(["-v", "none:/v"], "true")
            #expect(unknown.code == 125 && unknown.errorText.contains("/_data: no such device"), "\(unknown)")
            let gone = try sandbox.run(["-v", "gone:/v"], "true")
            #expect(gone.code == 127 && gone.errorText.contains("mount /gone:"), "\(gone)")
        }
    }
}
