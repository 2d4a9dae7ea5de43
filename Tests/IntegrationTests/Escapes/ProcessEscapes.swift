import Glibc
import Linux
import TestSupport
import Testing

/// Attempts by way of processes: descriptors, capabilities, executables and sockets of the engine's.
@Suite struct ProcessEscapes {
    /// CVE-2024-21626: a directory of the host's is still open, and the working directory names it.
    @Test(arguments: TestUser.available)
    func noWorkingDirectoryLeadsToTheHost(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let outside = try sandbox.outside()
            let script = "cat ../../../../../../../../..\(outside)/secret; cat ./secret; true"
            var refused = 0
            for number in 0..<16 {
                let result = try sandbox.run(["-w", "/proc/self/fd/\(number)"], "sh", "-c", script)
                #expect(!result.text.contains("of-the-host"), "descriptor \(number): \(result)")
                // 127 is for a number that the process has no descriptor for when it gets there.
                if result.code == 125 || result.code == 127 { refused += 1 }
            }
            // One may be the container's own root.
            #expect(refused >= 14)
            // By a link of the image's, and by the process that waits for it.
            let root = try sandbox.rootDirectory("root", "ln -s /proc/self/fd/8 link && ln -s /proc/1/cwd cwd")
            for directory in ["/link", "/cwd", "/proc/1/cwd", "/proc/self/cwd"] {
                let result = try sandbox.runRoot(root, ["-w", directory], "sh", "-c", script)
                #expect(!result.text.contains("of-the-host"), "\(directory): \(result)")
            }
            // Without the guard, with a descriptor that leaks.
            let control =
                "mount -t proc proc \"$0/proc\" && exec \"$2\" leak \"$1\" \"$0\" /proc/self/fd/9 /bin/cat ./secret"
            #expect(try sandbox.standIn(control, root, outside, try Fixtures.attacker) == "of-the-host")
        }
    }

    /// CVE-2022-24769, CVE-2022-27649, CVE-2022-27652: capabilities in the inheritable set come back for ordinary users by
    /// the capabilities of files.
    @Test(arguments: TestUser.available)
    func filesGiveOrdinaryUsersNoCapabilities(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let flags = try sandbox.attackerFlags()
            let none = "0000000000000000\n"
            #expect(try sandbox.run(flags, "/attacker", "inheritable", "/tmp").text == none)
            #expect(try sandbox.run(flags + ["--cap-add", "ALL"], "/attacker", "inheritable", "/tmp").text == none)
            #expect(try sandbox.run(flags + ["--privileged"], "/attacker", "inheritable", "/tmp").text == none)
            // Without the guard: the attacker fills the set itself.
            let control = try sandbox.run(flags, "/attacker", "inheritable", "/tmp", "raise")
            #expect(control.code == 0 && control.text != none, "\(control)")
        }
    }

    /// CVE-2020-15257: an engine listens on an abstract socket, which a container with the host's network reaches.
    @Test(arguments: TestUser.available)
    func noAbstractSocketOfTheEngineIsThere(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let flags = ["run", "--rm", "--network", "host"] + (try sandbox.attackerFlags())
            // Another container of the same user's runs meanwhile, with all that its supervisor listens on.
            let other = try sandbox.start([
                "run", "--rm", "--network", "none", "-i", "busybox", "sh", "-c", "echo up; cat",
            ])
            try other.waitForOutput("up")
            for word in ["apus", "shim", "containerd", "supervis"] {
                #expect(try sandbox.apus(flags + ["busybox", "/attacker", "dial", word]).text == "reached 0\n")
            }
            other.closeInput()
            #expect(try other.wait().code == 0)
            // With such a socket the same program reaches it.
            // None of the words above is in its name: who looks for those meanwhile does not find it.
            let name = "stand-in-of-\(randomHex(bytes: 8))"
            let listener = try RunningProgram(sandbox.spawn(try Fixtures.attacker, ["listen", name]))
            try listener.waitForOutput("ready")
            #expect(try sandbox.apus(flags + ["busybox", "/attacker", "dial", name]).text == "reached 1\n")
            listener.send(9)
            _ = try listener.wait()
        }
    }

    /// CVE-2019-5736: a container holds the engine's executable open and writes to it when nobody executes it any more.
    @Test(arguments: TestUser.available)
    func theExecutableCannotBeOverwritten(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // A copy that the container's root owns: without the guard nothing else would be in the way.
            // By a name of its own: root sees the processes of the other user's case, too, and may write to what they leave.
            let copy = "\(sandbox.path)/work/engine-\(user)"
            try sandbox.tool("/bin/cp", Executable.path, copy)
            let attack = ["overwrite", "/work/engine-\(user)", "3"]
            let program = try RunningProgram(
                sandbox.spawn(
                    copy,
                    ["run", "--rm", "--network", "none", "--pid", "host", "--privileged"]
                        + (try sandbox.attackerFlags()) + ["busybox", "/attacker"] + attack))
            program.closeInput()
            let result = try program.wait()
            // Its own supervisor is seen, and executes the file as long as the container can try.
            #expect(result.text == "ready\nholding\nheld: Text file busy\n", "\(result)")

            // A program that ends leaves the attacker with a file that can be written: one of another container of the
            // same user's, since a user namespace keeps all others out of sight.
            let victim = "\(sandbox.path)/work/victim"
            try sandbox.tool("/bin/cp", try Fixtures.attacker, victim)
            let short = try sandbox.start(
                ["run", "--rm", "-i", "--network", "none", "-v", "\(victim):/victim", "busybox", "/victim", "hold"])
            // In one user namespace: the second joins that of the first, which has to be there.
            while try sandbox.output("ps", "-q").isEmpty { usleep(50_000) }
            let attacker = try sandbox.start(
                ["run", "--rm", "--network", "none", "--pid", "host", "--privileged"] + (try sandbox.attackerFlags())
                    + ["busybox", "/attacker", "overwrite", "/victim", "60"])
            try attacker.waitForOutput("holding")
            short.closeInput()
            #expect(try short.wait().code == 0)
            attacker.closeInput()
            let control = try attacker.wait()
            #expect(control.text == "ready\nholding\noverwritten\n", "\(control)")
        }
    }

    /// No process of a container's ever has our executable for its program: what it names by /proc/self/exe is another.
    @Test(arguments: TestUser.available)
    func noContainerExecutesTheEngine(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // One that the container's root owns.
            let engine = "\(sandbox.path)/work/engine"
            try sandbox.tool("/bin/cp", Executable.path, engine)
            try sandbox.write("#!/proc/self/exe version\n", to: "script", mode: 0o755)
            for command in [["/proc/self/exe", "version"], ["/w/script"]] {
                for flags in [[], ["--init"], ["--user", "1000"]] {
                    let program = try RunningProgram(
                        sandbox.spawn(
                            engine,
                            ["run", "--rm", "--network", "none", "-v", "\(sandbox.path)/work:/w"] + flags + ["busybox"]
                                + command))
                    program.closeInput()
                    let result = try program.wait()
                    #expect(result.code == 126 && !result.text.contains("Version"), "\(flags) \(command): \(result)")
                }
            }
            // What cannot be executed is told as without it.
            for (command, code, words) in [
                ("/w/none", 127, "no such file"), ("none", 127, "not found in $PATH"), ("/w", 126, "is a directory"),
                ("/w/garbage", 255, "exec format error"), ("/w/lost", 255, "interpreter or loader"),
                ("/w/plain", 126, "permission denied"),
            ] {
                try sandbox.write("\u{1}", to: "garbage", mode: 0o755)
                try sandbox.write("#!/none\n", to: "lost", mode: 0o755)
                try sandbox.write("", to: "plain")
                let program = try RunningProgram(
                    sandbox.spawn(
                        engine,
                        ["run", "--rm", "--network", "none", "-v", "\(sandbox.path)/work:/w", "busybox", command]))
                program.closeInput()
                let result = try program.wait()
                #expect(
                    Int(result.code) == code && result.errorText.contains(words), "\(command): \(result)")
            }
        }
    }

    /// The same against the OCI runtime, which leaves its containers alone: no process of its own keeps the file busy.
    @Test(arguments: TestUser.available)
    func theRuntimesExecutableCannotBeOverwritten(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let root = try sandbox.rootDirectory("bundle/rootfs", "cp \(try Fixtures.attacker) attacker")
            let bundle = "\(sandbox.path)/work/bundle"
            let maps = "[{\"containerID\": 0, \"hostID\": \(user.entry!.uid), \"size\": 1}]"
            let inNamespace = user == .root ? "" : ", {\"type\": \"user\"}"
            let mapped = user == .root ? "" : ", \"uidMappings\": \(maps), \"gidMappings\": \(maps)"
            try sandbox.write(
                """
                {"ociVersion": "1.2.0", "root": {"path": "\(root)"},
                 "process": {"args": ["/attacker", "overwrite", "*", "5"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
                 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
                 "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "network"}\(inNamespace)]\(mapped)}}
                """, to: "bundle/config.json")
            // The container's root owns the file: nothing else would be in the way.
            let engine = "\(sandbox.path)/work/apus"
            try sandbox.tool("/bin/cp", Executable.path, engine)
            let output = "\(sandbox.path)/work/output"
            let oci = "\"$0\" oci --root \"$1/state\""
            try sandbox.tool(
                "/bin/sh", "-c", "\(oci) run --detach --bundle \"$2\" victim >\"$3\" 2>&1", engine,
                sandbox.path + "/work",
                bundle, output)
            // Our own executable in the container, again and again: the attacker has to meet one before it ends.
            let script = """
                for i in $(seq 30); do \(oci) exec victim /proc/self/exe --version; done
                while ! grep -qE 'held|seen|overwritten' "$2"; do sleep 0.1; done; \(oci) delete --force victim
                """
            try sandbox.tool("/bin/sh", "-c", script, engine, sandbox.path + "/work", output)
            let text = try Files.readText(output)
            #expect(
                text == "ready\nholding\nheld: Read-only file system\n"
                    || text == "ready\nholding\nheld: Permission denied\n"
                    || text == "ready\nholding\nheld: Operation not permitted\n", "\(text)")
        }
    }
}
