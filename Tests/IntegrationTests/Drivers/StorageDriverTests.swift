import Glibc
import Linux
import TestSupport
import Testing

/// What a container sees, and what it leaves, is the same with every storage driver.
@Suite struct StorageDriverTests {
    @Test(
        .enabled(if: DriverCase.hasFuse, "fuse-overlayfs is not installed, or /dev/fuse does not open for everybody"))
    func fuseOverlayIsAmongThem() { #expect(DriverCase.drivers.contains("fuse-overlayfs")) }

    /// New files with all that a file has, whiteouts, an opaque directory, a directory that changes its name, a program that is
    /// executed from the container's own layer.
    private static let changes = """
        umask 022; mkdir -p /new/d; echo text >/new/f; ln /new/f /new/g; ln -s f /new/l; mkfifo /new/p
        chmod 4711 /new/g; touch -d '2001-02-03 04:05:06' /new/d; rm /etc/passwd; rm -rf /var; mkdir /var; echo v >/var/v
        cp /bin/busybox /new/program; ln -s program /new/true; /new/true || echo no program; rm /new/true
        mkdir /one; echo 1 >/one/x; mv /one /two; cat /two/x; rm -r /two; ls -d /one /two 2>/dev/null; ls /var; cat /new/g
        """

    private static let differences = [
        "C /etc", "D /etc/passwd", "A /new", "A /new/d", "A /new/f", "A /new/g", "A /new/l", "A /new/p",
        "A /new/program", "C /var", "D /var/log", "A /var/v",
    ]

    private static let look = """
        cd /; find new var ! -type d -exec stat -c '%A %h %u:%g %n' {} \\; | sort; ls -d etc/passwd var/log 2>/dev/null
        stat -c '%A %Y' new/d; stat -c %A root; readlink new/l; cat new/f var/v
        """
    private static let seen = """
        -rw-r--r-- 1 0:0 var/v
        -rws--x--x 2 0:0 new/f
        -rws--x--x 2 0:0 new/g
        -rwxr-xr-x 1 0:0 new/program
        lrwxrwxrwx 1 0:0 new/l
        prw-r--r-- 1 0:0 new/p
        drwxr-xr-x 981173106
        drwx------
        f
        text
        v

        """

    @Test(arguments: DriverCase.available) func changesAreSeenAndCommittedAlike(_ driver: DriverCase) throws {
        try withBusybox(driver.user) { sandbox throws in
            let made = try sandbox.run(driver, "cc", ["-u", "0"], Self.changes)
            #expect(made.code == 0 && made.text == "1\nv\ntext\n", "\(made)")
            #expect(
                try sandbox.output("inspect", "-f", "{{.Driver}} {{.GraphDriver.Name}}", "cc")
                    == "\(driver.driver) \(driver.driver)")
            // An overlay does not compare what an opaque directory hides one by one as a copy does.
            let differences = try sandbox.output("diff", "cc").split(separator: "\n").map(String.init)
            #expect(differences == Self.differences)
            let id = try sandbox.output("inspect", "-f", "{{.Id}}", "cc")
            #expect(Files.exists("\(sandbox.store)/containers/\(id)/\(driver.directory)"))
            let sizes = try sandbox.output("inspect", "-s", "-f", "{{.SizeRw}} {{.SizeRootFs}}", "cc")
                .split(separator: " ").compactMap { Int($0) }
            let image = Int(try sandbox.output("inspect", "-f", "{{.Size}}", "busybox")) ?? 0
            let program = Int(try sandbox.shell([], "stat -c %s /bin/busybox")) ?? 0
            #expect(sizes == [program + 8, image + program + 8])
            // Without the driver's flag from here on: the container keeps its own.
            try sandbox.output("commit", "cc", "made")
            let layers = try sandbox.output("inspect", "-f", "{{range .RootFS.Layers}}{{.}} {{end}}", "made")
            let layer = try #require(layers.split(separator: " ").last).dropFirst(7)
            // Whiteouts and nothing of how the driver marks them.
            let blob = "\(sandbox.store)/images/blobs/sha256/\(layer)"
            let marks = try sandbox.tool(
                "sh", "-c", "tar -tf \(blob) | grep '[.]wh[.]'; grep -c 'overlay[fs]*[.]opaque' \(blob) || :")
            #expect(marks.lines.first == "etc/.wh.passwd" && marks.lines.last == "0", "\(marks)")
            try sandbox.output("export", "-o", "whole.tar", "cc")
            try sandbox.output("import", "whole.tar", "whole")
            for image in ["made", "whole"] {
                let found = try sandbox.apus("run", "--rm", "--network", "none", image, "sh", "-c", Self.look)
                #expect(found.text == Self.seen, "\(image): \(found)")
            }
            try sandbox.output("cp", "cc:/new/f", "f")
            #expect(try Files.readText("\(sandbox.path)/work/f") == "text\n")
            try sandbox.write("in", to: "in")
            try sandbox.output("cp", "in", "cc:/var/in")
            try sandbox.output("start", "-a", "cc")
            try sandbox.output("rm", "cc")
            #expect(!Files.exists("\(sandbox.store)/containers/\(id)"))
        }
    }

