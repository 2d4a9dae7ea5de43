import Glibc
import Linux
import TestSupport
import Testing

/// attach: several clients, half-close, detaching, signals.
@Suite struct AttachTests {
    @Test(arguments: TestUser.available)
    func severalClientsGetEveryByteAndOneThatDiesDisturbsNobody(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // It begins when it is told to, so that all are attached by then.
            try sandbox.detached(
                "many", ["-i"],
                "while read line; do [ $line = go ] && break; echo pong; done; seq 1 100000; echo oops >&2; exit 4")
            // Into files: one that is not read holds up the container, and so all.
            func attach(_ place: String, _ flags: String) throws -> RunningProgram {
                let words = "exec \(Executable.path) attach \(flags) many >out.\(place) 2>errors.\(place)"
                return try RunningProgram(sandbox.spawn("/bin/sh", ["-c", words]))
            }
            let readers = try (0..<3).map { try attach("\($0)", "--no-stdin") }
            let victim = try attach("victim", "--no-stdin")
            let writer = try attach("writer", "")
            try sandbox.eventually("all clients") { sandbox.events("attach") == 5 }
            try writer.write(Array("ping\n".utf8))
            try sandbox.eventually("an answer") {
                (try? Files.readText("\(sandbox.path)/work/out.victim")) == "pong\n"
            }
            victim.send(SIGKILL)
            _ = try victim.wait()
            try writer.write(Array("go\n".utf8))
            let expected = "pong\n" + (1...100000).map { "\($0)\n" }.joined()
            for (place, program) in [("0", readers[0]), ("1", readers[1]), ("2", readers[2]), ("writer", writer)] {
                #expect(try program.wait().code == 4)
                // As bytes: a comparison of characters takes its time.
                let output = try Files.read("\(sandbox.path)/work/out.\(place)")
                #expect(output.count == expected.utf8.count && output.elementsEqual(expected.utf8))
                #expect(try Files.readText("\(sandbox.path)/work/errors.\(place)") == "oops\n")
            }
            try sandbox.output("rm", "many")
        }
    }

    @Test(arguments: TestUser.available)
    func anEndedInputReachesTheContainerWhileItsOutputGoesOn(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let result = try sandbox.run(["-i"], "sh", "-c", "cat; sleep 0.3; echo after", input: Array("in\n".utf8))
            #expect(result.text == "in\nafter\n")
            // The input of a detached container stays open for the next who attaches.
            try sandbox.detached("open", ["-i"], "cat")
            for word in ["one", "two"] {
                let program = try sandbox.start(["attach", "open"])
                try program.write(Array("\(word)\n".utf8))
                try program.waitForOutput(word)
                program.closeInput()
                program.send(SIGKILL)
                _ = try program.wait()
                #expect(try sandbox.inspect("open", ".State.Status") == "running")
            }
            try sandbox.output("rm", "-f", "open")
        }
    }

    @Test(arguments: TestUser.available)
    func whoHasDetachedCanAttachAgain(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let session = try TerminalSession(
                sandbox.spawn(
                    Executable.path, ["run", "-it", "--name", "shell", "--network", "none", "busybox", "sh"]))
            try session.waitFor("# ")
            try session.type("x=42\n")
            try session.type("\u{10}\u{11}")
            #expect(try session.wait() == .exited(code: 0))
            #expect(try sandbox.inspect("shell", ".State.Status") == "running")
            let again = try TerminalSession(
                sandbox.spawn(Executable.path, ["attach", "--detach-keys", "ctrl-x,q", "shell"]),
                size: WindowSize(rows: 31, columns: 97))
            try again.type("echo value $x; stty size\n")
            try again.waitFor("value 42")
            try again.waitFor("31 97")
            again.resize(WindowSize(rows: 20, columns: 60))
            try again.type("while [ \"$(stty size)\" != '20 60' ]; do :; done; echo re''sized\n")
            try again.waitFor("resized")
            try again.type("\u{18}q")
            #expect(try again.wait() == .exited(code: 1))
            #expect(again.screen.contains("read escape sequence"))
            let last = try TerminalSession(sandbox.spawn(Executable.path, ["attach", "shell"]))
            try last.type("exit 6\n")
            #expect(try last.wait() == .exited(code: 6))
            try sandbox.output("rm", "shell")
        }
    }

    @Test(arguments: TestUser.available)
    func aSignalPutsTheTerminalBackAndLeavesTheContainer(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // A shell holds the terminal open, so that its settings can be seen after the run.
            let run = "\(Executable.path) run -it --name left --network none busybox sh"
            let session = try TerminalSession(sandbox.spawn("/bin/sh", ["-c", "\(run); echo back $?; read x"]))
            try session.waitFor("# ")
            #expect(!session.isCooked)
            let client = try sandbox.tool("pgrep", "-o", "-f", "^\(run)").lines.compactMap { ProcessID($0) }
            #expect(client.count == 1)
            for pid in client { kill(pid, SIGTERM) }
            try session.waitFor("back 143")
            #expect(session.isCooked)
            #expect(try sandbox.inspect("left", ".State.Status") == "running")
            try session.type("\n")
            _ = try session.wait()
            try sandbox.output("rm", "-f", "left")
        }
    }

    @Test(arguments: TestUser.available)
    func signalsArePassedOnOrNot(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script = "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.1; done"
            let id = try sandbox.detached("sig", script)
            try sandbox.eventually("its word") { sandbox.log(id).contains("ready") }
            let silent = try sandbox.start(["attach", "--no-stdin", "--sig-proxy=false", "sig"])
            let proxy = try sandbox.start(["attach", "--no-stdin", "sig"])
            try sandbox.eventually("both clients") { sandbox.events("attach") == 2 }
            silent.send(SIGTERM)
            #expect(try silent.wait().status == .signaled(SIGTERM))
            #expect(try sandbox.inspect("sig", ".State.Status") == "running")
            proxy.send(SIGTERM)
            let result = try proxy.wait()
            #expect(result.code == 9)
            #expect(result.text.contains("got"))
            let stopped = try sandbox.apus("attach", "sig")
            #expect(stopped.code == 1)
            #expect(stopped.errorText.contains("you cannot attach to a stopped container, start it first"))
            try sandbox.output("rm", "sig")
        }
    }

    @Test(arguments: TestUser.available)
    func aClientThatDoesNotReadHoldsNobodyAfterTheEnd(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script = "trap 'head -c 100000 /dev/zero; exit 3' USR1; echo ready; while :; do sleep 0.1; done"
            let id = try sandbox.detached("loud", script)
            try sandbox.eventually("its word") { sandbox.log(id).contains("ready") }
            let sleeper = try sandbox.start(["attach", "--no-stdin", "loud"])
            try sandbox.eventually("the client") { sandbox.events("attach") == 1 }
            // Stopped while it still has output to take: the container ends, and is listed and removed.
            sleeper.send(SIGSTOP)
            try sandbox.output("kill", "-s", "USR1", "loud")
            #expect(try sandbox.output("wait", "loud") == "3")
            #expect(try sandbox.output("rm", "loud") == "loud")
            sleeper.send(SIGCONT)
            _ = try sleeper.wait()
        }
    }
}
