import Glibc
import Linux
import TestSupport
import Testing

/// `logs`, with the real supervisor behind it.
@Suite struct LogsTests {
    @Test(arguments: TestUser.available) func whatAContainerWroteIsShownOnItsStreams(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output(
                "run", "--name", "cc", "--network", "none", "busybox", "sh", "-c", "echo out; echo err >&2; printf rest"
            )
            let all = try sandbox.apus("logs", "cc")
            #expect(all.text == "out\nrest" && all.errorText == "err\n")
            #expect(try sandbox.apus("logs", "-n", "1", "cc").text == "rest")
            let stamped = try sandbox.apus("logs", "-t", "cc").text
            #expect(stamped.utf8.prefix { $0 != 32 }.count == 30 && stamped.contains("Z out\n"))
            #expect(try sandbox.apus("logs", "--since", "1h", "cc").text == "out\nrest")
            #expect(try sandbox.apus("logs", "--until", "1h", "cc").text == "")
            let path = try sandbox.output("inspect", "-f", "{{.LogPath}}", "cc")
            #expect(try Files.readText(path).hasPrefix(#"{"log":"out\n","stream":"stdout","time":"20"#))
            #expect(try sandbox.apus("logs", "nobody").code == 1)
            try sandbox.output("rm", "cc")
            #expect(!Files.exists(path))
        }
    }

    @Test(arguments: TestUser.available) func aTerminalsOutputIsKeptByteForByte(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let script = #"printf 'a\tb\r\n\033[31m\377\376red\033[0m\n'; sleep 0.1"#
            let id = try sandbox.output("run", "-dt", "--network", "none", "busybox", "sh", "-c", script)
            let result = try sandbox.apus("logs", "-f", id)
            #expect(
                result.output == Array("a\tb\r\r\n\u{1B}[31m".utf8) + [0xFF, 0xFE] + Array("red\u{1B}[0m\r\n".utf8))
            #expect(result.errors.isEmpty)
            try sandbox.output("rm", "-f", id)
        }
    }

    @Test(arguments: TestUser.available, ["json-file", "k8s-file", "local"])
    func followersSeeEveryByteAcrossRotations(_ user: TestUser, _ driver: String) throws {
        try withBusybox(user) { sandbox throws in
            let count = 30_000
            let id = try sandbox.output(
                "run", "-d", "--network", "none", "--log-driver", driver, "--log-opt", "max-size=64k", "--log-opt",
                "max-file=500", "busybox", "sh", "-c", "seq 1 \(count)")
            var followers: [RunningProgram] = []
            for _ in 0..<3 {
                followers.append(try sandbox.start(["logs", "-f", id]))
                usleep(20_000)
            }
            let expected = (1...count).map { "\($0)\n" }.joined()
            for follower in followers {
                follower.closeInput()
                let result = try follower.wait(seconds: 60)
                #expect(result.code == 0 && result.text == expected, "\(result.text.count) of \(expected.count)")
            }
            #expect(try sandbox.apus("logs", id).text == expected)
            #expect(try sandbox.apus("logs", "--tail", "3", id).text == "\(count - 2)\n\(count - 1)\n\(count)\n")
            try sandbox.output("rm", "-f", id)
        }
    }

    @Test(arguments: TestUser.available) func followingEndsWithTheContainerHoweverItEnds(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            for command in ["kill", "stop"] {
                let id = try sandbox.output(
                    "run", "-d", "--network", "none", "busybox", "sh", "-c",
                    "trap exit TERM; echo up; while :; do sleep 0.1; done")
                let follower = try sandbox.start(["logs", "-f", id])
                try follower.waitForOutput("up")
                try sandbox.output(command, id)
                #expect(try follower.wait(seconds: 30).code == 0)
                try sandbox.output("rm", "-f", id)
            }
            // One that goes with its end.
            let id = try sandbox.output(
                "run", "-d", "--rm", "--network", "none", "busybox", "sh", "-c", "echo up; sleep 1")
            let follower = try sandbox.start(["logs", "-f", id])
            #expect(try follower.wait(seconds: 30).text == "up\n")
        }
    }

    @Test func aReaderThatGoesAwayEndsTheFollower() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            let id = try sandbox.output("run", "-d", "--network", "none", "busybox", "sh", "-c", "echo up; sleep 1000")
            try sandbox.tool("bash", "-c", "'\(Executable.path)' logs -f \(id) | head -n 1")
            try sandbox.output("rm", "-f", id)
        }
    }

    @Test func theDriverNoneKeepsNothing() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            try sandbox.output(
                "run", "--name", "cc", "--log-driver", "none", "--network", "none", "busybox", "echo", "x")
            let result = try sandbox.apus("logs", "cc")
            #expect(result.code == 1 && result.errorText.contains("configured logging driver does not support reading"))
            #expect(try sandbox.output("inspect", "-f", "{{.HostConfig.LogConfig.Type}}{{.LogPath}}", "cc") == "none")
            try sandbox.output("rm", "cc")
        }
    }

    @Test func detailsComeFromLabelsAndVariables() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            try sandbox.output(
                "run", "--name", "cc", "--network", "none", "-l", "a=1", "-e", "V=2", "--log-opt", "labels=a",
                "--log-opt",
                "env=V", "busybox", "echo", "x")
            #expect(try sandbox.apus("logs", "--details", "cc").text == "V=2,a=1 x\n")
            try sandbox.output("rm", "cc")
        }
    }
}
