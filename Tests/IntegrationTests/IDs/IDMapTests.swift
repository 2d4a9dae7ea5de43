import Glibc
import Linux
import TestSupport
import Testing

/// `--uidmap`, `--gidmap`, `--subuidname` and `--subgidname`.
@Suite struct IDMapTests {
    private static let script =
        "awk '{ print $1, $2, $3 }' /proc/self/uid_map /proc/self/gid_map; stat -c '%u:%g' / /bin; id -u"

    @Test(arguments: TestUser.available)
    func theContainerHasTheIDsThatWereGiven(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let first = user == .root ? 300_000 : 1
            let flags = ["--uidmap", "0:\(first):10", "--gidmap", "0:\(first + 1):20", "--uidmap=10:0"]
            #expect(
                try sandbox.shell(flags, Self.script)
                    == "0 \(first) 10\n10 0 1\n0 \(first + 1) 20\n0:0\n0:0\n0")
            // What it writes has the owners outside that the map says, at a second start as well.
            let words =
                ["run", "--name", "cc", "--network", "none"] + flags + [
                    "-v", "vv:/v", "busybox", "sh", "-c",
                    "touch /v/x && touch /made && chown 3:4 /made; stat -c %u:%g /made",
                ]
            #expect(try sandbox.apus(words).text == "3:4\n")
            #expect(try sandbox.output("start", "-a", "cc") == "3:4")
            #expect(
                try sandbox.inspect("cc", "json .HostConfig.UsernsMode")
                    + sandbox.inspect("cc", "json .HostConfig.IDMappings")
                    == #""private"{"UidMap":["0:\#(first):10","10:0:1"],"GidMap":["0:\#(first + 1):20"]}"#)
            // fuse-overlayfs writes with the owners of a container without a namespace of its own.
            let upper = "\(sandbox.store)/containers/\(try sandbox.inspect("cc", ".Id"))/upper"
            if try Files.isPresent(upper) {
                let made = try Files.status("\(upper)/made")
                let outer = user == .root ? UInt32(first) : try Self.subordinate() - 1 + UInt32(first)
                #expect(made.raw.st_uid == outer + 3 && made.raw.st_gid == outer + 1 + 4)
            }
            #expect(try sandbox.output("diff", "cc").contains("A /made"))
            try sandbox.output("cp", "cc:/made", "made")
            try sandbox.output("commit", "cc", "kept")
            #expect(
                try sandbox.apus("run", "--rm", "--network", "none", "kept", "stat", "-c", "%u:%g", "/made").text
                    == "3:4\n")
            try sandbox.output("rm", "cc")
            try sandbox.output("volume", "rm", "vv")
        }
    }

    // The first subordinate id of the test's user.
    private static func subordinate() throws -> UInt32 {
        let name = TestUser.ordinary.entry?.name ?? ""
        let line = try #require(
            try Files.readText("/etc/subuid").split(separator: "\n").first { $0.hasPrefix("\(name):") })
        return try #require(UInt32(line.split(separator: ":")[1]))
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func theCallerIsMappedByAnExtension() throws {
        try withBusybox(.ordinary) { sandbox throws in
            let user = try #require(TestUser.ordinary.entry)
            let flags = ["--uidmap=+1000:@\(user.uid)", "--user", "1000", "-v", "\(sandbox.path)/work:/work"]
            #expect(try sandbox.shell(flags, "touch /work/mine; stat -c %u:%g /work/mine /bin") == "1000:1000\n0:0")
            #expect(try Files.status("\(sandbox.path)/work/mine").raw.st_uid == user.uid)
            let first = try Self.subordinate()
            #expect(
                try sandbox.shell(["--subuidname", user.name], Self.script).hasPrefix("0 1 "), "from \(first)")
        }
    }

    @Test(arguments: TestUser.available)
    func whatCannotBeIsSaidInOneSentence(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let exclusive = "--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive"
            var cases: [([String], String)] = [
                (["--uidmap", "0:1:5", "--userns", "keep-id"], exclusive),
                (["--gidmap", "0:1:5", "--userns="], exclusive),
                (["--subuidname", "x", "--userns", "host"], exclusive),
                (["--uidmap", "0:1:5", "--subgidname", "x"], "mutually exclusive"),
                (["--uidmap", "foo"], "malformed"), (["--uidmap", "5:1:5"], "maps nothing to the container's uid 0"),
                (["--uidmap", "0:1:5", "--uidmap", "3:10:5"], "0:1:5 and 3:10:5 have ids in common"),
                (["--uidmap", "0:4294967295:3"], "beyond the last id"),
                (["--subuidname", "nobody-of-the-kind"], "has no ids for it"),
            ]
            if user == .ordinary {
                cases.append((["--uidmap", "0:4000000000:5"], "wants the id 4000000000"))
                cases.append((["--uidmap", "0:@0:5"], "not all of these ids of the host are yours"))
            }
            for (flags, words) in cases {
                let result = try sandbox.run(flags, "true")
                #expect(result.code == 125 && result.errorText.contains(words), "\(flags): \(result)")
                #expect(result.errorText.utf8.filter { $0 == 10 }.count < 4, "\(result)")
            }
            #expect(try sandbox.run(["--uidmap", "0:1:5", "--user", "7"], "true").code == 125)
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func aMapOfManyPiecesHasAName(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let pieces = (0..<60).map { "\($0):\(120 - 2 * $0)" }.joined(separator: ",")
            let flags = ["--uidmap", pieces]
            #expect(try sandbox.shell(flags, "wc -l </proc/self/uid_map; stat -c %u:%g /bin") == "60\n0:0")
            #expect(try sandbox.shell(flags, "id -u") == "0")
        }
    }
}

