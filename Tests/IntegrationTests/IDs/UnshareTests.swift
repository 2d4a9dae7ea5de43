import Glibc
import Linux
import TestSupport
import Testing

/// `apus unshare`, beside `podman unshare`.
@Suite(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"))
struct UnshareTests {
    @Test func theCommandIsRootOfAllIDs() throws {
        try withSandbox(.ordinary) { sandbox throws in
            let user = try #require(TestUser.ordinary.entry)
            let script = "id -u; id -g; awk '{ print $1, $2, $3 }' /proc/self/uid_map; pwd; echo $APUS_ROOT $APUS_RUN"
            let lines = try sandbox.output("unshare", "sh", "-c", script).split(separator: "\n").map(String.init)
            #expect(lines[0...2] == ["0", "0", "0 \(user.uid) 1"])
            #expect(lines.count == 6 && lines[3].hasPrefix("1 "), "\(lines)")
            #expect(lines[4...] == ["\(sandbox.path)/work", "\(sandbox.store) \(sandbox.runState)"])
            // Files get every owner, and who is none there sees them and may not touch them.
            try sandbox.output("unshare", "sh", "-c", "mkdir -m 700 d && touch d/f && chown -R 33:34 d")
            #expect(try sandbox.output("unshare", "stat", "-c", "%u:%g", "d/f") == "33:34")
            #expect(throws: TestFailure.self) { try sandbox.tool("rm", "-rf", "d") }
            try sandbox.output("unshare", "rm", "-r", "d")
            // Mounts are the command's own.
            #expect(try sandbox.output("unshare", "sh", "-c", "mount -t tmpfs x . && cd $PWD && touch y && ls") == "y")
            #expect(try Files.list("\(sandbox.path)/work").isEmpty)
        }
    }

    @Test func itIsTheProcessItself() throws {
        try withSandbox(.ordinary) { sandbox throws in
            let program = try sandbox.start(["unshare", "sh", "-c", "echo $$; exec sleep 100"])
            try program.waitForOutput("\(program.pid)\n")
            program.send(SIGTERM)
            #expect(try program.wait(seconds: 60).code == 128 + SIGTERM)
            let terminal = try TerminalSession(
                sandbox.spawn(Executable.path, ["unshare"], adding: ["SHELL=/bin/sh", "PS1=> "]))
            try terminal.waitFor("> ")
            try terminal.type("test -t 0 && id -u | tr 0 z; exit 5\n")
            try terminal.waitFor("z")
            #expect(try terminal.wait() == .exited(code: 5))
        }
    }

    @Test func exitCodesAreThoseOfPodman() throws {
        try withSandbox(.ordinary) { sandbox throws in
            func code(_ words: String..., environment: [String] = []) throws -> CInt {
                try sandbox.apus(["unshare"] + words, environment: environment).code
            }
            #expect(try code("sh", "-c", "exit 3") == 3 && code("--", "sh", "-c", "exit 4") == 4)
            #expect(try code("/etc") == 126 && code("nothing-of-the-kind") == 127 && code("./nothing") == 127)
            #expect(try code("--foo") == 125)
            let none = try sandbox.apus(["unshare"], environment: ["SHELL="])
            #expect(none.code == 125 && none.errorText.contains("$SHELL"), "\(none)")
            #expect(try sandbox.apus("unshare", "--help").text.contains("apus unshare [OPTIONS] [COMMAND"))
            // Arguments are bytes.
            try sandbox.tool("sh", "-c", ": >$(printf 'a\\377b')")
            try sandbox.tool("sh", "-c", "\"$0\" unshare rm $(printf 'a\\377b')", Executable.path)
            #expect(try Files.list("\(sandbox.path)/work").isEmpty)
        }
    }

    @Test func theStoreInsideIsTheUsers() throws {
        try withBusybox(.ordinary) { sandbox throws in
            try sandbox.output("create", "--name", "cc", "--network", "none", "busybox", "true")
            #expect(
                try sandbox.output("unshare", Executable.path, "ps", "-a", "--format", "{{.Names}}") == "cc")
            #expect(try sandbox.output("unshare", Executable.path, "rm", "cc") == "cc")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "needs the superuser"))
    func rootIsRefused() throws {
        try withSandbox(.root) { sandbox throws in
            let result = try sandbox.apus("unshare", "id")
            #expect(result.code == 125 && result.errorText == "apus: please use unshare with rootless\n", "\(result)")
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "only root can hide /etc/subuid"))
    func oneIDIsEnough() throws {
        try withSandbox(.ordinary) { sandbox throws in
            let user = try #require(TestUser.ordinary.entry)
            let result = try sandbox.apus(
                behind: sandbox.withoutSubordinateIDs,
                ["unshare", "sh", "-c", "id -u; awk '{ print $1, $2, $3 }' /proc/self/uid_map"])
            #expect(result.text == "0\n0 \(user.uid) 1\n", "\(result)")
        }
    }
}
