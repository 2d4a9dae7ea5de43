import Glibc
import Linux
import TestSupport
import Testing

/// Volumes: who has them, what is in them, and when they go.
@Suite struct VolumeTests {
    /// Busybox with content, an owner and a mode of its own at /data, which is a volume of the image's.
    private func withFilled(_ user: TestUser, _ body: (Sandbox) throws -> Void) throws {
        try withSandbox(user) { sandbox throws in
            let work = "\(sandbox.path)/work"
            try sandbox.tool(
                "bash", "-ec",
                """
                cd '\(work)'; mkdir -p root/data/sub; echo hi > root/data/f; ln root/data/f root/data/g; ln -s f root/data/l
                cp '\(try Fixtures.busyboxTar)' image.tar; chmod u+w image.tar
                tar -C root --owner=5 --group=6 --mode=u=rwx,g=rwx,o=t -rf image.tar --no-recursion ./data
                tar -C root --owner=7 --group=8 --mode=u=rw,g=r,o= -rf image.tar ./data/f ./data/g ./data/l
                tar -C root --owner=0 --group=0 -rf image.tar ./data/sub
                """)
            try sandbox.output("import", "-c", "VOLUME /data", "\(work)/image.tar", "filled")
            try body(sandbox)
        }
    }

    private static let look = "cd /data && stat -c '%n %u:%g %a %h' . f g sub && readlink l && cat f"
    // What stat(1) shows of it; where there is one id, owners are kept but not shown.
    private static func sight(_ user: TestUser) -> String {
        let (folder, file) = user == .single ? ("0:0", "0:0") : ("5:6", "7:8")
        return ". \(folder) 1770 3\nf \(file) 640 2\ng \(file) 640 2\nsub 0:0 755 2\nf\nhi\n"
    }