extension IDMapTests {
    @Test(arguments: TestUser.available)
    func aMappingMayHaveTheCallerAndOthers(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let lines = try sandbox.shell(["--uidmap", "0:0:100"], Self.script).split(separator: "\n").map(String.init)
            let pieces = user == .root ? ["0 0 100"] : ["0 0 1", "1 1 99"]
            #expect(lines == pieces + pieces + ["0:0", "0:0", "0"])
        }
    }

    // The kernel wants every piece of a map within one piece of the map above.
    @Test(
        .enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can change /etc/subuid"),
        arguments: [
            ["--userns", "keep-id:uid=30,gid=30"], ["--userns", "nomap"], ["--userns", "auto:size=1200"],
            ["--uidmap", "+5:0"], ["--uidmap", "0:1:1200"],
        ])
    func severalRangesOfSubordinateIDsAreOne(_ flags: [String]) throws {
        try withSandbox(.ordinary) { sandbox throws in
            let name = try #require(TestUser.ordinary.entry).name
            let ranges = try sandbox.write("\(name):500000:20\n\(name):700000:30\n\(name):900000:65536\n", to: "ranges")
            let wrapper = [
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                "mount --bind '\(ranges)' /etc/subuid && mount --bind '\(ranges)' /etc/subgid && exec \"$@\"", "sh",
            ]
            #expect(try sandbox.apus(behind: wrapper, ["import", Fixtures.busyboxTar, "busybox"]).code == 0)
            let script = "touch /f && chown 45:46 /f && stat -c %u:%g /f /bin; wc -l </proc/self/uid_map"
            let result = try sandbox.apus(
                behind: wrapper,
                ["run", "--rm", "--network", "none", "--user", "0"] + flags + ["busybox", "sh", "-ec", script])
            #expect(
                result.lines.prefix(2) == ["45:46", "0:0"] && (result.lines.last.flatMap { Int($0) } ?? 0) > 2,
                "\(result)")
        }
    }

    @Test(arguments: TestUser.available)
    func aNewVolumeIsTheContainersRoots(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let map = ["--uidmap", user == .root ? "0:300000:10" : "0:1:10"]
            for flags in [["-v", "one:/v"], ["-v", "two:/v:nocopy"], ["-v", "/v"]] {
                #expect(try sandbox.shell(map + flags, "touch /v/f; stat -c %u:%g /v /v/f") == "0:0\n0:0")
            }
            // One that is somebody's already stays so.
            try sandbox.output("volume", "create", "three")
            _ = try sandbox.shell(["-v", "three:/v"], "touch /v/f")
            #expect(try sandbox.shell(map + ["-v", "three:/v"], "stat -c %u:%g /v") == "65534:65534")
            try sandbox.output("volume", "rm", "one", "two", "three")
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
    func withKeepIDANewVolumeIsTheCallers() throws {
        try withBusybox(.ordinary) { sandbox throws in
            #expect(
                try sandbox.shell(["--userns", "keep-id", "-v", "vol:/v"], "touch /v/f && test -O /v && echo mine")
                    == "mine")
        }
    }
}
