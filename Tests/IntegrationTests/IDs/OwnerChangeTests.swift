import Glibc
import Linux
import TestSupport
import Testing

/// `-v …:U` and `--mount …,U`: the source is the container's user's before the container starts.
@Suite struct OwnerChangeTests {
    private static let list = "stat -c %u:%g:%n /x /x/d /x/d/f /x/link"

    // A tree of the user's with a link that leads out of it.
    private func tree(_ sandbox: Sandbox) throws -> String {
        let path = "\(sandbox.path)/work/tree"
        try sandbox.tool("mkdir", "-p", "\(path)/d")
        try sandbox.tool("touch", "\(path)/d/f", "\(sandbox.path)/work/outside")
        try sandbox.tool("ln", "-s", "../outside", "\(path)/link")
        try sandbox.tool("chmod", "700", "\(path)/d")
        return path
    }

    @Test(arguments: TestUser.available)
    func theWholeTreeIsTheUsers(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let path = try tree(sandbox)
            let owner = try Files.status("\(sandbox.path)/work/outside").raw.st_uid
            for flags in [
                ["-v", "\(path):/x:U"], ["--mount", "type=bind,src=\(path),dst=/x,U=true,ro"],
                ["--mount", "type=bind,src=\(path),dst=/x,chown"], ["-v", "\(path):/x:ro,U"],
            ] {
                for ids in ["33:34", "0:0", "7:8"] {
                    #expect(
                        try sandbox.shell(flags + ["-u", ids], Self.list)
                            == ["", "/d", "/d/f", "/link"].map { "\(ids):/x\($0)" }.joined(separator: "\n"))
                }
            }
            #expect(try sandbox.shell(["--mount", "type=bind,src=\(path),dst=/x,U=false"], "stat -c %u /x/d") == "7")
            // What a link leads to is not of the tree.
            #expect(try Files.status("\(sandbox.path)/work/outside").raw.st_uid == owner)
            // One file.
            try sandbox.tool("touch", "single")
            #expect(
                try sandbox.shell(["-v", "\(sandbox.path)/work/single:/s:U", "-u", "5:6"], "stat -c %u:%g /s") == "5:6")
        }
    }

    @Test(arguments: TestUser.available)
    func volumesToo(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // The image's files are there, and are changed as well.
            #expect(
                try sandbox.shell(["-v", "vv:/etc:U", "-u", "33:34"], "stat -c %u:%g /etc /etc/passwd")
                    == "33:34\n33:34")
            // Every start of the engine's does it, and no restart.
            try sandbox.output(
                "create", "--name", "cc", "--network", "none", "-v", "vv:/v:U", "-u", "9:9", "busybox",
                "stat", "-c", "%u", "/v/passwd")
            #expect(try sandbox.output("start", "-a", "cc") == "9")
            #expect(try sandbox.shell(["-v", "vv:/v"], "chown 1 /v/passwd; stat -c %u /v/passwd") == "1")
            #expect(try sandbox.output("start", "-a", "cc") == "9")
            #expect(try sandbox.inspect("cc", "index .HostConfig.Binds 0") == "vv:/v:U")
            // Who mounts it with that container leaves it to that.
            #expect(try sandbox.shell(["--volumes-from", "cc", "-u", "8"], "stat -c %u /v/passwd") == "9")
            // A part of one, and nothing beside it.
            #expect(try sandbox.shell(["-v", "vv:/v"], "mkdir /v/part; touch /v/part/f; stat -c %u /v/part") == "0")
            let part = ["--mount", "src=vv,dst=/p,volume-subpath=part,U", "-u", "3:4"]
            #expect(try sandbox.shell(part + ["-v", "vv:/v"], "stat -c %u /p /p/f /v") == "3\n3\n9")
            try sandbox.output("rm", "cc")
            try sandbox.output("volume", "rm", "vv")
        }
    }

    @Test(
        .enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"),
        arguments: ["keep-id", "auto", "nomap", "maps"])
    func namespacesOfTheContainersOwnHaveTheirNumbers(_ mode: String) throws {
        try withBusybox(.ordinary) { sandbox throws in
            let path = try tree(sandbox)
            let space = mode == "maps" ? ["--uidmap=0:10:20"] : ["--userns", mode]
            #expect(
                try sandbox.shell(space + ["-v", "\(path):/x:U", "-u", "3:4"], Self.list)
                    == ["", "/d", "/d/f", "/link"].map { "3:4:/x\($0)" }.joined(separator: "\n"))
            // Back to the caller.
            #expect(try sandbox.shell(["-v", "\(path):/x:U"], "stat -c %u /x/d/f") == "0")
            #expect(try Files.status("\(path)/d/f").raw.st_uid == TestUser.ordinary.entry?.uid)
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can make another's file"))
    func whatIsNobodysStaysAndIsNamed() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let path = try tree(sandbox)
            try check("chown") { chown("\(path)/d/f", 12, 12) }
            let result = try sandbox.run(["-v", "\(path):/x:U", "-u", "33"], "true")
            #expect(
                result.code == 125 && result.errorText.contains("cannot change the owner of \(path)/d/f:"), "\(result)")
            #expect(result.errorText.contains("none of your ids"), "\(result)")
            #expect(try Files.status("\(path)/d/f").raw.st_uid == 12)
            // Where nothing has to be changed nothing is.
            try check("chown") { chown("\(path)/d/f", 0, 0) }
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func directoriesOfTheMachineAreRefused(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // As root in a mount namespace in which the directory is nobody's: a refusal that fails changes something.
            let wrapper =
                user == .root
                ? ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", "mount -t tmpfs none /srv && exec \"$@\"", "sh"] : []
            try sandbox.tool("ln", "-s", "/srv", "link")
            for path in ["/srv", "\(sandbox.path)/work/link", "\(sandbox.path)/home"]
                + (user == .root ? [] : ["/", "/bin"])
            {
                let words = ["run", "--rm", "--network", "none", "-v", "\(path):/x:U", "busybox", "true"]
                let result = wrapper.isEmpty ? try sandbox.apus(words) : try sandbox.apus(behind: wrapper, words)
                #expect(
                    result.code == 125 && result.errorText.contains("a directory of the machine, or your home"),
                    "\(result)")
            }
            for mount in ["type=tmpfs,dst=/x,U", "type=bind,src=/tmp,dst=/x,U=maybe"] {
                #expect(try sandbox.run(["--mount", mount], "true").code == 125)
            }
            #expect(try sandbox.run(["-v", "\(sandbox.path)/work:/x:U,U"], "true").code == 125)
        }
    }
}