    @Test(arguments: TestUser.inThreeModes)
    func aVolumeOutlivesItsContainers(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            #expect(try sandbox.shell(["-v", "kept:/v"], "echo one > /v/file; stat -c %a:%u /v") == "755:0")
            #expect(try sandbox.shell(["--mount", "src=kept,dst=/w,readonly"], "cat /w/file") == "one")
            let refused = try sandbox.run(["-v", "kept:/v:ro"], "touch", "/v/x")
            #expect(refused.code == 1 && refused.errorText.contains("Read-only file system"))
            #expect(try sandbox.output("volume", "ls", "--format", "{{.Driver}} {{.Name}}") == "local kept")
            #expect(try sandbox.output("volume", "rm", "kept") == "kept")
            #expect(try sandbox.output("volume", "ls", "-q") == "")
            #expect(try sandbox.output("system", "check") == "everything is in order")
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func anEmptyVolumeGetsWhatTheImageHas(_ user: TestUser) throws {
        try withFilled(user) { sandbox throws in
            func run(_ flags: String...) throws -> ProgramResult {
                try sandbox.apus(["run", "--rm", "--network", "none"] + flags + ["filled", "sh", "-c", Self.look])
            }
            // The image's own volume, a named one, and one that is read-only.
            for flags in [[], ["-v", "named:/data"], ["-v", "other:/data:ro"], ["--read-only"], ["-v", "/data"]] {
                let result = try sandbox.apus(
                    ["run", "--rm", "--network", "none"] + flags + ["filled", "sh", "-c", Self.look])
                #expect(result.text == Self.sight(user), "\(flags): \(result)")
            }
            // What is in it already stays as it is.
            try sandbox.output("run", "--rm", "--network", "none", "-v", "named:/data", "filled", "rm", "/data/l")
            #expect(try run("-v", "named:/data").code != 0)
            // Asked not to, or with another place in the image.
            let bare = try sandbox.apus([
                "run", "--rm", "--network", "none", "-v", "bare:/data:nocopy", "filled", "sh", "-c",
                "ls -A /data; stat -c %u:%a /data",
            ])
            #expect(bare.text == "0:755\n", "\(bare)")
            let file = try sandbox.apus(["run", "--rm", "--network", "none", "-v", "xx:/bin/busybox", "filled", "true"])
            #expect(file.code == 125 && file.errorText.contains("file exists /bin/busybox"), "\(file)")
            #expect(try sandbox.output("volume", "ls", "-q") == "bare\nnamed\nother\nxx")
        }
    }

    /// With `create`, before anybody starts it: a container that is there for its volumes alone.
    @Test(arguments: TestUser.inThreeModes)
    func aCreatedContainerHasFilledItsVolumes(_ user: TestUser) throws {
        try withFilled(user) { sandbox throws in
            try sandbox.output("create", "--name", "store", "-v", "named:/data", "filled", "true")
            try sandbox.output("create", "--name", "unnamed", "filled", "true")
            for source in ["store", "unnamed", "store:ro"] {
                let result = try sandbox.apus([
                    "run", "--rm", "--network", "none", "--volumes-from", source, "filled", "sh", "-c", Self.look,
                ])
                #expect(result.text == Self.sight(user), "\(source): \(result)")
            }
            let write = try sandbox.apus([
                "run", "--rm", "--network", "none", "--volumes-from", "store:ro", "filled", "touch", "/data/x",
            ])
            #expect(write.code == 1 && write.errorText.contains("Read-only"), "\(write)")
            // The other's volumes stay, and go with it where that is asked for.
            #expect(try sandbox.output("volume", "ls", "-q").split(separator: "\n").count == 2)
            try sandbox.output("rm", "-v", "store", "unnamed")
            #expect(try sandbox.output("volume", "ls", "-q") == "named")
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func volumesWithoutANameGoWithTheirContainer(_ user: TestUser) throws {
        try withFilled(user) { sandbox throws in
            func names() throws -> [Substring] { try sandbox.output("volume", "ls", "-q").split(separator: "\n") }
            try sandbox.output(
                "run", "--rm", "--network", "none", "-v", "/more", "filled", "touch", "/more/x", "/data/x")
            try sandbox.eventually("the volumes' end") { try names().isEmpty }
            // Somebody else has it still.
            try sandbox.output("run", "-d", "--rm", "--name", "first", "--network", "none", "filled", "sleep", "1000")
            try sandbox.output(
                "run", "-d", "--name", "second", "--network", "none", "--volumes-from", "first", "filled", "sleep",
                "1000")
            try sandbox.output("rm", "-f", "first")
            #expect(try names().count == 1)
            #expect(try sandbox.output("exec", "second", "cat", "/data/f") == "hi")
            let used = try sandbox.apus("volume", "rm", String(try names()[0]))
            #expect(used.code == 1 && used.errorText.contains("volume is in use - ["), "\(used)")
            // Not removed without being asked, and pruned as one that nobody has named.
            try sandbox.output("rm", "-f", "second")
            #expect(try names().count == 1)
            try sandbox.output("volume", "create", "named")
            #expect(try sandbox.output("volume", "prune", "-f").hasPrefix("Deleted Volumes:\n"))
            #expect(try names() == ["named"])
            #expect(try sandbox.output("volume", "prune", "-fa").hasPrefix("Deleted Volumes:\nnamed\n"))
            #expect(try names().isEmpty)
        }
    }

    /// A supervisor that is killed takes its `--rm` container along, and with it what only that had.
    @Test(arguments: TestUser.inThreeModes)
    func nothingStaysOfAKilledSupervisor(_ user: TestUser) throws {
        try withFilled(user) { sandbox throws in
            let id = try sandbox.output(
                "run", "-d", "--rm", "--network", "none", "-v", "kept:/k", "filled", "sleep", "1000")
            #expect(try sandbox.output("volume", "ls", "-q").split(separator: "\n").count == 2)
            let supervisor = try sandbox.supervisor(id)
            let identity = try #require(ProcessIdentity(of: supervisor))
            kill(supervisor, SIGKILL)
            try sandbox.eventually("the supervisor's end") { !identity.isAlive }
            try sandbox.output("system", "prune", "-f")
            #expect(try sandbox.output("volume", "ls", "-q") == "kept")
            #expect(try sandbox.output("system", "check") == "everything is in order")
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func aPartOfAVolumeIsMounted(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            _ = try sandbox.shell(
                ["-v", "vol:/v"], "mkdir /v/in; echo part > /v/in/file; ln -s /etc /v/out; ln -s in /v/to")
            func part(_ path: String) -> [String] { ["--mount", "src=vol,dst=/p,volume-subpath=\(path)"] }
            #expect(try sandbox.shell(part("in"), "cat /p/file; touch /p/new") == "part")
            #expect(try sandbox.shell(part("to"), "ls /p") == "file\nnew")
            #expect(try sandbox.shell(part("in/file"), "cat /p") == "part")
            // A link leads nowhere but into the volume, which has no /etc.
            for path in ["out", "missing"] {
                let result = try sandbox.run(part(path), "ls", "/p")
                #expect(result.code == 127 && result.errorText.contains("cannot access path "), "\(result)")
            }
            let above = try sandbox.run(part("../vol"), "ls", "/p")
            #expect(above.code == 125 && above.errorText.contains("relative path within the volume"), "\(above)")
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func optionsOfTheDriverAreKeptOrRefused(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let work = "\(sandbox.path)/work"
            try sandbox.output(
                "volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m,mode=700", "memory")
            #expect(
                try sandbox.shell(
                    ["-v", "memory:/m"], "stat -f -c %T /m; stat -c %a /m; df -k /m | tail -1 | awk '{print $2}'")
                    == "tmpfs\n700\n1024")
            try sandbox.output("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=\(work)", "bound")
            _ = try sandbox.shell(["-v", "bound:/b"], "echo there > /b/file")
            #expect(try Files.readText("\(work)/file") == "there\n")
            try sandbox.output(
                "volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=\(work)/none", "gone")
            let gone = try sandbox.run(["-v", "gone:/b"], "true")
            #expect(gone.code == 127 && gone.errorText.contains("no such file or directory"), "\(gone)")
            try sandbox.output(
                "volume", "create", "-o", "type=nfs", "-o", "o=addr=192.0.2.1", "-o", "device=:/x", "net")
            if user == .ordinary {
                let refused = try sandbox.run(["-v", "net:/b"], "true")
                #expect(
                    refused.code == 125 && refused.errorText.contains("an ordinary user cannot mount :/x"), "\(refused)"
                )
            }
            // What stands for something else is not pruned.
            #expect(try sandbox.output("volume", "prune", "-fa") == "Total reclaimed space: 0B")
            #expect(Files.exists("\(work)/file"))
            for (options, words) in [
                (["-d", "nfs", "xx"], "plugin \"nfs\" not found"), (["-o", "a=b", "xx"], "invalid option: \"a\""),
                (["-o", "type=tmpfs", "xx"], "missing required option: \"device\""),
                (["-o", "size=1m", "xx"], "no quota support"), (["../x"], "invalid characters"), (["a"], "too short"),
                (["--group", "g", "xx"], "there is none"),
            ] {
                let result = try sandbox.apus(["volume", "create"] + options)
                #expect(result.code != 0 && result.errorText.contains(words), "\(options): \(result)")
            }
            #expect(try sandbox.output("volume", "ls", "-q") == "bound\ngone\nmemory\nnet")
        }
    }

    /// Many that come and go at once: no volume is lost that somebody has, and all can be removed in the end.
    @Test(arguments: TestUser.inThreeModes)
    func removalAndStartsAtOnce(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            var programs: [RunningProgram] = []
            var checks: [RunningProgram] = []
            for _ in 0..<12 {
                programs.append(
                    try sandbox.start([
                        "run", "--rm", "--network", "none", "-v", "shared:/v", "busybox", "sh", "-c",
                        "echo x >> /v/log && cat /v/log >/dev/null && echo done",
                    ]))
                programs.append(try sandbox.start(["volume", "rm", "-f", "shared"]))
                checks.append(try sandbox.start(["system", "check"]))
            }
            var done = 0
            // Whatever they see others in the middle of.
            for check in checks {
                let result = try check.wait()
                #expect(result.code == 0, "\(result)")
            }
            for program in programs {
                let result = try program.wait()
                if result.text.hasPrefix("done") { done += 1 }
                let isFine =
                    result.code == 0 || result.errorText.contains("volume is in use")
                    || result.errorText.contains("get shared: no such volume")
                #expect(isFine, "\(result)")
            }
            #expect(done > 0)
            try sandbox.output("volume", "rm", "-f", "shared")
            #expect(try sandbox.output("system", "check") == "everything is in order")
        }
    }

    @Test func whatIsListedCanBeFiltered() throws {
        try withBusybox(.any) { sandbox throws in
            try sandbox.output("volume", "create", "--label", "k=v", "one")
            try sandbox.output("volume", "create", "two")
            try sandbox.output("create", "--name", "user", "-v", "two:/t", "busybox", "true")
            func names(_ filters: String...) throws -> String {
                let result = try sandbox.apus(["volume", "ls", "-q"] + filters.flatMap { ["-f", $0] })
                return result.text.split(separator: "\n").joined(separator: "\n")
            }
            #expect(try names("dangling=true") == "one")
            #expect(try names("dangling=false") == "two")
            #expect(try names("label=k") == "one")
            #expect(try names("label=k=w") == "")
            #expect(try names("name=w") == "two")
            #expect(try names("driver=local") == "one\ntwo")
            #expect(try sandbox.output("ps", "-aq", "-f", "volume=two").isEmpty == false)
            #expect(try sandbox.output("ps", "-aq", "-f", "volume=one").isEmpty)
            #expect(try sandbox.output("ps", "-a", "--format", "{{.Mounts}} {{.LocalVolumes}}") == "two 1")
            #expect(try sandbox.output("inspect", "-f", "{{.Name}}", "one") == "one")
            let usage = try sandbox.output("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}}")
            #expect(usage.contains("Local Volumes 2 1"))
        }
    }
}
