import Glibc
import Linux
import TestSupport
import Testing

/// `--group-add keep-groups`: the caller's own further groups stay, though the container has no numbers for them.
@Suite struct KeepGroupsTests {
    // A group of the machine that is no subordinate id of anybody.
    private static let group: UInt32 = 54321

    /// The words before a command that is to have the group beside the user's own; for root to use.
    private func inGroup(_ sandbox: Sandbox) throws -> [String] {
        let entry = try #require(sandbox.user.entry)
        return [
            "/usr/bin/setpriv", "--reuid=\(entry.uid)", "--regid=\(entry.gid)", "--groups=\(Self.group)",
        ] + (sandbox.user == .root ? [] : ["--inh-caps=-all"]) + [Executable.path]
    }

    private func apus(_ sandbox: Sandbox, behind wrapper: [String] = [], _ words: [String]) throws -> ProgramResult {
        let all = wrapper + (try inGroup(sandbox)) + words
        var program = sandbox.spawn(all[0], [])
        program = Spawn(all[0], Array(all[1...]), environment: program.environment)
        program.workingDirectory = "\(sandbox.path)/work"
        let running = try RunningProgram(program)
        running.closeInput()
        return try running.wait()
    }

    @Test(
        .enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can give a user a group"),
        arguments: TestUser.available)
    func whatTheGroupReadsTheContainerReads(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // A directory of another's, open to the group alone.
            let shared = "\(sandbox.path)/shared"
            try Files.makeDirectory(shared, mode: 0o750)
            try Files.write("x".utf8, to: "\(shared)/file", mode: 0o640)
            for path in [shared, "\(shared)/file"] { try check("chown") { chown(path, 33, Self.group) } }
            let base = ["run", "--network", "none", "-v", "\(shared):/shared", "--user", "1:1"]
            let kept = try apus(
                sandbox, base + ["--rm", "--group-add", "keep-groups", "busybox", "cat", "/shared/file"])
            #expect(kept.code == 0 && kept.text == "x", "\(kept)")
            // Without it they go.
            let plain = try apus(sandbox, base + ["--rm", "busybox", "cat", "/shared/file"])
            #expect(plain.code != 0 && plain.text.isEmpty, "\(plain)")
            // `exec`, and a later start.
            let words = base + ["-d", "--name", "cc", "--group-add", "keep-groups", "busybox", "sleep", "1000"]
            #expect(try apus(sandbox, words).code == 0)
            #expect(try apus(sandbox, ["exec", "cc", "cat", "/shared/file"]).text == "x")
            #expect(try apus(sandbox, ["exec", "-u", "2", "cc", "cat", "/shared/file"]).text == "x")
            #expect(try apus(sandbox, ["restart", "-t", "0", "cc"]).code == 0)
            let groups = try apus(sandbox, ["exec", "cc", "grep", "Groups", "/proc/1/status"])
            #expect(groups.text.contains(user == .root ? "54321" : "65534"), "\(groups)")
            #expect(try sandbox.inspect("cc", "json .HostConfig.GroupAdd") == #"["keep-groups"]"#)
            try sandbox.output("rm", "-f", "cc")
        }
    }

    @Test(
        .enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can give a user a group"),
        arguments: ["keep-id", "auto", "nomap"])
    func itIsForNamespacesOfTheContainersOwn(_ mode: String) throws {
        try withBusybox(.ordinary) { sandbox throws in
            let file = try sandbox.write("x", to: "file", mode: 0o040)
            try check("chown") { chown(file, 33, Self.group) }
            let result = try apus(
                sandbox,
                [
                    "run", "--rm", "--network", "none", "--userns", mode, "--group-add=keep-groups", "-v",
                    "\(file):/file",
                    "busybox", "cat", "/file",
                ])
            #expect(result.text == "x", "\(result)")
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable && TestUser.ordinary.isAvailable, "only root can hide /etc/subuid"))
    func oneIDIsEnough() throws {
        try withSandbox(.ordinary) { sandbox throws in
            let file = try sandbox.write("x", to: "file", mode: 0o040)
            try check("chown") { chown(file, 33, Self.group) }
            let wrapper = sandbox.withoutSubordinateIDs
            #expect(try sandbox.apus(behind: wrapper, ["import", Fixtures.busyboxTar, "busybox"]).code == 0)
            let words = ["run", "--rm", "--network", "none", "-v", "\(file):/file", "--group-add"]
            let kept = try apus(sandbox, behind: wrapper, words + ["keep-groups", "busybox", "cat", "/file"])
            #expect(kept.text == "x", "\(kept)")
            #expect(try apus(sandbox, behind: wrapper, words + ["7", "busybox", "true"]).code == 125)
        }
    }

    @Test(arguments: [["keep-groups", "7"], ["audio", "keep-groups"], ["keep-groups", "keep-groups"]])
    func itIsAlone(_ groups: [String]) throws {
        try withBusybox(.any) { sandbox throws in
            let result = try sandbox.run(groups.flatMap { ["--group-add", $0] }, "true")
            #expect(
                result.code == 125
                    && result.errorText.contains("not allowed with any other --group-add options"), "\(result)")
        }
    }
}