    /// A second start sees what the first and a copy have left, and so does a command that looks into it while it runs.
    @Test(arguments: DriverCase.available) func aContainerIsStartedAgainWithWhatItHad(_ driver: DriverCase) throws {
        try withBusybox(driver.user) { sandbox throws in
            let created = try sandbox.apus(
                driver.flags + [
                    "create", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
                    "cat /in; rm -rf /root /etc/group; mkdir /root; echo run >>/runs; cat /runs; ls /root; sleep ${T:-0}",
                ])
            try #require(created.code == 0, "\(created)")
            try sandbox.write("in\n", to: "in")
            try sandbox.output("cp", "in", "cc:/in")
            #expect(try sandbox.output("start", "-a", "cc") == "in\nrun")
            #expect(try sandbox.output("start", "-a", "cc") == "in\nrun\nrun")
            try sandbox.output("run", "-d", "--name", "dd", "--network", "none", "busybox", "sleep", "1000")
            try sandbox.output("exec", "dd", "sh", "-c", "echo x >/of-exec")
            #expect(try sandbox.output("diff", "dd") == "A /of-exec")
            try sandbox.output("commit", "dd", "running")
            #expect(try sandbox.output("run", "--rm", "--network", "none", "running", "cat", "/of-exec") == "x")
            #expect(try sandbox.output("inspect", "-f", "{{.Driver}}", "cc") == driver.driver)
            try sandbox.output("rm", "-f", "cc", "dd")
        }
    }

    @Test(arguments: DriverCase.available) func whatAPruneGivesBackIsCounted(_ driver: DriverCase) throws {
        try withBusybox(driver.user) { sandbox throws in
            let made = try sandbox.run(driver, "cc", [], "head -c 1000000 /dev/urandom >/f")
            #expect(made.code == 0, "\(made)")
            let pruned = try sandbox.apus("container", "prune", "-f")
            // A copy goes with all of the image's files.
            let total = try #require(pruned.lines.last)
            #expect(total == "Total reclaimed space: 1MB" || driver.driver == "vfs", "\(pruned)")
            #expect(total != "Total reclaimed space: 0B", "\(pruned)")
        }
    }

    @Test(arguments: DriverCase.available) func readOnlyRootsAndVolumesWork(_ driver: DriverCase) throws {
        try withBusybox(driver.user) { sandbox throws in
            let script = "touch /f 2>/dev/null || echo refused; echo v >/deep/place/v && cat /deep/place/v; pwd"
            let result = try sandbox.run(
                driver, "cc", ["--rm", "--read-only", "-v", "vol:/deep/place", "-w", "/tmp"], script)
            #expect(result.text == "refused\nv\n/tmp\n", "\(result)")
            let plain = try sandbox.run(driver, "cc", ["--rm", "--read-only"], "touch /f || ls /etc/passwd")
            #expect(plain.text == "/etc/passwd\n", "\(plain)")
            // What the image has where a volume is mounted goes into it.
            let filled = try sandbox.run(driver, "cc", ["--rm", "-v", "new:/etc"], "ls /etc/passwd")
            #expect(filled.text == "/etc/passwd\n", "\(filled)")
            let created = try sandbox.apus(
                driver.flags + [
                    "create", "--name", "filled", "-v", "early:/etc", "--network", "none", "busybox", "true",
                ])
            #expect(created.code == 0, "\(created)")
            #expect(try sandbox.shell(["-v", "early:/e"], "ls /e/passwd") == "/e/passwd")
            try sandbox.output("rm", "filled")
        }
    }

