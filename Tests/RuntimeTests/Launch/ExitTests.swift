import Glibc
import Linux
import OCI
import TestSupport
import Testing

/// How a start ends: exit codes, and one sentence for each failure.
@Suite(.enabled(if: geteuid() == 0, "starts containers as root")) struct ExitTests {
    @Test(arguments: Container.Privilege.allCases)
    func theCommandsExitCodeIsTheContainers(_ privilege: Container.Privilege) throws {
        try Container.with(privilege) { container throws in
            #expect(try container.shell("exit 7").code == 7)
            #expect(try container.shell("echo out; echo err >&2").text == "out\n")
        }
    }

    @Test(arguments: Container.Privilege.allCases)
    func standardInputReachesTheCommand(_ privilege: Container.Privilege) throws {
        try Container.with(privilege, "cat") { container throws in
            #expect(try container.run(input: Array("hello".utf8)).text == "hello")
        }
    }

    @Test(arguments: [
        ("nosuch", 127, "exec: \"nosuch\": executable file not found in $PATH"),
        ("/no/such", 127, "exec: \"/no/such\": stat /no/such: no such file or directory"),
        ("/etc/passwd", 126, "exec: \"/etc/passwd\": permission denied"),
        ("/etc", 126, "exec: \"/etc\": is a directory"),
        ("/bin/garbage", 255, "exec /bin/garbage: exec format error"),
        ("/bin/script", 255, "the interpreter or loader"),
    ])
    func whatCannotBeExecutedHasDockersCodeAndWords(_ command: String, _ code: Int32, _ words: String) throws {
        for creates in [false, true] {
            try Container.with(.root, command) { container throws in
                try Files.write(Array("garbage".utf8), to: container.root + "/bin/garbage", mode: 0o755)
                try Files.write(Array("#!/nowhere\n".utf8), to: container.root + "/bin/script", mode: 0o755)
                if creates { container.options.append("--create") }
                let result = try container.run()
                #expect(result.code == code)
                #expect(result.errorText.contains(words), "\(result)")
            }
        }
    }

    @Test func aFileOnThePathThatCannotBeExecutedIsPassedOverForOneThatCan() throws {
        try Container.with(.root, "tool") { container throws in
            try Files.makeDirectories(container.root + "/usr/bin/tool")
            try Files.write(Array("#!/bin/sh\necho right\n".utf8), to: container.root + "/bin/tool", mode: 0o755)
            #expect(try container.run().text == "right\n")
        }
    }

    @Test func aCreatedContainerRunsOnlyAfterItsStart() throws {
        try Container.with(.root, "echo", "running") { container throws in
            container.options += ["--create", "--provide"]
            #expect(try container.run().text == "created\nrunning\n")
        }
    }

    @Test func aStartThatIsSentAheadIsNotWaitedFor() throws {
        try Container.with(.root, "echo", "running") { container throws in
            container.options += ["--create", "--provide", "--ahead"]
            #expect(try container.run().text == "running\n")
        }
    }

    /// With what it has not read of its caller's when it fails.
    @Test func whatFailsBeforeItReadsItsStartSaysWhy() throws {
        try Container.with(.root, "nosuch") { container throws in
            container.options += ["--create", "--provide", "--ahead"]
            let late = try container.run()
            #expect(late.code == 127 && late.errorText.contains("\"nosuch\""), "\(late)")
            container.spec.linux?.namespaces?.removeAll { $0.type == .ipc }
            container.spec.linux?.namespaces?.append(.init(.ipc, path: "/nowhere"))
            let early = try container.run()
            #expect(early.code == 125 && early.errorText.contains("/nowhere: no such file or directory"), "\(early)")
        }
    }

    @Test(arguments: [3, 20_000])
    func whoItIsMayComeAfterTheRoot(_ groups: Int) throws {
        try Container.with(.root, "sh", "-c", "id -u; id -G | wc -w; echo $HERE") { container throws in
            container.options += ["--provide", "--owner-groups", "\(groups)"]
            #expect(
                try container.run().text.split(separator: "\n").map { $0.filter { $0 != " " } } == [
                    "1000", "\(groups)", "there",
                ])
        }
    }

    @Test func whatIsBoundMayBeMadeAfterTheRoot() throws {
        try Container.with(.root, "cat", "/etc/late") { container throws in
            let file = container.folder + "/late"
            container.spec.mounts?.append(.init(destination: "/etc/late", source: file, options: ["bind"]))
            container.options += ["--provide", "--supplies", file]
            #expect(try container.run().text == "supplied\n")
        }
    }

    @Test func aMissingWorkingDirectoryIsAnErrorOrIsMade() throws {
        try Container.with(.root, "pwd") { container throws in
            container.spec.process!.cwd = "/a/b"
            let result = try container.run()
            #expect(result.code == 127)
            #expect(result.errorText.contains("working directory \"/a/b\": no such file or directory"))
            container.options.append("--make-directory")
            #expect(try container.run().text == "/a/b\n")
        }
    }

    @Test func aUserWithoutANumberInTheNamespaceIsRefused() throws {
        try Container.with(.userNamespace, "true") { container throws in
            container.spec.process!.user = .init(uid: 1000, gid: 0)
            let result = try container.run()
            #expect(result.code == 125)
            #expect(result.errorText.contains("the user 1000 has no number in the container's user namespace"))
        }
    }

    @Test func anUnknownCapabilityIsLeftOut() throws {
        try Container.with(.root, "true") { container throws in
            container.spec.process!.capabilities!.bounding = ["CAP_FLY"]
            #expect(try container.run().code == 0)
        }
    }

    @Test func theInitProcessReapsForwardsAndEndsWithTheCommand() throws {
        try Container.with(.root) { container throws in
            container.options.append("--init")
            // An orphan, which somebody has to wait for, and the command's own exit code.
            let orphans = try container.shell("(sleep 0.1 & ) ; sleep 0.5; ps -o pid,stat,comm; exit 9")
            #expect(orphans.code == 9)
            #expect(!orphans.text.contains("Z"), "\(orphans)")
            #expect(orphans.lines.contains { $0.contains("1 S") && $0.contains("apus-init") }, "\(orphans)")
            #expect(try container.shell("kill -TERM 1; sleep 10").code == 143)
        }
    }

    /// CVE-2019-5736: what runs as process 1 is no file of ours that could be written.
    @Test func theInitProcessesExecutableIsASealedMemoryFile() throws {
        try Container.with(.root) { container throws in
            container.options.append("--init")
            let result = try container.shell("readlink /proc/1/exe; wc -c </proc/1/exe; echo x >/proc/1/exe")
            #expect(result.text.contains("memfd:apus-init"), "\(result)")
            #expect(result.code != 0)
            let size = try #require(result.lines.count > 1 ? Int(result.lines[1]) : nil)
            #expect(size < 4096)
        }
    }
}
