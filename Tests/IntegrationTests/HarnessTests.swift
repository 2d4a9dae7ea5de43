import Glibc
import Linux
import TestSupport
import Testing

/// The harness itself: that it can fail, and as whom the tests run.
@Suite struct HarnessTests {
    @Test(.enabled(if: TestUser.root.isAvailable, "the tests do not run as root: what root does is not tested"))
    func rootIsTested() {}

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "there is no user apus-test: run Tests/Harness/prepare-machine"))
    func anOrdinaryUserIsTested() {}

    @Test(arguments: TestUser.available)
    func aProgramRunsAsTheUserWithItsStreamsAndItsExitCode(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let program = try RunningProgram(sandbox.spawn("/bin/sh", ["-c", "id -u; cat; echo oops >&2; exit 7"]))
            try program.write(Array("from stdin".utf8))
            program.closeInput()
            let result = try program.wait()
            #expect(result.text == "\(user.entry!.uid)\nfrom stdin")
            #expect(result.errorText == "oops\n")
            #expect(result.code == 7)
        }
    }

    @Test(arguments: TestUser.available)
    func aSandboxBelongsToItsUserAndIsRemoved(_ user: TestUser) throws {
        let path = try withSandbox(user) { sandbox throws in
            try sandbox.tool("/bin/sh", "-c", "echo x >\"$XDG_DATA_HOME/file\" && mkdir \"$XDG_RUNTIME_DIR/d\"")
            #expect(Files.exists("\(sandbox.path)/data/file"))
            return sandbox.path
        }
        #expect(!Files.exists(path))
    }

    @Test(arguments: TestUser.available)
    func aProcessThatIsLeftBehindIsFoundByItsMounts(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            // With an environment and a command line that say nothing: a mount alone tells whose it is.
            let script = #"mkdir "$0/work/d" && mount -t tmpfs none "$0/work/d" && exec env -i sleep 1000"#
            let program = try RunningProgram(
                sandbox.spawn(
                    "/usr/bin/unshare", ["--user", "--map-root-user", "--mount", "/bin/sh", "-c", script, sandbox.path])
            )
            var found: [Leftover] = []
            while true {
                found = leftovers(of: sandbox.path)
                if found.contains(where: { $0.command == "sleep 1000" }) { break }
                usleep(10_000)
            }
            #expect(found.contains { $0.reason == "mountinfo" })
            program.send(SIGKILL)
            #expect(try program.wait().code == 137)
        }
    }

    @Test func aTerminalHasItsSizeAndItsSignals() throws {
        let session = try TerminalSession(
            Spawn(
                "/bin/sh", ["-c", "stty size; trap 'echo interrupted; exit 3' INT; echo ready; read line"],
                environment: ["PATH=/usr/bin:/bin"]),
            size: WindowSize(rows: 33, columns: 77))
        try session.waitFor("33 77")
        try session.waitFor("ready")
        try session.type("\u{3}")
        #expect(try session.wait() == .exited(code: 3))
        #expect(session.screen.contains("interrupted"))
    }
}
