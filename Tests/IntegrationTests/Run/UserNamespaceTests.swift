import Glibc
import Linux
import TestSupport
import Testing

/// User namespaces of a container's own (`--userns`), with podman's meaning of the words.
@Suite struct UserNamespaceTests {
    private static let script = "id -u; id -g; stat -c '%u:%g' / /bin /work; cat /proc/self/uid_map | tr -s ' '"

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func keepIDRunsAsTheUserWithTheImagesOwners() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let user = try #require(TestUser.ordinary.entry)
            let volume = ["--userns", "keep-id", "-v", "\(sandbox.path)/work:/work"]
            let own = "\(user.uid)\n\(user.gid)\n0:0\n0:0\n\(user.uid):\(user.gid)\n"
            #expect(try sandbox.shell(volume, Self.script).hasPrefix(own))
            // What it writes outside is the user's own, what root inside writes is not.
            _ = try sandbox.shell(volume, "touch /work/mine")
            #expect(try Files.status("\(sandbox.path)/work/mine").raw.st_uid == user.uid)
            #expect(try sandbox.run(["--userns", "keep-id"], "touch", "/etc/x").code == 1)
            #expect(try sandbox.shell(["--userns", "keep-id", "--user", "0"], "touch /etc/x; id -u") == "0")
            #expect(
                try sandbox.shell(["--userns", "keep-id:uid=200,gid=210"], "id -u; id -g; stat -c %u /etc/hosts")
                    == "200\n210\n0")
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func keepIDGivesTheUserAName() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let user = try #require(TestUser.ordinary.entry)
            let names = "whoami; id -un; id -gn; stat -c %U /etc/passwd; tail -n 1 /etc/passwd"
            let lines = try sandbox.shell(["--userns", "keep-id", "-w", "/tmp"], names).split(separator: "\n")
            let group = try #require(Account.groupName(of: user.gid))
            let entry = "\(user.name):*:\(user.uid):\(user.gid):\(user.name):/tmp:/bin/sh"
            #expect(lines.map(String.init) == [user.name, user.name, group, "root", entry])
            #expect(try sandbox.shell(["--userns", "keep-id", "--read-only"], "whoami") == user.name)
            // Who is in the image's file already keeps that line.
            #expect(try sandbox.shell(["--userns", "keep-id:uid=0,gid=0"], "whoami") == "root")
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func nomapLeavesTheUserOut() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let volume = ["--userns", "nomap", "-v", "\(sandbox.path)/work:/work"]
            let text = try sandbox.shell(volume, Self.script)
            #expect(text.hasPrefix("0\n0\n0:0\n0:0\n65534:65534\n"), "\(text)")
            // Of a directory of mode 0700 that belongs to somebody who is not there, nothing is to be had.
            #expect(try sandbox.run(volume, "ls", "/work").code != 0)
            #expect(try sandbox.shell(["--userns", "nomap"], "touch /etc/x; stat -c %u /etc/x") == "0")
        }
    }

    @Test(arguments: TestUser.available)
    func autoGivesEachContainerIDsOfItsOwn(_ user: TestUser) throws {
        if user == .root {
            guard try Files.readText("/etc/subuid").contains("containers:") else {
                try withBusybox(user) { sandbox throws in
                    let result = try sandbox.run(["--userns", "auto"], "true")
                    #expect(result.code == 125 && result.errorText.contains("containers:"), "\(result)")
                }
                return
            }
        }
        try withBusybox(user) { sandbox throws in
            let script = "cat /proc/self/uid_map | awk '{ print $1, $2, $3 }'; stat -c '%u:%g' / /bin; id -u"
            let first = try sandbox.shell(["--userns", "auto"], script).split(separator: "\n")
            #expect(first.count == 4 && first[0].hasSuffix(" 1024"), "\(first)")
            #expect(first[1...] == ["0:0", "0:0", "0"])
            let outer = first[0].split(separator: " ")[1]
            // A container that is there, if only ended, keeps its ids; one that is gone does not.
            let kept = try sandbox.apus(
                "run", "--name", "kept", "--network", "none", "--userns", "auto:size=2000", "busybox", "sh", "-c",
                script)
            #expect(kept.lines.first == "0 \(outer) 2000", "\(kept)")
            let beside = try sandbox.shell(["--userns", "auto:size=1500"], script).split(separator: "\n")
            #expect(beside[0] == "0 \(UInt32(outer)! + 2000) 1500")
            #expect(beside[1...] == ["0:0", "0:0", "0"])
            try sandbox.output("rm", "kept")
            #expect(try sandbox.shell(["--userns", "auto"], script).hasPrefix("0 \(outer) 1024"))
            let all = try sandbox.run(["--userns", "auto:size=2147483647"], "true")
            #expect(all.code == 125 && all.errorText.contains("ids in a row are free"), "\(all)")
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "root traces an ordinary user"))
    func theIDsOfAContainerSurviveALossOfPower() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let log = "\(sandbox.path)/strace"
            let trace = [
                "/usr/bin/strace", "-f", "-qq", "-y", "-e", "trace=fsync,rename,renameat,renameat2", "-o", log,
            ]
            let words = ["create", "--name", "kept", "--network", "none", "--userns", "auto", "busybox", "true"]
            let created = try sandbox.apus(behind: trace, words)
            #expect(created.code == 0, "\(created)")
            let id = created.text.prefix(64)
            let calls = try Files.readText(log).split(separator: "\n")
            let file = try #require(calls.firstIndex { $0.contains("fsync") && $0.contains("/\(id)/.ids.") })
            let name = try #require(calls.firstIndex { $0.contains("rename") && $0.contains("\"ids\"") })
            let folder = calls[name...].firstIndex { $0.contains("fsync") && $0.contains("/\(id)>") }
            #expect(file < name && folder != nil)
            // One that cannot be read is somebody's.
            try sandbox.tool("sh", "-c", ": >\"$0\"", "\(sandbox.store)/containers/\(id)/ids")
            let beside = try sandbox.run(["--userns", "auto"], "true")
            #expect(beside.code == 125 && beside.errorText.contains("remove that container"), "\(beside)")
            try sandbox.output("rm", "kept")
            #expect(try sandbox.run(["--userns", "auto"], "true").code == 0)
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func thePrivateSourceOfABindIsReached() throws {
        try withBusybox(.ordinary) { sandbox throws in
            // Below directories that the container's root may not enter.
            _ = try sandbox.tool("mkdir", "-m", "700", "-p", "\(sandbox.path)/work/closed/in")
            try Files.write("x".utf8, to: "\(sandbox.path)/work/closed/in/file", mode: 0o644)
            for mode in ["nomap", "auto", "keep-id"] {
                let flags = ["--userns", mode, "-v", "\(sandbox.path)/work/closed/in/file:/file:ro"]
                #expect(try sandbox.shell(flags, "cat /file") == "x")
            }
        }
    }

    @Test(
        .enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"), arguments: ["keep-id", "auto", "nomap"])
    func theNetworkIsUpAndTheTerminalIsTheUsers(_ mode: String) throws {
        try withBusybox(.ordinary) { sandbox throws in
            let result = try sandbox.apus(
                "run", "--rm", "--userns", mode, "busybox", "sh", "-c", "ip route; cat /sys/class/net/tap0/address")
            #expect(result.text.contains("default via"), "\(result)")
            let terminal = try sandbox.apus(
                "run", "--rm", "-t", "--network", "none", "--userns", mode, "busybox", "sh", "-c",
                "test -O $(tty) && echo mine")
            #expect(terminal.text.contains("mine"), "\(terminal)")
            #expect(try sandbox.shell(["--userns", mode, "-w", "/made/here"], "stat -c %u . ..") == "0\n0")
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "needs the superuser"), arguments: ["keep-id", "nomap"])
    func rootHasNoOtherIDs(_ mode: String) throws {
        try withBusybox(.root) { sandbox throws in
            let result = try sandbox.run(["--userns", mode], "true")
            #expect(result.code == 125 && result.errorText.contains("you are root"), "\(result)")
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can hide /etc/subuid"))
    func withOneIDAloneItIsSaidInOneSentence() throws {
        try withSandbox(.ordinary) { sandbox throws in
            let wrapper = sandbox.withoutSubordinateIDs
            #expect(try sandbox.apus(behind: wrapper, ["import", Fixtures.busyboxTar, "busybox"]).code == 0)
            for mode in ["keep-id", "auto", "nomap"] {
                let result = try sandbox.apus(
                    behind: wrapper, ["run", "--rm", "--network", "none", "--userns", mode, "busybox", "true"])
                #expect(result.code == 125 && result.errorText.contains("only one id is available"), "\(result)")
            }
        }
    }
}
