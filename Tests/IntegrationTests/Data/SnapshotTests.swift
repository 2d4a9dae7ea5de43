import Glibc
import Linux
import TestSupport
import Testing

/// `commit` and `export`: what a container has become, as an image and as an archive.
@Suite struct SnapshotTests {
    private static let changes = """
        umask 022; mkdir -p /new/d; echo text >/new/f; ln /new/f /new/g; ln -s f /new/l; mkfifo /new/p; chmod 4711 /new/g
        touch -d '2001-02-03 04:05:06' /new/d; rm /etc/passwd; rm -rf /var; mkdir /var; echo v >/var/v
        """
    /// Prints what `changes` has made, with all that a file has.
    private static let look = """
        cd /; find new etc var -exec stat -c '%A %h %u:%g %s %Y %n' {} \\; | grep -v -e '^d' -e etc/hos -e etc/resolv | sort -k6
        find new etc var -type d -exec stat -c '%A %u:%g %Y %n' {} \\; | sort -k4; readlink new/l; cat new/f var/v
        """

    private func layers(_ image: String, _ sandbox: Sandbox) throws -> [String] {
        let format = "{{range .RootFS.Layers}}{{.}} {{end}}"
        return try sandbox.output("inspect", "-f", format, image).split(separator: " ").map(String.init)
    }

