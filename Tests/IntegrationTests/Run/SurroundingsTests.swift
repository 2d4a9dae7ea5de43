import Glibc
import Linux
import TestSupport
import Testing

/// What the store's directory or the caller brings along, which is not to reach containers.
@Suite struct SurroundingsTests {
    /// A store of its own below the working directory, with busybox in it.
    private func withStore(_ user: TestUser, at name: String, _ body: (Sandbox, [String]) throws -> Void) throws {
        try withSandbox(user) { sandbox throws in
            let folder = "\(sandbox.path)/work/\(name)"
            try sandbox.tool("mkdir", folder)
            let options = ["--root", "\(folder)/store"]
            try prepare(sandbox, folder)
            let result = try sandbox.apus(options + ["import", try Fixtures.busyboxTar, "busybox"])
            #expect(result.code == 0, "\(result)")
            try body(sandbox, options + ["run", "--rm", "--network", "none"])
        }
    }

    private func prepare(_ sandbox: Sandbox, _ folder: String) throws {
        guard folder.hasSuffix("shared") else { return }
        try sandbox.tool("chmod", "2775", folder)
        try sandbox.tool("setfacl", "-d", "-m", "u:1234:rwx,g::rwx", folder)
    }

    @Test(arguments: TestUser.available)
    func aDirectorysGroupBitAndACLStayOutsideOfContainers(_ user: TestUser) throws {
        try withStore(user, at: "shared") { sandbox, run throws in
            let script = "mkdir /d /etc/d /tmp/d; touch /d/f; stat -c %a / /d /etc/d /tmp/d /etc /d/f"
            let result = try sandbox.apus(run + ["busybox", "sh", "-c", script])
            #expect(result.text == "755\n755\n755\n755\n755\n644\n", "\(result)")
        }
    }

