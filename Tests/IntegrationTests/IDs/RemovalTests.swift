import Glibc
import Linux
import TestSupport
import Testing

/// Whatever a container wrote can be removed, or it is said what stands in the way.
@Suite struct RemovalTests {
    // Directories that forbid everything, owners of all kinds, names that look like something else.
    private static let hostile = #"""
        for place in / /vol; do
            mkdir -p $place/made/closed/in && cd $place/made
            for id in 0 1 33 1000 9999; do
                mkdir d$id && touch d$id/f && ln -s /nowhere d$id/link && mkfifo d$id/pipe && chown -R $id:$id d$id; chmod 1777 d$id
            done
            touch -- -rf "$(printf 'a\nb')" "$(printf 'x\001\033[2J')" "$(printf '\377\376')" ... ' ' '*'
            # fuse-overlayfs keeps the first of these names to itself, and has no room for the second beside it.
            touch .wh.f 2>/dev/null || :; touch $(printf '%0255d' 0) 2>/dev/null || :
            touch $(printf '%0251d' 0); mkdir -p -- "$(printf '%0250d' 1)/-v/--help"
            chown 33:33 closed/in; chmod 0 closed/in closed; chmod 0 . ; cd /
        done
        """#

    private func leftovers(_ sandbox: Sandbox) throws -> [String] {
        let containers = try Files.list("\(sandbox.store)/containers").filter { $0 != "lock" }
        let volumes = "\(sandbox.store)/volumes"
        return try containers + (Files.isPresent(volumes) ? Files.list(volumes) : [])
    }

    /// A user, and the flags of a user namespace.
    struct Space: Sendable, CustomTestStringConvertible {
        let user: TestUser
        let flags: [String]

        var testDescription: String { "\(user) \(flags.joined(separator: " "))" }

        static let all: [Space] = TestUser.available.flatMap { user in
            [
                Space(user: user, flags: []),
                Space(user: user, flags: ["--uidmap", "0:\(user == .root ? 400_000 : 5):20000"]),
            ]
                + (user == .root ? [] : ["keep-id", "auto:size=20000", "nomap"]).map {
                    Space(user: user, flags: ["--userns", $0, "--user", "0"])
                }
        }
    }

    @Test(arguments: Space.all)
    func hostileTreesGo(_ space: Space) throws {
        try withBusybox(space.user) { sandbox throws in
            let base = ["run", "--network", "none", "-v", "vol:/vol:U"] + space.flags
            let words = ["busybox", "sh", "-ec", Self.hostile]
            for flags in [["--rm"], ["--name", "kept"]] {
                let result = try sandbox.apus(base + flags + words)
                #expect(result.code == 0, "\(result)")
                _ = try sandbox.shell(["-v", "vol:/vol"], "rm -rf /vol/made")
            }
            let pruned = try sandbox.apus(base + ["--name", "pruned"] + words)
            #expect(pruned.code == 0, "\(pruned)")
            #expect(try sandbox.output("rm", "kept") == "kept")
            try sandbox.output("container", "prune", "-f")
            #expect(try sandbox.output("volume", "rm", "vol") == "vol")
            #expect(try leftovers(sandbox).isEmpty)
            // Images that are gone leave no layers, copies for other maps included.
            try sandbox.output("system", "prune", "-af")
            #expect(try Files.list("\(sandbox.store)/layers").filter { $0.hasPrefix("sha256-") }.isEmpty)
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "needs the superuser"))
    func whatIsImmutableGoes() throws {
        try withBusybox(.root) { sandbox throws in
            try sandbox.output(
                "run", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
                "mkdir -p /a/b/c /a/empty; touch /a/b/f /a/b/g")
            let upper = "\(sandbox.store)/containers/\(try sandbox.inspect("cc", ".Id"))/upper"
            try sandbox.tool("chattr", "+i", "\(upper)/a/b/f", "\(upper)/a/b/c", "\(upper)/a/empty")
            try sandbox.tool("chattr", "+a", "\(upper)/a/b/g", "\(upper)/a/b")
            try sandbox.tool("chattr", "+i", "\(upper)/a")
            #expect(try sandbox.output("rm", "cc") == "cc")
            #expect(try leftovers(sandbox).isEmpty)
        }
    }

    // Somebody else's files, mounted on directories and on a file of the container's.
    private func mounting(_ sandbox: Sandbox, _ upper: String) -> [String] {
        let kept = "\(sandbox.path)/work/kept"
        let script =
            "mount --bind '\(kept)' '\(upper)/a/dir' && mount --bind '\(kept)' '\(upper)/a/dir' && mount -t tmpfs none "
            + "'\(upper)/b' && touch '\(upper)/b/f' && mount --bind '\(kept)/file' '\(upper)/a/file' && exec \"$@\""
        return ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh"]
    }

    @Test(
        .enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root mounts"),
        arguments: TestUser.available)
    func whatIsMountedInsideStays(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.tool("mkdir", "-p", "kept/in")
            try sandbox.tool("touch", "kept/file", "kept/in/file")
            try sandbox.output(
                "run", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
                "mkdir -p /a/dir /b; touch /a/file /a/dir/own /b/own")
            let upper = "\(sandbox.store)/containers/\(try sandbox.inspect("cc", ".Id"))/upper"
            let result = try sandbox.apus(behind: mounting(sandbox, upper), ["rm", "cc"])
            if user == .root {
                #expect(result.code == 0, "\(result)")
                #expect(try leftovers(sandbox).isEmpty)
            } else {
                // A mount that only root may take away.
                #expect(result.code == 1 && result.errorText.contains("something is mounted there"), "\(result)")
                #expect(try sandbox.output("ps", "-aq").isEmpty)
                try sandbox.output("system", "prune", "-f")
                #expect(try leftovers(sandbox).isEmpty)
            }
            for file in ["file", "in/file"] { #expect(try Files.isPresent("\(sandbox.path)/work/kept/\(file)")) }
        }
    }

    @Test(
        .enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can change /etc/subuid"),
        arguments: ["", "700000"])
    func filesOfIDsThatAreGoneAreNamed(_ first: String) throws {
        try withBusybox(.ordinary) { sandbox throws in
            let name = try #require(TestUser.ordinary.entry).name
            let ranges = try sandbox.write(first.isEmpty ? "" : "\(name):\(first):65536\n", to: "ranges")
            let wrapper = [
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                "mount --bind '\(ranges)' /etc/subuid && mount --bind '\(ranges)' /etc/subgid && exec \"$@\"", "sh",
            ]
            let script = "mkdir /made; touch /made/f /vol/f; mkdir /vol/d; touch /vol/d/f; chown -R 33:33 /made /vol/d"
            for container in ["one", "two"] {
                try sandbox.output(
                    "run", "--name", container, "--network", "none", "-v", "\(container)-vol:/vol", "busybox", "sh",
                    "-c", script)
            }
            let id = try sandbox.inspect("one", ".Id")
            let result = try sandbox.apus(behind: wrapper, ["rm", "one"])
            #expect(result.code == 1 && result.errorText.contains("none of your ids"), "\(result)")
            // What is to be done is a command that does it.
            let parts = result.errorText.split(separator: "'")
            let command = try #require(parts.first { $0.hasPrefix("sudo rm -rf ") }, "\(result)")
            let path = String(command.dropFirst("sudo rm -rf ".count))
            #expect(path.hasPrefix("\(sandbox.store)/containers/") && path.contains(id), "\(path)")
            let volume = try sandbox.apus(behind: wrapper, ["volume", "rm", "one-vol"])
            #expect(volume.code == 1 && volume.errorText.contains("sudo rm -rf \(sandbox.store)/volumes/"), "\(volume)")
            // Others are not held up by it, and it is told again by what cleans up.
            #expect(try sandbox.apus(behind: wrapper, ["ps", "-aq"]).code == 0)
            let prune = try sandbox.apus(behind: wrapper, ["system", "prune", "-f"])
            #expect(prune.errorText.contains("sudo rm -rf "), "\(prune)")
            try Files.removeTree(path)
            // With the ids back, everything goes by itself.
            try sandbox.output("rm", "-f", "two")
            try sandbox.output("volume", "rm", "two-vol")
            try sandbox.output("system", "prune", "-f")
            #expect(try leftovers(sandbox).isEmpty)
        }
    }
}