    /// Nothing of the container is left but its files, and they are whole.
    @Test(arguments: DriverCase.available) func aKilledSupervisorTakesAllAlong(_ driver: DriverCase) throws {
        try withBusybox(driver.user) { sandbox throws in
            let made = try sandbox.run(
                driver, "cc", ["-d"],
                "if [ -e /f ]; then cat /f; else echo before >/f; sync; echo ready >/ready; exec sleep 1000; fi")
            try #require(made.code == 0, "\(made)")
            let id = String(made.text.dropLast())
            try sandbox.eventually("the container") {
                try sandbox.apus("exec", "cc", "cat", "/ready").text == "ready\n"
            }
            kill(try sandbox.supervisor(id), SIGKILL)
            try sandbox.eventually("the end of all of it") { leftovers(of: sandbox.path).isEmpty }
            #expect(try sandbox.output("start", "-a", "cc") == "before")
            try sandbox.output("rm", "cc")
        }
    }

    /// Extended attributes and owners stay as they were when a file comes into the container's own layer.
    @Test(arguments: DriverCase.available) func attributesAndOwnersStay(_ driver: DriverCase) throws {
        try withBusybox(driver.user) { sandbox throws in
            try sandbox.tool(
                "sh", "-ec",
                """
                mkdir t; tar -xf "$1" -C t; echo x >t/kept; setfattr -n user.colour -v green t/kept
                tar --xattrs --xattrs-include='*' --owner=12 --group=13 -C t -cf t.tar .
                """, "sh", try Fixtures.busyboxTar)
            try sandbox.output("import", "t.tar", "attributes")
            let result = try sandbox.run(
                driver, "cc", image: "attributes",
                "chmod 640 /kept; echo y >>/kept; chown 14 /etc; stat -c '%u:%g %a' /kept /etc; cat /kept")
            #expect(result.text == "12:13 640\n14:13 755\nx\ny\n", "\(result)")
            try sandbox.output("export", "-o", "out.tar", "cc")
            let listing = try sandbox.tool("tar", "--xattrs", "-tvvf", "out.tar", "kept").text
            #expect(listing.contains("12/13") && listing.contains("user.colour"), "\(listing)")
            try sandbox.output("rm", "cc")
        }
    }

    /// A store below names that would be options, or parts of a list of directories.
    @Test(arguments: DriverCase.available) func strangeNamesOfDirectoriesAreNames(_ driver: DriverCase) throws {
        try withBusybox(driver.user) { sandbox throws in
            let environment = ["APUS_ROOT=\(sandbox.path)/work/a,b:c\\d e", "APUS_RUN=\(sandbox.path)/work/r"]
            #expect(try sandbox.apus("import", try Fixtures.busyboxTar, "busybox", environment: environment).code == 0)
            let result = try sandbox.apus(
                driver.flags + ["run", "--rm", "--network", "none", "busybox", "sh", "-c", "echo x >/f; cat /f"],
                environment: environment)
            #expect(result.text == "x\n", "\(result)")
        }
    }

    @Test(
        .enabled(if: TestUser.root.isAvailable, "a small file system needs root"),
        arguments: DriverCase.available.filter { $0.user == .root })
    func aFullDiskIsAnErrorAndNoMore(_ driver: DriverCase) throws {
        try withSandbox(.root) { sandbox throws in
            let result = try sandbox.tool(
                "unshare", "--mount", "bash", "-euc",
                """
                apus() { '\(Executable.path)' --storage-driver \(driver.driver) "$@"; }
                small='\(sandbox.path)/work/small'; mkdir "$small"
                mount -t tmpfs -o size=16m none "$small"
                export APUS_ROOT="$small/data"
                apus import '\(try Fixtures.busyboxTar)' busybox >/dev/null
                apus run --network none --name cc busybox sh -c \\
                    'echo kept >/kept; sync; cat /dev/zero >/big; rm /big; cat /kept; echo more >/more; cat /more' 2>"$small/../said" || :
                grep -ci 'no space left' "$small/../said"
                apus start -a cc >/dev/null 2>&1 || :
                apus rm cc
                apus system prune -af >/dev/null
                apus system check
                """)
            #expect(result.text == "kept\nmore\n1\ncc\neverything is in order\n", "\(result)")
        }
    }
}
