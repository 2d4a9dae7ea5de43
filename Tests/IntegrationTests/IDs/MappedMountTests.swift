import Glibc
import Linux
import TestSupport
import Testing

/// `-v …:idmap` and `--mount …,idmap`: a mount that shows other owners than its files have.
@Suite struct MappedMountTests {
    private static let space = ["--uidmap", "0:300000:65536"]

    // A directory with files of root's and of the user 1000's.
    private func tree(_ sandbox: Sandbox) throws -> String {
        let path = "\(sandbox.path)/work/tree"
        try Files.makeDirectory(path, mode: 0o755)
        for (name, owner) in [("zero", UInt32(0)), ("thousand", 1000)] {
            try Files.write([], to: "\(path)/\(name)", mode: 0o644)
            try check("chown") { chown("\(path)/\(name)", owner, owner) }
        }
        return path
    }

    private func owner(_ path: String) throws -> String {
        let status = try Files.status(path).raw
        return "\(status.st_uid):\(status.st_gid)"
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "needs the superuser"))
    func theContainerSeesTheNumbersOnTheDisk() throws {
        try withBusybox(.root) { sandbox throws in
            let path = try tree(sandbox)
            let list = "stat -c %u:%g /x/zero /x/thousand"
            #expect(try sandbox.shell(Self.space + ["-v", "\(path):/x"], list) == "65534:65534\n65534:65534")
            for flags in [["-v", "\(path):/x:idmap"], ["--mount", "type=bind,src=\(path),dst=/x,idmap=true"]] {
                #expect(try sandbox.shell(Self.space + flags, list) == "0:0\n1000:1000")
            }
            #expect(
                try sandbox.shell(["--mount", "type=bind,src=\(path),dst=/x,idmap=false"], list) == "0:0\n1000:1000")
            _ = try sandbox.shell(
                Self.space + ["-v", "\(path):/x:idmap"], "touch /x/made; touch /x/given; chown 5:6 /x/given")
            #expect(try owner("\(path)/made") == "0:0" && owner("\(path)/given") == "5:6")
            // Read-only is read-only.
            #expect(try sandbox.run(Self.space + ["-v", "\(path):/x:ro,idmap"], "touch", "/x/no").code == 1)
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "needs the superuser"))
    func oneUserOnTheDiskIsTheContainersRoot() throws {
        try withBusybox(.root) { sandbox throws in
            let path = try tree(sandbox)
            let list = "stat -c %u:%g /x/thousand; touch /x/$0"
            let own = ["-v", "\(path):/x:idmap=uids=@1000-0-1#@0-7-1;gids=@1000-0-1"]
            try check("chown") { chown(path, 1000, 1000) }
            #expect(
                try sandbox.apus(
                    ["run", "--rm", "--network", "none"] + Self.space + own
                        + ["busybox", "sh", "-c", list, "made"]
                ).text == "0:0\n")
            #expect(try owner("\(path)/made") == "1000:1000")
            // Without a namespace of its own the numbers are the host's.
            let host = ["-v", "\(path):/x:idmap=uids=1000-33-1;gids=1000-34-1"]
            #expect(try sandbox.shell(host, "stat -c %u:%g /x/thousand") == "33:34")
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "needs the superuser"))
    func aVolumeIsForContainersOfAllMaps() throws {
        try withBusybox(.root) { sandbox throws in
            _ = try sandbox.shell(["-v", "vol:/v"], "touch /v/f; chown 9:9 /v/f")
            for first in ["0:300000:100", "0:500000:100"] {
                #expect(
                    try sandbox.shell(["--uidmap", first, "-v", "vol:/v:idmap"], "stat -c %u:%g /v /v/f; touch /v/g")
                        == "0:0\n9:9")
            }
            #expect(try sandbox.shell(["-v", "vol:/v"], "stat -c %u:%g /v/g") == "0:0")
            // A new one gets nothing of the image's: what is copied would have the owners of one container.
            #expect(
                try sandbox.shell(Self.space + ["-v", "new:/etc:idmap"], "ls /etc; stat -c %u /etc")
                    == "hostname\nhosts\nresolv.conf\n0")
            // Files that are copied in and out have the same numbers, whether the container runs or not.
            let flags = ["--uidmap", "0:300000:100", "-v", "vol:/v:idmap"]
            try sandbox.write("x", to: "in")
            try sandbox.output(
                "create", "--name", "cc", "--network", "none", flags[0], flags[1], flags[2], flags[3], "busybox", "true"
            )
            try sandbox.output("cp", "in", "cc:/v/in")
            let data = try sandbox.output("volume", "inspect", "-f", "{{.Mountpoint}}", "vol")
            #expect(try owner("\(data)/in") == "0:0")
            try sandbox.tool("sh", "-c", "\"$0\" cp cc:/v/f - >out.tar", Executable.path)
            #expect(try sandbox.tool("tar", "--numeric-owner", "-tvf", "out.tar").text.contains(" 9/9 "))
            try sandbox.output("rm", "cc")
            try sandbox.output("volume", "rm", "vol", "new")
        }
    }

    @Test(arguments: TestUser.available)
    func whatCannotBeIsRefused(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let source = "\(sandbox.path)/work"
            var cases = [
                (["-v", "\(source):/x:idmap"], "has no user namespace of its own"),
                (["-v", "\(source):/x:idmap=uids=@0-0-1"], "has no user namespace of its own"),
                (["-v", "\(source):/x:idmap=uids=0-0"], "invalid mode"),
                (["-v", "\(source):/x:idmap,U"], "invalid mode"),
                (["-v", "\(source):/x:idmap=uids=0-4294967295-1"], "invalid mode"),
                (["--mount", "type=bind,src=\(source),dst=/x,idmap=maybe"], "invalid value for idmap"),
                (["--mount", "type=bind,src=\(source),dst=/x,idmap,U"], "contradict"),
                (["--mount", "type=tmpfs,dst=/x,idmap"], "of a tmpfs"),
            ]
            let own = user == .root ? Self.space : ["--userns", "keep-id"]
            cases.append((own + ["-v", "\(source):/x:idmap=uids=@4000000-0-1#@0-4000000-1"], "not all in one piece"))
            if user == .ordinary {
                // The file system belongs to root of the machine.
                cases.append((own + ["-v", "\(source):/x:idmap"], "use --userns keep-id, or the option 'U'"))
                cases.append((["--uidmap", "0:1:9", "-v", "vol:/x:idmap"], "use --userns keep-id, or the option 'U'"))
            }
            for (flags, words) in cases {
                let result = try sandbox.run(flags, "true")
                #expect(result.code == 125 && result.errorText.contains(words), "\(flags): \(result)")
            }
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func aFileSystemOfTheUsersOwnIsMapped() throws {
        try withBusybox(.ordinary) { sandbox throws in
            // Mounted in the user's namespace, it belongs to that.
            let script =
                "mkdir t && mount -t tmpfs none t && touch t/f && chown 5:6 t/f && \"$0\" run --rm --network none "
                + "--uidmap 0:100:50 -v $PWD/t:/x:idmap busybox sh -c 'stat -c %u:%g /x/f; touch /x/g' && stat -c %u:%g t/g"
            #expect(try sandbox.output("unshare", "sh", "-c", script, Executable.path) == "5:6\n0:0")
        }
    }
}
