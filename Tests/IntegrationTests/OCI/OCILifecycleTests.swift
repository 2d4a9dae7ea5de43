import Glibc
import Linux
import TestSupport
import Testing

/// `apus oci` as its callers use it.
@Suite struct OCILifecycleTests {
    @Test(arguments: TestUser.available) func aContainerLivesItsWholeLife(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            try bundle.configure("echo started > /mark; exec sleep 1000")
            let file = "\(bundle.sandbox.path)/work/pid"
            try bundle.create("c", "--pid-file", file)
            // Whoever created it is gone by now.
            #expect(try bundle.status("c") == "created")
            #expect(!Files.exists("\(bundle.path)/rootfs/mark"))
            let state = try bundle.must("state", "c")
            #expect(state.contains("\"pid\": \(bundle.text("pid"))"))
            #expect(state.contains("\"org.example.key\": \"value\""))
            #expect(try bundle.oci("create", "--bundle", bundle.path, "c").errorText.contains("exists"))
            // What waits for its start hides its namespaces from an ordinary user.
            let early = try bundle.oci("exec", "c", "true")
            if user == .root {
                #expect(early.code == 0, "\(early)")
            } else {
                #expect(early.code == 255 && early.errorText.contains("has to start it first"), "\(early)")
            }
            try bundle.must("start", "c")
            #expect(try bundle.status("c") == "running")
            #expect(try bundle.oci("start", "c").errorText.contains("running"))
            try bundle.wait("its mark") { Files.exists("\(bundle.path)/rootfs/mark") }
            let exec = try bundle.oci(
                "exec", "--env", "A=b", "--cwd", "/tmp", "c", "sh", "-c", "echo $A $PWD $HOME; exit 3")
            #expect(exec.code == 3 && exec.text == "b /tmp /root\n", "\(exec)")
            #expect(try bundle.oci("delete", "c").errorText.contains("not stopped"))
            #expect(try bundle.must("list", "--format", "json").contains("\"id\":\"c\""))
            #expect(try bundle.must("ps", "--format", "json", "c").contains(bundle.text("pid")))
            try bundle.must("kill", "c", "KILL")
            try bundle.wait("its end") { try bundle.status("c") == "stopped" }
            #expect(try bundle.oci("kill", "c", "KILL").errorText.contains("container not running"))
            #expect(try bundle.oci("exec", "c", "true").code == 255)
            try bundle.must("delete", "c")
            #expect(try bundle.oci("state", "c").errorText.contains("does not exist"))
            #expect(try bundle.oci("delete", "c").code == 1)
            #expect(try bundle.oci("delete", "--force", "c").code == 0)
        }
    }

    // What a configuration says reaches a terminal as text, and a caller that reads it as it is.
    @Test func aTerminalObeysNoMessage() throws {
        try withBundle(.available[0]) { bundle in
            let title = "\u{1b}]0;title\u{7}"
            try bundle.sandbox.write(
                #"{"ociVersion": "\u001b]0;title\u0007\n", "root": {"path": "rootfs"}}"#, to: "bundle/config.json")
            let words = ["oci", "--root", bundle.root, "run", "--bundle", bundle.path, "c"]
            let read = try bundle.sandbox.apus(words)
            #expect(read.code == 1 && read.errorText.contains(title + "\n"), "\(read)")
            for format in ["text", "json"] {
                let session = try TerminalSession(
                    bundle.sandbox.spawn(Executable.path, ["oci", "--log-format", format] + words.dropFirst()))
                #expect(try session.wait() == .exited(code: 1))
                #expect(
                    session.screen.contains("title") && !session.screen.unicodeScalars.contains("\u{1b}"),
                    "\(session.screen)")
                #expect(session.screen.utf8.count { $0 == 10 } == 1, "\(session.screen)")
            }
        }
    }

    @Test(arguments: TestUser.available) func whatVersion2DoesNotHaveIsRefused(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            for (resources, word) in [
                (#""network": {"classID": 1048577}"#, "net_cls"),
                (#""Network": {"priorities": [{"name": "lo", "priority": 5}]}"#, "net_prio"),
                (#""rdma": {"a b": {"hcaHandles": 1}}"#, "a b"),
                (#""rdma": {"mlx5_0": {"hcaHandles": -1}}"#, "hcaHandles"),
            ] {
                try bundle.configure("true", linux: "\"resources\": {\(resources)}")
                let result = try bundle.oci("run", "--bundle", bundle.path, "c")
                #expect(result.code == 1 && result.errorText.contains(word), "\(resources): \(result)")
            }
            try bundle.configure("true", linux: #""resources": {"network": {"classID": 0, "priorities": []}}"#)
            #expect(try bundle.oci("run", "--bundle", bundle.path, "c").code == 0)
        }
    }

    @Test(arguments: TestUser.available)
    func aTerminalThatIsClosedAndOpenedAgainIsTheSame(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            try bundle.configure(
                "t=$(tty); echo before; exec <&- >&- 2>&-; sleep 1; echo again >$t; exit 3",
                process: "\"terminal\": true,")
            let words = ["oci", "--root", bundle.root, "run", "--bundle", bundle.path, "c"]
            let session = try TerminalSession(bundle.sandbox.spawn(Executable.path, words))
            #expect(try session.wait() == .exited(code: 3))
            #expect(session.screen == "before\r\nagain\r\n")
        }
    }

    @Test(arguments: TestUser.available)
    func aTerminalWhoseOutputNobodyReadsEndsAndIsRemoved(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            try bundle.configure("seq 1 300000", process: "\"terminal\": true,")
            let command = "'\(Executable.path)' oci --root '\(bundle.root)' run --bundle '\(bundle.path)' c"
            // A slow reader gets everything; one that leaves lets the container end by its terminal's hang-up.
            let all = try bundle.sandbox.tool("sh", "-c", "\(command) </dev/null | (sleep 0.3; wc -l)")
            #expect(all.text.split(separator: " ").last?.hasPrefix("300000") == true, "\(all)")
            let part = try bundle.sandbox.tool("sh", "-c", "{ \(command) </dev/null; echo ended >&2; } | head -n 1")
            #expect(part.text == "1\n" && part.errorText == "ended\n", "\(part)")
            #expect(try bundle.oci("list", "--quiet").text.isEmpty)
        }
    }

    @Test(arguments: TestUser.available)
    func aRootThatOthersMayWriteToIsRefused(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            try bundle.configure("true")
            try bundle.sandbox.tool("mkdir", "-m", "777", bundle.root)
            for words in [["list"], ["state", "c"], ["run", "--bundle", bundle.path, "c"]] {
                let result = try bundle.sandbox.apus(["oci", "--root", bundle.root] + words)
                #expect(result.code != 0 && result.errorText.contains("chmod go-w"), "\(words): \(result)")
            }
            try bundle.sandbox.tool("chmod", "700", bundle.root)
            #expect(try bundle.oci("run", "--bundle", bundle.path, "c").code == 0)
        }
    }

    @Test(arguments: TestUser.available) func runWaitsAndCleansUp(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            try bundle.configure("echo out; echo err >&2; exit 7")
            let result = try bundle.oci("run", "--bundle", bundle.path, "c")
            #expect(result.code == 7 && result.text == "out\n" && result.errorText == "err\n", "\(result)")
            try bundle.configure("trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done")
            let program = try bundle.sandbox.start(["oci", "--root", bundle.root, "run", "--bundle", bundle.path, "c"])
            try program.waitForOutput("ready")
            program.send(SIGTERM)
            #expect(try program.wait().code == 9)
        }
    }

    @Test(arguments: TestUser.available) func whatFailsLeavesNoContainer(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            try bundle.configure("true", linux: "\"sysctl\": {\"kernel.panic\": \"1\"}")
            #expect(try bundle.oci("create", "--bundle", bundle.path, "c").code == 1)
            #expect(try bundle.oci("run", "--bundle", bundle.path, "c").errorText.contains("kernel.panic"))
            try bundle.configure("true", linux: "\"intelRdt\": {}")
            #expect(try bundle.oci("create", "--bundle", bundle.path, "c").errorText.contains("intelRdt"))
            try bundle.configure("true", process: "\"terminal\": true,")
            #expect(try bundle.oci("create", "--bundle", bundle.path, "c").errorText.contains("--console-socket"))
            #expect(try bundle.oci("create", "--bundle", "/no/such", "c").errorText.contains("/no/such"))
            #expect(
                try bundle.oci("create", "--bundle", bundle.path, "../c").errorText.contains("invalid container id"))
        }
    }

    @Test(arguments: TestUser.available) func messagesGoToTheLogInItsForm(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            let log = "\(bundle.sandbox.path)/work/log"
            let result = try bundle.oci("--log", log, "--log-format", "json", "start", "none")
            #expect(result.code == 1 && result.errorText == "apus-oci: container none does not exist\n")
            let line = bundle.text("log")
            #expect(line.hasPrefix("{\"level\":\"error\",\"msg\":\"container none does not exist\",\"time\":\"20"))
            #expect(try bundle.oci("checkpoint", "--image-path", "x", "none").errorText.contains("not supported"))
            #expect(try bundle.oci("nosuch").code == 1 && bundle.oci("start").code == 1)
            #expect(try bundle.must("--version").contains("\nspec: 1.3.0\n"))
            #expect(try bundle.must("features").contains("\"ociVersionMax\": \"1.3.0\""))
        }
    }

    @Test(arguments: TestUser.available) func descriptorsArePassedOnAndNoOthers(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            try bundle.configure(
                "read a <&3; read b <&4; echo $a $b $LISTEN_FDS $LISTEN_PID; ls /proc/self/fd | tr '\n' ' '")
            try bundle.sandbox.write("one\n", to: "one")
            try bundle.sandbox.write("two\n", to: "two")
            let script = """
                exec 3<one 4<two 5<one
                LISTEN_FDS=1 '\(Executable.path)' oci --root '\(bundle.root)' run --preserve-fds 1 --bundle '\(bundle.path)' c
                """
            let result = try bundle.sandbox.tool("sh", "-c", script)
            #expect(result.text.split(separator: "\n").first == "one two 1 1", "\(result)")
            // 5 is that of the listing itself.
            #expect(result.text.contains("0 1 2 3 4 5 \n") || result.text.hasSuffix("0 1 2 3 4 5 "), "\(result)")
        }
    }

    @Test(arguments: TestUser.available) func theConsoleSocketGetsTheTerminal(_ user: TestUser) throws {
        try withBundle(user) { bundle in
            try bundle.configure(
                "test -t 0 && test -t 2 && echo terminal; stty size",
                process: "\"terminal\": true, \"consoleSize\": {\"height\": 7, \"width\": 33},")
            let script = """
                import array, os, socket, subprocess, sys
                server = socket.socket(socket.AF_UNIX)
                server.bind("console")
                server.listen()
                words = sys.argv[1:]
                subprocess.run(words[:4] + ["create", "--console-socket", "console", "--bundle", words[4], "c"], check=True)
                connection = server.accept()[0]
                data, control, _, _ = connection.recvmsg(4096, 64)
                master = array.array("i", control[0][2])[0]
                subprocess.run(words[:4] + ["start", "c"], check=True)
                text = b""
                while True:
                    try:
                        text += os.read(master, 4096)
                    except OSError:
                        break
                sys.stdout.write(text.decode().replace("\\r", ""))
                """
            let file = try bundle.sandbox.write(script, to: "console.py")
            let result = try bundle.sandbox.tool(
                "/usr/bin/python3", file, Executable.path, "oci", "--root", bundle.root, bundle.path)
            #expect(result.text == "terminal\n7 33\n", "\(result)")
            try bundle.must("delete", "--force", "c")
        }
    }
}
