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
}
