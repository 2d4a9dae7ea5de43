import Linux
import TestSupport
import Testing

/// What `apus run` exits with, and what it says where it fails.
@Suite struct ExitCodeTests {
    @Test(arguments: TestUser.available)
    func theCommandsExitCodeIsTheClients(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for code in [0, 1, 3, 125, 126, 127, 137, 255] {
                #expect(try sandbox.run([], "sh", "-c", "exit \(code)").code == CInt(code))
            }
        }
    }

    @Test(arguments: TestUser.available)
    func aCommandThatASignalEndsGives128AndItsNumber(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // The first process of a pid namespace is deaf to its own signals: --init puts another before it.
            #expect(try sandbox.run(["--init"], "sh", "-c", "kill -KILL $$").code == 137)
            #expect(try sandbox.run(["--init"], "sh", "-c", "kill -TERM $$").code == 143)
        }
    }

    @Test(arguments: TestUser.available)
    func aCommandThatIsMissingGives127AndOneSentenceThatNamesIt(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for command in ["no-such-command", "/no/such/command"] {
                let result = try sandbox.run([], command)
                #expect(result.code == 127)
                #expect(result.output.isEmpty)
                #expect(result.errorText.contains(command))
                #expect(result.errorText.split(separator: "\n").count == 1, "\(result)")
            }
        }
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "an ordinary user's setuid helpers work under root's strace alone"))
    func aStartThatFailsWhileItsRecordIsWrittenGivesItsOwnCode() throws {
        try withBusybox(.root) { sandbox throws in
            // The client alone, not its supervisor: that has given up, and removed all, before the record has its name.
            let slow = [
                "/usr/bin/strace", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2", "-e",
                "inject=rename,renameat,renameat2:delay_enter=300000",
            ]
            let words = ["run", "--rm", "--network", "none", "busybox", "no-such-command"]
            let result = try sandbox.apus(behind: slow, words)
            #expect(result.code == 127 && result.errorText.contains("no-such-command"), "\(result)")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func aFileThatCannotBeExecutedGives126(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for command in ["/etc", "/etc/passwd"] {
                let result = try sandbox.run([], command)
                #expect(result.code == 126)
                #expect(result.errorText.contains(command))
            }
        }
    }

    // Docker's client looks at the words of its engine's message alone.
    @Test func aDeviceThatIsNotThereGives127() throws {
        try withBusybox(.any) { sandbox throws in
            let result = try sandbox.run(["--device", "/dev/no-such-device"], "true")
            #expect(result.code == 127 && result.errorText.contains("/dev/no-such-device"), "\(result)")
        }
    }

    @Test(
        arguments: TestUser.available,
        [
            ["--user", "nobody-has-this-name"], ["--mount", "type=bind,source=/no/such/source,target=/x"],
            ["--no-such-flag"], ["-p", "8080:no-port"], ["--network", "no-such-network"],
            ["--cap-add", "NO_SUCH_CAPABILITY"],
            ["--security-opt", "seccomp=/no/such/profile.json"],
            ["--env-file", "/no/such/file"], ["--ulimit", "nofile=2:1"], ["--memory", "not-a-size"],
            ["--sysctl", "kernel.hostname=x"],
        ])
    func whatTheEngineRefusesGives125AndASentenceThatNamesIt(_ user: TestUser, _ flags: [String]) throws {
        try withBusybox(user) { sandbox throws in
            let result = try sandbox.apus(["run", "--rm"] + flags + ["busybox", "true"])
            #expect(result.code == 125, "\(result)")
            let named = flags[flags.count - 1].split { ",=:/".contains($0) }.last.map(String.init) ?? flags[0]
            let object = flags.count == 1 ? flags[0] : named
            #expect(result.errorText.contains(object), "\(result)")
            #expect(try sandbox.output("ps", "-aq").isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func anImageThatIsNotThereGives125WithPullNever(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let result = try sandbox.apus("run", "--rm", "--pull", "never", "no-such-image", "true")
            #expect(result.code == 125)
            #expect(result.errorText.contains("no-such-image"))
        }
    }

    @Test(arguments: TestUser.available)
    func aWorkingDirectoryThatIsNoneIsNotACommandThatIsMissing(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for path in ["/etc/passwd", "/etc/passwd/x"] {
                let result = try sandbox.run(["-w", path], "pwd")
                // Docker makes it with the container, and has these words.
                #expect(result.code == 125, "\(path): \(result)")
                let isFile = path == "/etc/passwd"
                let words = isFile ? "Cannot mkdir: \(path) is not a directory" : "\(path): not a directory"
                #expect(result.errorText.contains(words), "\(result)")
            }
            #expect(try sandbox.run(["-w", "/new/dir"], "pwd").text == "/new/dir\n")
        }
    }
}
