import Glibc
import Linux
import TestSupport
import Testing

/// A `run` without a terminal gives its memory to the supervisor, and its process stays for streams, signals and the exit code
/// (CLinux/session.c).
@Suite struct DepartureTests {
    private static let words = ["run", "--name", "box", "--network", "none", "busybox", "sh", "-c"]

    @Test(arguments: TestUser.available)
    func theClientHasNothingOpenButItsStreamsAndTheSession(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for round in 0..<2 {
                // The second joins the user namespace of a supervisor that lives, and more is made for it beforehand.
                if round == 1 { try sandbox.detached("other", "sleep 1000") }
                let program = try sandbox.start(Self.words + ["echo ready; sleep 1000"])
                try program.waitForOutput("ready")
                // What was made for it has ended and is reaped when the client has heard of the start; its one child is the supervisor then.
                try sandbox.eventually("the end of what was made beside it") {
                    try Files.readText("/proc/\(program.pid)/task/\(program.pid)/children").split(separator: " ").count
                        == 1
                        && openFiles(of: program.pid).count == 5
                }
                let rest = try openFiles(of: program.pid).values.filter { !$0.hasPrefix("pipe:") }
                #expect(rest.count == 2, "\(rest)")
                #expect(rest.contains { $0.hasPrefix("socket:") }, "\(rest)")
                #expect(rest.contains { $0.contains("signalfd") }, "\(rest)")
                try sandbox.output("rm", "-f", "box")
                #expect(try program.wait().code == 137)
            }
            try sandbox.output("rm", "-f", "other")
        }
    }

    @Test(arguments: TestUser.available)
    func aContainerOutlivesAClientThatIsKilled(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for signal in [SIGKILL, SIGSEGV] {
                let program = try sandbox.start(
                    Self.words + ["trap 'echo told; exit 4' USR1; echo ready; while :; do sleep 1000 & wait; done"])
                try program.waitForOutput("ready")
                program.send(signal)
                let result = try program.wait()
                #expect(result.code == 128 + signal, "\(result)")
                #expect(try sandbox.output("exec", "box", "echo", "there") == "there")
                #expect(try sandbox.output("kill", "-s", "USR1", "box") == "box")
                #expect(try sandbox.output("wait", "box") == "4")
                #expect(try sandbox.output("logs", "box") == "ready\ntold")
                try sandbox.output("rm", "box")
            }
        }
    }

    @Test(arguments: TestUser.available)
    func theClientSaysThatASupervisorIsGone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let program = try sandbox.start(Self.words + ["echo ready; sleep 1000"])
            try program.waitForOutput("ready")
            kill(try sandbox.supervisor(try sandbox.inspect("box", ".Id")), SIGKILL)
            let result = try program.wait()
            #expect(result.code == 125, "\(result)")
            #expect(result.errorText == "apus: the container's supervisor ended without a word\n", "\(result)")
            try sandbox.output("rm", "-f", "box")
        }
    }

    @Test(arguments: TestUser.available)
    func signalsInputAndOutputPassWhileTheSupervisorRests(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script =
                "trap 'echo told >&2' USR1; trap 'exit 3' TERM; echo ready; (sleep 6; echo late) & while :; do read a && echo got $a; done"
            let program = try sandbox.start(["run", "-i"] + Self.words.dropFirst() + [script])
            try program.waitForOutput("ready")
            let supervisor = try sandbox.supervisor(try sandbox.inspect("box", ".Id"))
            for word in ["one", "two"] {
                // It rests some seconds after the last that happened.
                try sandbox.awaitRest(supervisor)
                try program.write("\(word)\n".utf8)
                try program.waitForOutput("got \(word)")
            }
            try program.waitForOutput("late")
            program.send(SIGUSR1)
            program.send(SIGTERM)
            let result = try program.wait()
            #expect(result.code == 3 && result.errorText == "told\n", "\(result)")
            try sandbox.output("rm", "box")
        }
    }

    /// More than a socket's buffer and the frames that may be under way hold, both ways at once.
    @Test(arguments: TestUser.available)
    func muchInputComesOutAsItWentIn(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let file = "\(sandbox.path)/work/much"
            try Files.write((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }, to: file)
            chmod(file, 0o644)
            let run = "'\(Executable.path)' run -i --rm --network none busybox cat"
            try sandbox.tool("/bin/sh", "-c", "\(run) < '\(file)' | cmp - '\(file)'")
        }
    }

    /// What the client becomes where there is something to say, with words that would act on a terminal.
    @Test func lastWordsAreSaidAsAllOthersAre() throws {
        let user = try #require(TestUser.available.last)
        try withSandbox(user) { sandbox throws in
            let said = try sandbox.apus("last-words", "126", "a \u{1b}[31mred\n word")
            #expect(said.code == 126 && said.errorText == "apus: a \\x1b[31mred\\n word\n", "\(said)")
            // To who types it, it is a command that is not there.
            #expect(try sandbox.apus("last-words").code == 1)
            #expect(try sandbox.apus("last-words", "many", "words").code == 1)
        }
    }
}
