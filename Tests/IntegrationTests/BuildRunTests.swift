import Glibc
import Linux
import TestSupport
import Testing

/// RUN as `apus build` runs it.
struct BuildRunTests {
    /// Builds `dockerfile` in a context of `files` beside it.
    private func build(
        _ sandbox: Sandbox, _ dockerfile: String, _ flags: [String] = [], files: [String: String] = [:]
    ) throws -> ProgramResult {
        let context = "\(sandbox.path)/work/context"
        if !Files.exists(context) { try sandbox.tool("mkdir", "-p", context) }
        for (name, text) in files { try sandbox.write(text, to: "context/\(name)") }
        try sandbox.write("FROM busybox\n" + dockerfile, to: "context/Dockerfile")
        return try sandbox.apus(["build", "--progress=plain", "-t", "built"] + flags + [context])
    }

    private func expect(
        _ sandbox: Sandbox, _ dockerfile: String, _ flags: [String] = [], files: [String: String] = [:],
        in image: [(command: String, output: String)], _ place: SourceLocation = #_sourceLocation
    ) throws {
        let built = try build(sandbox, dockerfile, flags, files: files)
        #expect(built.code == 0, "\(built)", sourceLocation: place)
        for (command, output) in image {
            let ran = try sandbox.apus("run", "--rm", "--network=none", "built", "sh", "-c", command)
            #expect(ran.text == output, "\(command): \(ran)", sourceLocation: place)
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func whatRunWritesIsInTheImage(_ user: TestUser) throws {
        try withBusybox(user) { sandbox in
            try expect(
                sandbox,
                """
                RUN echo one > /one && rm /etc/group
                RUN --network=none ls /sys/class/net > /nets; hostname > /name
                WORKDIR /w
                RUN <<END
                #!/bin/sh
                echo $0 > script
                END
                """,
                in: [
                    ("cat /one; [ -e /etc/group ] || echo gone", "one\ngone\n"), ("cat /nets", "lo\n"),
                    ("cat /name", "buildkitsandbox\n"),
                    ("cat /w/script; ls /dev/pipes 2>/dev/null", "/dev/pipes/END\n"),
                ])
        }
    }

    @Test(arguments: TestUser.inThreeModes)
    func mountsAreInTheStepAndNotInTheImage(_ user: TestUser) throws {
        try withBusybox(user) { sandbox in
            let secret = try sandbox.write("tops", to: "secret")
            try expect(
                sandbox,
                """
                RUN --mount=target=/c/d --mount=type=cache,target=/x/y --mount=type=tmpfs,target=/t,size=1m \\
                    --mount=type=secret,id=s --mount=type=secret,id=s,env=V \\
                    cat /c/d/file /run/secrets/s > /found; echo $V >> /found; touch /x/y/kept; ls /c/d > /list
                RUN --mount=type=cache,target=/x/y ls /x/y > /cached
                """, ["--secret", "id=s,src=\(secret)"],
                files: ["file": "of file\n", "ignored": "no", ".dockerignore": "ignored\n"],
                in: [
                    ("cat /found", "of file\ntopstops\n"), ("cat /cached", "kept\n"),
                    ("cat /list", "Dockerfile\nfile\n"),
                    ("ls -d /c /x /t /run/secrets 2>/dev/null", ""),
                ])
        }
    }

    /// A build whose command runs, and does not end by itself.
    private func startEndless(_ sandbox: Sandbox) throws -> RunningProgram {
        let context = "\(sandbox.path)/work/context"
        try sandbox.tool("mkdir", "-p", context)
        try sandbox.write(
            "FROM busybox\nRUN --mount=type=cache,target=/s touch /s/ready; trap '' TERM INT HUP; while :; do sleep 1; done\n",
            to: "context/Dockerfile")
        let program = try sandbox.start(["build", "--progress=plain", context])
        let caches = "\(sandbox.store)/cache/build-mounts"
        for _ in 0..<1200 {
            for name in (try? Files.list(caches)) ?? [] where Files.exists("\(caches)/\(name)/0/content/ready") {
                return program
            }
            RunningProgram.pause()
        }
        program.send(SIGKILL)
        throw TestFailure("the command does not run: \(try program.wait())")
    }

    @Test(arguments: TestUser.inThreeModes)
    func aKilledBuildLeavesNoProcessAndNoDirectory(_ user: TestUser) throws {
        try withBusybox(user) { sandbox in
            let program = try startEndless(sandbox)
            program.send(SIGKILL)
            _ = try program.wait()
            #expect(leftovers(of: sandbox.path, waitingSeconds: 30).isEmpty)
            let folders = ["\(sandbox.store)/containers", "\(sandbox.runState)/containers"]
            // A process that is seen nowhere any more may still be closing its files, sockets of netfilter among them, which takes some
            // tens of milliseconds: until it has, the container is locked.
            try? sandbox.eventually("a prune that finds it unlocked", seconds: 30) {
                try sandbox.output("system", "prune", "-f")
                return try folders.allSatisfy { try Files.list($0).isEmpty }
            }
            for folder in folders { #expect(try Files.list(folder) == []) }
        }
    }

    @Test(arguments: TestUser.available)
    func anInterruptedBuildEndsWhatItRuns(_ user: TestUser) throws {
        try withBusybox(user) { sandbox in
            let program = try startEndless(sandbox)
            program.send(SIGINT)
            #expect(try program.wait().code != 0)
            #expect(leftovers(of: sandbox.path, waitingSeconds: 30).isEmpty)
            #expect(try Files.list("\(sandbox.store)/containers") == [])
        }
    }

    @Test func aCommandThatFailsIsNamedWithItsCode() throws {
        try withBusybox(.any) { sandbox in
            let failed = try build(sandbox, "RUN exit 7\n")
            #expect(failed.code != 0)
            #expect(
                failed.errorText.contains(
                    #"process "/bin/sh -c exit 7" did not complete successfully: exit code: 7"#), "\(failed)")
        }
    }
}