    @Test(arguments: TestUser.inThreeModes) func aCommittedImageIsWhatTheContainerWas(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("run", "--name", "cc", "--network", "none", "busybox", "sh", "-c", Self.changes)
            let id = try sandbox.output("commit", "-a", "Me", "-m", "why", "cc", "made:1")
            #expect(id.hasPrefix("sha256:") && id.utf8.count == 71)
            // The same container once more, with a name of its own.
            try sandbox.output("commit", "cc", "made:2")
            let (first, second) = (try layers("made:1", sandbox), try layers("made:2", sandbox))
            let base = try layers("busybox", sandbox)
            #expect(first == second && first.count == base.count + 1)
            try sandbox.output("tag", "made:1", "busybox:made")
            let run = ["run", "--rm", "--network", "none"]
            let committed = try sandbox.apus(run + ["made:1", "sh", "-c", Self.look])
            #expect(committed.code == 0 && committed.text.contains("new/g"), "\(committed)")
            #expect(!committed.text.contains("etc/passwd") && !committed.text.contains("var/log"))
            // The container's own view of itself, started again.
            try sandbox.output("export", "-o", "whole.tar", "cc")
            try sandbox.output("import", "whole.tar", "whole")
            let whole = try sandbox.apus(run + ["whole", "sh", "-c", Self.look])
            #expect(whole.text == committed.text, "\(whole)")
            let format = "{{.Author}}|{{.Comment}}|{{(index .RepoTags 0)}}|{{.Parent}}"
            let parent = try sandbox.output("inspect", "-f", "{{.Id}}", "busybox")
            #expect(try sandbox.output("inspect", "-f", format, "made:1") == "Me|why|busybox:made|\(parent)")
            try sandbox.output("rm", "cc")
        }
    }

    @Test(arguments: TestUser.inThreeModes) func theConfigurationIsTheContainersWithChanges(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output(
                "create", "--name", "cc", "--network", "none", "-e", "A=1", "-w", "/w", "-u", "5", "--label", "l=2",
                "--expose", "81", "--entrypoint", "/bin/echo", "busybox", "hello", "world")
            try sandbox.output("commit", "cc", "plain")
            let format = """
                {{json .Config.Cmd}} {{json .Config.Entrypoint}} {{json .Config.Env}} {{.Config.WorkingDir}} \
                {{.Config.User}} {{json .Config.Labels}} {{json .Config.ExposedPorts}}
                """
            #expect(
                try sandbox.output("inspect", "-f", format, "plain")
                    == #"["hello","world"] ["/bin/echo"] ["A=1"] /w 5 {"l":"2"} {"81/tcp":{}}"#)
            #expect(try layers("plain", sandbox) == layers("busybox", sandbox))
            let history = try sandbox.apus("history", "--no-trunc", "--format", "{{.CreatedBy}}", "plain").lines
            #expect(history.first == "hello world")
            try sandbox.output(
                "commit", "-c", "CMD [\"x\"]", "-c", "ENV B=2 A=3", "--change", "ENTRYPOINT []", "-c",
                "USER 7\nWORKDIR in",
                "-c", "LABEL m=3", "-c", "EXPOSE 82/udp", "cc", "changed")
            #expect(
                try sandbox.output("inspect", "-f", format, "changed")
                    == #"["x"] ["/bin/echo"] ["A=3","B=2"] /w/in 7 {"l":"2","m":"3"} {"81/tcp":{},"82/udp":{}}"#)
            let before = try sandbox.output("images", "-aq")
            for change in ["FROM x", "RUN x", "ENV A", "NOTHING x"] {
                #expect(try sandbox.apus("commit", "-c", change, "cc", "bad").code == 1)
            }
            #expect(try sandbox.apus("commit", "cc", "Bad").errorText.contains("must be lowercase"))
            #expect(try sandbox.apus("commit", "nobody").errorText == "apus: No such container: nobody\n")
            #expect(try sandbox.output("images", "-aq") == before)
            // Without a name it is an image that nothing else points to.
            let id = try sandbox.output("commit", "cc")
            #expect(try sandbox.output("images", "-q", "--no-trunc", "-f", "dangling=true") == id)
            try sandbox.output("rm", "cc")
        }
    }

    @Test(arguments: TestUser.inThreeModes) func aRunningContainerGoesOnAfterwards(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.output(
                "run", "-d", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
                "i=0; while :; do i=$((i+1)); echo $i >/a; echo $i >/b; done")
            for number in 0..<3 {
                try sandbox.output("commit", "cc", "run:\(number)")
                #expect(try sandbox.output("inspect", "-f", "{{.State.Status}}", "cc") == "running")
            }
            try sandbox.output("exec", "cc", "true")
            let events = try sandbox.apus(
                "events", "--since", "10m", "--until", "0s", "--filter", "container=cc", "--format", "{{.Action}}")
            let held = events.lines.filter { ["pause", "unpause", "commit"].contains($0) }
            let paused = try sandbox.apus("pause", "cc")
            if paused.code == 0 {
                #expect(held == Array(repeating: ["pause", "unpause", "commit"], count: 3).flatMap { $0 })
                // Who paused it keeps it so.
                try sandbox.output("commit", "cc", "run:paused")
                #expect(try sandbox.output("inspect", "-f", "{{.State.Status}}", "cc") == "paused")
                try sandbox.output("unpause", "cc")
            } else {
                #expect(held == ["commit", "commit", "commit"])
            }
            try sandbox.output("commit", "--pause=false", "cc", "run:moving")
            try sandbox.output("rm", "-f", id)
            // The second is written after the first.
            let run = ["run", "--rm", "--network", "none", "run:0", "sh", "-c", "echo $(cat /a) $(cat /b)"]
            let numbers = try sandbox.apus(run).text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            // One that cannot be paused goes on while its files are read.
            if numbers.count == 2, paused.code == 0 {
                #expect(numbers[0] - numbers[1] <= 1 && numbers[0] >= numbers[1])
            }
        }
    }

    /// Whoever kills a commit does not leave its container paused.
    @Test(.enabled(if: TestUser.root.isAvailable, "only root's containers have control groups everywhere"))
    func aKilledCommitLetsTheContainerGo() throws {
        try withBusybox(.root) { sandbox throws in
            try sandbox.output(
                "run", "-d", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
                "dd if=/dev/urandom of=/big bs=1M count=200 2>/dev/null; touch /done; sleep 1000")
            for _ in 0..<600 where try sandbox.apus("exec", "cc", "test", "-e", "/done").code != 0 { usleep(50_000) }
            for _ in 0..<5 {
                let commit = try sandbox.start(["commit", "cc", "killed"])
                for _ in 0..<200 where try sandbox.output("inspect", "-f", "{{.State.Status}}", "cc") != "paused" {
                    usleep(1_000)
                }
                commit.send(SIGKILL)
                commit.closeInput()
                _ = try commit.wait(seconds: 60)
                var status = ""
                for _ in 0..<600 where status != "running" {
                    status = try sandbox.output("inspect", "-f", "{{.State.Status}}", "cc")
                    if status != "running" { usleep(50_000) }
                }
                #expect(status == "running")
            }
            try sandbox.output("rm", "-f", "cc")
            try sandbox.output("system", "prune", "-f")
            let left =
                try Files.list("\(sandbox.store)/images/tmp")
                + Files.list("\(sandbox.store)/layers").filter {
                    $0.hasPrefix(".tmp.sha")
                }
            #expect(left.isEmpty, "\(left)")
        }
    }

    @Test(arguments: TestUser.inThreeModes) func commitsOfOneContainerMayRunAtOnce(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output(
                "run", "-d", "--name", "cc", "--network", "none", "busybox", "sh", "-c", "echo x >/x; sleep 1000")
            let running = try (0..<6).map { number in
                let commit = try sandbox.start(["commit", "cc", "at-once:\(number)"])
                commit.closeInput()
                return commit
            }
            for commit in running {
                let result = try commit.wait(seconds: 120)
                #expect(result.code == 0, "\(result)")
            }
            #expect(try sandbox.output("inspect", "-f", "{{.State.Status}}", "cc") == "running")
            #expect(try sandbox.output("images", "-q", "at-once").split(separator: "\n").count == 6)
            try sandbox.output("rm", "-f", "cc")
        }
    }

    @Test(arguments: TestUser.inThreeModes) func anExportIsDockersOfAnyContainer(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output(
                "create", "--name", "cc", "--network", "none", "-v", "\(sandbox.path)/work:/in/side", "busybox", "sh",
                "-c",
                "echo secret >/in/side/file; sleep 1000")
            func names() throws -> [String] {
                try sandbox.output("export", "-o", "c.tar", "cc")
                return try sandbox.tool("tar", "-tf", "c.tar").lines
            }
            let created = try names()
            #expect(created.contains("etc/hosts") && created.contains("bin/busybox"))
            try sandbox.output("start", "cc")
            for _ in 0..<200 where !Files.exists("\(sandbox.path)/work/file") { usleep(20_000) }
            let running = try names()
            #expect(running.contains("in/side/") && !running.contains("in/side/file"))
            let listing = try sandbox.tool("tar", "-tvf", "c.tar", "etc/hosts").text
            #expect(listing.contains(" 0 "), "\(listing)")
            #expect(try Files.status("\(sandbox.path)/work/c.tar").permissions == 0o600)
            try sandbox.output("rm", "-f", "cc")
        }
    }

    @Test(arguments: TestUser.inThreeModes) func anExportIsWholeOrNotThere(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("create", "--name", "cc", "busybox", "true")
            let words = "apus: failed to export container: "
            #expect(
                try sandbox.apus("export", "-o", "\(sandbox.path)/none/x", "cc").errorText
                    == words + "invalid output path: stat \(sandbox.path)/none: no such file or directory\n")
            #expect(try sandbox.apus("export", "-o", "/", "cc").errorText == words + "cannot write to a directory\n")
            try sandbox.write("before", to: "x.tar")
            #expect(try sandbox.apus("export", "-o", "x.tar", "nobody").code == 1)
            #expect(try Files.readText("\(sandbox.path)/work/x.tar") == "before")
            let full = try sandbox.apus("export", "-o", "/dev/full", "cc")
            #expect(full.code == 1 && full.errorText.contains("no space left on device"), "\(full)")
            #expect(try Files.list("\(sandbox.path)/work") == ["x.tar"])
            try sandbox.output("rm", "cc")
        }
    }

    /// It can have written into volumes and tmpfs alone, which are not its files.
    @Test(arguments: TestUser.inThreeModes) func aReadOnlyContainerIsCommittedAsItsImage(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output(
                "run", "--name", "cc", "--read-only", "--tmpfs", "/tmp", "-v", "vol:/home", "--network", "none",
                "busybox",
                "sh", "-c", "echo x >/tmp/f; echo x >/home/f; echo x >/f || true")
            try sandbox.output("commit", "-m", "nothing new", "cc", "made")
            #expect(try layers("made", sandbox) == layers("busybox", sandbox))
            let seen = try sandbox.apus("run", "--rm", "--network", "none", "made", "ls", "/f", "/home/f", "/tmp/f")
            #expect(seen.code == 1 && seen.text.isEmpty, "\(seen)")
            // The parent's lines stay as they are, below one that has no layer.
            let history = ["history", "--no-trunc", "--format", "{{.CreatedBy}}|{{.Size}}|{{.Comment}}"]
            let parent = try sandbox.apus(history + ["busybox"]).lines
            let lines = try sandbox.apus(history + ["made"]).lines
            #expect(lines.dropFirst() == parent[...] && lines.first?.hasSuffix("|0B|nothing new") == true, "\(lines)")
            try sandbox.output("rm", "cc")
        }
    }

    @Test(arguments: TestUser.inThreeModes) func anImagesVolumesStayVolumes(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output("import", "-c", "VOLUME /data", try Fixtures.busyboxTar, "busybox")
            try sandbox.output(
                "run", "--name", "cc", "--network", "none", "busybox", "sh", "-c", "echo x >/data/f; echo y >/f")
            try sandbox.output("commit", "cc", "made")
            #expect(try sandbox.output("inspect", "-f", "{{json .Config.Volumes}}", "made") == #"{"/data":{}}"#)
            try sandbox.output("rm", "cc")
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func ownersAreTheContainersWithAMapOfItsOwn() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let user = try #require(TestUser.ordinary.entry)
            let script =
                "touch /tmp/own /tmp/seven; chown 7:8 /tmp/seven; chown \(user.uid):\(user.gid) /tmp/own; mkdir /tmp/r"
            for mode in ["keep-id", "auto", "nomap"] {
                try sandbox.output(
                    "run", "--name", "cc", "--network", "none", "--userns", mode, "--user", "0", "busybox", "sh", "-c",
                    mode == "keep-id" ? script : "touch /tmp/own /tmp/seven; chown 7:8 /tmp/seven; mkdir /tmp/r")
                try sandbox.output("commit", "cc", "made:\(mode)")
                let owner = mode == "keep-id" ? "\(user.uid):\(user.gid)" : "0:0"
                let look = ["sh", "-c", "stat -c %u:%g /tmp/own /tmp/seven /tmp/r /tmp /bin /etc/hosts"]
                let seen = try sandbox.apus(["run", "--rm", "--network", "none", "made:\(mode)"] + look)
                #expect(seen.lines == [owner, "7:8", "0:0", "0:0", "0:0", "0:0"], "\(mode): \(seen)")
                try sandbox.output("export", "-o", "c.tar", "cc")
                let listing = try sandbox.tool(
                    "tar", "--numeric-owner", "-tvf", "c.tar", "tmp/seven", "tmp/own", "bin/busybox")
                let owners = listing.lines.map { String($0.split(separator: " ")[1]) }
                #expect(owners.sorted() == ["0/0", owner.replacing(":", with: "/"), "7/8"].sorted(), "\(listing)")
                try sandbox.output("rm", "cc")
            }
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can hide /etc/subuid"))
    func oneIDIsRoots() throws {
        try withSandbox(.ordinary) { sandbox throws in
            let wrapper = sandbox.withoutSubordinateIDs
            func apus(_ arguments: String...) throws -> ProgramResult { try sandbox.apus(behind: wrapper, arguments) }
            #expect(try apus("import", Fixtures.busyboxTar, "busybox").code == 0)
            #expect(try apus("run", "--name", "cc", "--network", "none", "busybox", "sh", "-c", Self.changes).code == 0)
            let commit = try apus("commit", "cc", "made")
            #expect(commit.code == 0, "\(commit)")
            let seen = try apus("run", "--rm", "--network", "none", "made", "stat", "-c", "%A %h %u:%g", "/new/g")
            #expect(seen.text == "-rws--x--x 2 0:0\n", "\(seen)")
            #expect(try apus("export", "-o", "c.tar", "cc").code == 0)
            let owners = try sandbox.tool("tar", "--numeric-owner", "-tvf", "c.tar").lines.map {
                String($0.split(separator: " ")[1])
            }
            #expect(Set(owners) == ["0/0"])
            #expect(try apus("rm", "cc").code == 0)
        }
    }

    /// What is left of a container whose image was removed: one layer with all of it.
    @Test(arguments: TestUser.inThreeModes) func aContainerOutlivesItsImage(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("run", "--name", "cc", "--network", "none", "busybox", "sh", "-c", Self.changes)
            try sandbox.output("rmi", "-f", "busybox")
            try sandbox.output("commit", "cc", "made")
            #expect(try layers("made", sandbox).count == 1)
            let seen = try sandbox.apus(["run", "--rm", "--network", "none", "made", "cat", "/new/f"])
            #expect(seen.text == "text\n", "\(seen)")
            try sandbox.output("rm", "cc")
        }
    }
}
