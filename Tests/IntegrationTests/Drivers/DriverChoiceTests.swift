import Glibc
import Linux
import TestSupport
import Testing

/// Which storage driver a container has, and what becomes of one when another is chosen.
@Suite struct DriverChoiceTests {
    /// `apus` where the kernel refuses every overlay.
    private func refusing(_ sandbox: Sandbox) throws -> [String] {
        // The classic call of the overlay alone has these flags.
        try sandbox.refusing([.init(.fsopen, EPERM), .init(.mount, EPERM, flags: 4)])
    }

    @Test(arguments: TestUser.available) func unknownAndUnusableDriversAreRefused(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for verb in [["ps"], ["run", "--rm", "busybox", "true"], ["info"]] {
                let result = try sandbox.apus(["--storage-driver", "aufs"] + verb)
                #expect(result.code == 125 && result.errorText.contains("unknown storage driver \"aufs\""), "\(result)")
            }
            let named = try sandbox.apus("ps", environment: ["APUS_STORAGE_DRIVER=aufs"])
            #expect(named.code == 125, "\(named)")
            for verb in ["run", "create"] {
                let words = ["PATH=/nowhere", "APUS_STORAGE_DRIVER=fuse-overlayfs", Executable.path, verb]
                let program = try RunningProgram(
                    sandbox.spawn("/usr/bin/env", words + ["--network", "none", "busybox", "/bin/true"]))
                let result = try program.wait(seconds: 60)
                #expect(
                    result.code == 125
                        && result.errorText.contains("the storage driver fuse-overlayfs cannot be used: execve"),
                    "\(result)")
            }
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    // Behind a filter of an ordinary user's own newuidmap(1) has no privileges.
    @Test(.enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "starts containers as root"))
    func anOverlayThatIsRefusedGivesWayUnlessItWasAskedFor() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let wrapper = try refusing(sandbox)
            let run = ["run", "--network", "none", "--name", "cc", "busybox", "sh", "-c", "echo x >/f"]
            let forced = try sandbox.apus(behind: wrapper, ["--storage-driver", "overlay2"] + run)
            #expect(
                forced.code == 125
                    && forced.errorText.contains(
                        "cannot make the container's root file system with the storage driver overlay2"),
                "\(forced)")
            try sandbox.output("rm", "cc")
            let other = try sandbox.apus(behind: wrapper, run)
            #expect(other.code == 0, "\(other)")
            #expect(try sandbox.inspect("cc", ".Driver") == "vfs")
            // It keeps the copy where an overlay works, too.
            #expect(try sandbox.output("diff", "cc") == "A /f")
            try sandbox.output("start", "-a", "cc")
            #expect(try sandbox.inspect("cc", ".Driver") == "vfs")
            try sandbox.output("rm", "cc")
            // One with files of an overlay cannot be started without, and nothing is lost by trying.
            try sandbox.output("run", "--network", "none", "--name", "dd", "busybox", "sh", "-c", "cat /f; echo x >/f")
            let held = try sandbox.apus(behind: wrapper, ["start", "-a", "dd"])
            #expect(held.code == 1 && held.errorText.contains("overlay"), "\(held)")
            #expect(try sandbox.output("start", "-a", "dd") == "x")
            try sandbox.output("rm", "dd")
        }
    }

    @Test(arguments: TestUser.available) func infoTellsWhatWasTried(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let format = "{{.Driver}}{{range .DriverStatus}}|{{index . 0}}={{index . 1}}{{end}}"
            let told = try sandbox.output("info", "-f", format)
            #expect(told.hasPrefix("overlay2|Backing Filesystem=") && told.hasSuffix("|userxattr=true"), "\(told)")
            let text = try sandbox.output("info")
            #expect(text.contains(" Storage Driver: overlay2\n  Backing Filesystem: "), "\(text)")
            let copy = try sandbox.output("--storage-driver", "copy", "info", "-f", format)
            #expect(copy.hasPrefix("vfs|") && copy.hasSuffix("|Chosen by=configuration"), "\(copy)")
            if user == .ordinary, TestUser.root.isAvailable {
                let refused = try sandbox.apus(behind: refusing(sandbox), ["info", "-f", format])
                #expect(refused.text.hasPrefix("vfs|"), "\(refused)")
                #expect(refused.text.contains("|overlay2=refused: mount overlay: "), "\(refused)")
                #expect(refused.text.contains("|fuse-overlayfs=refused: "), "\(refused)")
            }
            #expect(try Files.list("\(sandbox.store)/layers").allSatisfy { !$0.contains(".tmp.") })
        }
    }

    /// One store with containers of all drivers.
    @Test(arguments: TestUser.available) func containersOfAllDriversLiveTogether(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for driver in DriverCase.drivers {
                let made = try sandbox.run(
                    DriverCase(driver: driver, user: user), driver, [], "rm -r /var; mkdir /var; echo \(driver) >/var/f"
                )
                try #require(made.code == 0, "\(made)")
            }
            for other in DriverCase.drivers {
                let flags = ["--storage-driver", other]
                for driver in DriverCase.drivers {
                    #expect(try sandbox.apus(flags + ["start", "-a", driver]).code == 0)
                    let copied = try sandbox.apus(flags + ["cp", "-q", "\(driver):/var/f", "-"])
                    #expect(copied.text.contains("\(driver)\n"))
                    let changes = try sandbox.apus(flags + ["diff", driver])
                    #expect(changes.lines == ["C /var", "A /var/f", "D /var/log"], "\(changes)")
                    #expect(try sandbox.apus(flags + ["inspect", "-f", "{{.Driver}}", driver]).text == "\(driver)\n")
                }
            }
            let sizes = try sandbox.output("ps", "-as", "--format", "{{.Names}} {{.Size}}").split(separator: "\n")
            for line in sizes {
                let words = line.split(separator: " ")
                #expect(words[1] == "\(words[0].utf8.count + 1)B", "\(line)")
            }
            for driver in DriverCase.drivers { try sandbox.output("rm", driver) }
        }
    }

    /// A store that is on an overlay itself: no overlay on that, and no whiteouts.
    @Test(
        .enabled(if: TestUser.root.isAvailable, "a small file system needs root"),
        .enabled(if: DriverCase.hasFuse, "fuse-overlayfs is not installed, or /dev/fuse does not open for everybody"))
    func onAnOverlayFuseOverlayIsTaken() throws {
        try withSandbox(.root) { sandbox throws in
            let script = """
                set -e; mkdir disk; mount -t tmpfs none disk; mkdir disk/lower disk/upper disk/work disk/store
                mount -t overlay -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work none disk/store
                apus() { "$0" --root "$PWD/disk/store/apus" "$@"; }
                apus import "$1" busybox >/dev/null
                apus info -f '{{.Driver}}'
                apus run --network none --name cc busybox sh -c 'rm /etc/passwd; rm -r /var; mkdir /var; echo v >/var/v'
                apus inspect -f '{{.Driver}}' cc
                ls -A "disk/store/apus/containers/$(apus inspect -f '{{.Id}}' cc)/fuse-upper/etc"
                apus diff cc
                apus export cc | tar -tf - etc/group etc/passwd var 2>/dev/null || :
                apus rm cc
                """
            let result = try sandbox.tool(
                "unshare", "-m", "--propagation", "private", "sh", "-c", script, Executable.path,
                try Fixtures.busyboxTar)
            #expect(
                result.lines == [
                    "fuse-overlayfs", "fuse-overlayfs", ".wh.passwd", "C /etc", "D /etc/passwd", "C /var", "D /var/log",
                    "A /var/v", "etc/group", "var/", "var/v", "cc",
                ], "\(result)")
        }
    }
}
