import Glibc
import Linux
import TestSupport
import Testing

/// The process that serves a container's root file system.
@Suite(.enabled(if: DriverCase.hasFuse, "fuse-overlayfs is not installed, or /dev/fuse does not open for everybody"))
struct FuseServerTests {
    private func server(_ sandbox: Sandbox) throws -> ProcessID {
        let found = leftovers(of: sandbox.path).filter { $0.command.contains("fuse-overlayfs -f") }
        guard let first = found.first, found.count == 1 else { throw TestFailure("no server in \(found)") }
        return first.pid
    }

    @Test(arguments: TestUser.available) func itsEndIsTheContainersWithASentence(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let driver = DriverCase(driver: "fuse-overlayfs", user: user)
            let program = try sandbox.start(
                driver.flags + [
                    "run", "--network", "none", "--name", "cc", "busybox", "sh", "-c", "echo on; sleep 1000",
                ])
            try sandbox.eventually("its server") {
                (try? sandbox.inspect("cc", ".State.Status")) == "running" && (try? server(sandbox)) != nil
            }
            kill(try server(sandbox), SIGKILL)
            let result = try program.wait(seconds: 60)
            let sentence = "fuse-overlayfs, which serves the container's root file system, was killed by signal 9"
            #expect(result.code == 137 && result.errorText.contains(sentence), "\(result)")
            #expect(try sandbox.inspect("cc", ".State.ExitCode") == "137")
            #expect(try sandbox.inspect("cc", ".State.Error") == sentence)
            try sandbox.output("rm", "cc")
        }
    }

    @Test(arguments: TestUser.available) func itHasNothingOfItsCallerAndIsNotSeenInside(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let driver = DriverCase(driver: "fuse-overlayfs", user: user)
            let made = try sandbox.run(driver, "cc", ["-d"], "sleep 1000")
            try #require(made.code == 0, "\(made)")
            let pid = try server(sandbox)
            for (name, target) in try openFiles(of: pid) {
                #expect(
                    target == "/dev/null" || target == "/dev/fuse" || target.hasPrefix("pipe:")
                        || target.hasPrefix(sandbox.store) || target.hasPrefix("/sys/fuse-"),
                    "\(name) is \(target)")
            }
            #expect(try sandbox.output("exec", "cc", "ps").contains("fuse") == false)
            // Its own, so that no mount waits for it.
            let (its, ours) = (try Files.readLink("/proc/\(pid)/ns/mnt"), try Files.readLink("/proc/self/ns/mnt"))
            #expect(its != ours)
            // A pipe that ends with the container and not with the server.
            try sandbox.output("rm", "-f", "cc")
            try sandbox.eventually("its end") { kill(pid, 0) != 0 }
        }
    }

    /// Owners are moved without a copy of the image.
    @Test(
        .enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"), arguments: ["keep-id", "auto", "nomap"])
    func anImageIsNotCopiedForAMapOfIDs(mode: String) throws {
        try withBusybox(.ordinary) { sandbox throws in
            let driver = DriverCase(driver: "fuse-overlayfs", user: .ordinary)
            let script = """
                stat -c %u:%g /bin /root | sort -u; touch /tmp/own /seven; chown 7:8 /seven; stat -c %u:%g /seven
                chown 3 /root; stat -c %u:%g /root
                """
            let result = try sandbox.run(driver, "cc", ["--userns", mode, "-u", "0"], script)
            #expect(result.text == "0:0\n7:8\n3:0\n", "\(result)")
            #expect(try Files.list("\(sandbox.store)/layers").allSatisfy { !$0.contains(".ids.") })
            let again = try sandbox.output("start", "-a", "cc")
            #expect(again == "0:0\n3:0\n7:8\n3:0", "\(again)")
            try sandbox.output("commit", "cc", "made")
            let found = try sandbox.output(
                "run", "--rm", "--network", "none", "made", "stat", "-c", "%u:%g", "/seven", "/root", "/tmp/own")
            #expect(found == "7:8\n3:0\n0:0")
            try sandbox.output("cp", "cc:/seven", "seven")
            try sandbox.output("rm", "cc")
        }
    }
}