    // Of homes of directory services; overlayfs reads one as the escape of the next letter. Names that are options' ends
    // elsewhere, too.
    @Test(arguments: TestUser.available, [#"DOMAIN\user"#, #"\"#, "a:b,c=d", "two words"])
    func thePathOfTheStoreMayHaveAnyLetters(_ user: TestUser, _ name: String) throws {
        try withStore(user, at: name) { sandbox, run throws in
            for flags in [[], ["--read-only"]] {
                let result = try sandbox.apus(run + flags + ["busybox", "echo", "ran"])
                #expect(result.text == "ran\n", "\(result)")
            }
        }
    }

    @Test(arguments: TestUser.available)
    func aLimitOnTheSizeOfFilesCostsLinesOfTheLogAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // 64 blocks of 512 bytes; the container's own limit is the same, and its pipe is no file.
            let run = "ulimit -f 64; exec '\(Executable.path)' run --name cc --network none busybox"
            let script = #"yes 0123456789 | head -n 50000; exit 3"#
            let result = try sandbox.tool("sh", "-c", "(\(run) sh -c '\(script)'); echo code $? >&2")
            #expect(result.text.utf8.count == 550_000 && result.errorText == "code 3\n", "\(result.errorText)")
            let stopped = try sandbox.apus("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "cc")
            #expect(stopped.text == "exited 3\n", "\(stopped)")
            // What itself cannot be written is a sentence.
            let command = "ulimit -f 64; '\(Executable.path)' import '\(try Fixtures.busyboxTar)' again"
            let failed = try sandbox.tool("sh", "-c", "(\(command)); echo code $?")
            #expect(failed.text == "code 1\n" && failed.errorText.contains("file too large"), "\(failed)")
            #expect(try sandbox.apus("rm", "cc").code == 0)
        }
    }

    // cron and daemons leave them so: what the engine opens would get their numbers.
    @Test(arguments: TestUser.available)
    func standardStreamsMayBeClosed(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let run = "'\(Executable.path)' run --network none"
            for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
                let script = "\(run) --rm -v $PWD:/w busybox sh -c 'echo ran > /w/f; echo out; echo err >&2' \(closed)"
                let result = try sandbox.tool("sh", "-c", script)
                #expect(try sandbox.tool("cat", "f").text == "ran\n", "\(closed)")
                #expect(
                    result.text
                        == (closed.contains(">&- ") || closed.contains(" >&-") || closed == ">&-" ? "" : "out\n"))
                try sandbox.tool("rm", "f")
            }
            try sandbox.tool(
                "sh", "-c", "\(run) --name logs busybox sh -c 'echo out; echo err >&2' <&- >&- 2>&-")
            let logged = try sandbox.apus("logs", "logs")
            #expect(logged.text == "out\n" && logged.errorText == "err\n", "\(logged)")
            try sandbox.output("rm", "logs")
        }
    }

    // A directory that the caller may enter by a group alone, which a container's process never has.
    @Test(.enabled(if: getuid() == 0, "needs root to give a directory to a group"))
    func aSourceMayLieBehindAGroupOfTheCallers() throws {
        guard let user = TestUser.available.first(where: { $0 != .root }) else { return }
        try withBusybox(user) { sandbox throws in
            let folder = "\(sandbox.path)/work/behind"
            try sandbox.tool("mkdir", "-p", "\(folder)/source")
            try sandbox.write("in\n", to: "behind/source/file")
            try check("chown") { chown(folder, 0, 4711) }
            try check("chmod") { chmod(folder, 0o750) }
            let entry = user.entry!
            func shown(_ groups: String, _ command: String) throws -> ProgramResult {
                var spawn = Spawn(
                    "/usr/bin/setpriv",
                    ["--reuid=\(entry.uid)", "--regid=\(entry.gid)", "--groups=\(groups)", "--inh-caps=-all"]
                        + [Executable.path, "run", "--rm", "--network", "none", "-v", "\(folder)/source:/m", "busybox"]
                        + ["sh", "-c", command], environment: sandbox.environment)
                spawn.workingDirectory = "\(sandbox.path)/work"
                let program = try RunningProgram(spawn)
                program.closeInput()
                return try program.wait()
            }
            let result = try shown("\(entry.gid),4711", "cat /m/file; id -G")
            #expect(result.text == "in\n0\n", "\(result)")
            #expect(try shown("\(entry.gid)", "true").code != 0)
        }
    }

    @Test(arguments: TestUser.available)
    func aPipeThatNobodyReadsHoldsNothingUp(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.tool("mkfifo", "pipe")
            let pipe = "\(sandbox.path)/work/pipe"
            let started = try sandbox.apus(
                "run", "-d", "--name", "cc", "--network", "none", "--pidfile", pipe, "busybox", "sleep", "100")
            #expect(started.code == 0 && started.errorText.contains("WARNING: cannot write"), "\(started)")
            #expect(try sandbox.apus("exec", "cc", "echo", "fine").text == "fine\n")
            try sandbox.output("rm", "-f", "cc")
            // In the place of a file of ours.
            let state = "\(sandbox.store)/images/index.json"
            try sandbox.tool("sh", "-c", "mv '\(state)' keep; mkfifo '\(state)'")
            let listed = try sandbox.apus("images", seconds: 30)
            #expect(listed.code == 1 && listed.errorText.contains("not a regular file"), "\(listed)")
            try sandbox.tool("sh", "-c", "rm '\(state)'; mv keep '\(state)'")
        }
    }

    @Test(arguments: TestUser.available)
    func whatHasThePlaceOfANameIsNamedAndRemoved(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let names = "\(sandbox.store)/names"
            try sandbox.tool("sh", "-c", "echo >'\(names)/file'; mkdir -p '\(names)/folder' '\(names)/full/x'")
            for name in ["file", "folder"] {
                let result = try sandbox.apus("create", "--name", name, "busybox", seconds: 30)
                #expect(result.code != 0 && result.errorText.contains("no symbolic link"), "\(result)")
            }
            let pruned = try sandbox.apus("system", "prune", "-f")
            #expect(pruned.errorText.contains("\(names)/full"), "\(pruned)")
            try sandbox.tool("rmdir", "\(names)/full/x")
            try sandbox.output("system", "prune", "-f")
            #expect(try sandbox.output("system", "check") == "everything is in order")
        }
    }
}
