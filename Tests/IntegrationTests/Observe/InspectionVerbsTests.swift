import Glibc
import Linux
import TestSupport
import Testing

/// `top`, `stats`, `diff`, `port`, `ps --size`: what is seen of a container from outside.
@Suite struct InspectionVerbsTests {
    @Test(arguments: TestUser.available) func topShowsTheContainersProcessesAlone(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.output(
                "run", "-d", "--network", "none", "busybox", "sh", "-c", "sleep 1001 & sleep 1002 & wait")
            var lines: [String] = []
            for _ in 0..<200 where lines.count < 4 { lines = try sandbox.apus("top", id).lines }
            #expect(lines.count == 4 && lines[0].hasPrefix("UID") && lines[0].hasSuffix("CMD"), "\(lines)")
            #expect(lines.contains { $0.hasSuffix("sleep 1002") })
            let chosen = try sandbox.apus("top", id, "-o", "pid,args")
            #expect(chosen.lines.count == 4 && chosen.lines[0].hasPrefix("PID"))
            #expect(try sandbox.apus("top", id, "-o", "args").code == 1)
            try sandbox.output("rm", "-f", id)
            #expect(try sandbox.apus("top", id).code == 1)
        }
    }

    @Test(arguments: TestUser.available) func psShowsCommandsInDockersForm(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let commands = [
                (["sleep", "100"], #""sleep 100""#), (["sh", "-c", "sleep 100"], #""sh -c 'sleep 100'""#),
                (["echo", "it's two", "\"q\""], #""echo 'it's two' \"q\"""#),
            ]
            for (number, (words, shown)) in commands.enumerated() {
                let create = ["create", "--name", "c\(number)", "--network", "none", "busybox"]
                #expect(try sandbox.apus(create + words).code == 0)
                let filter = ["ps", "-a", "--no-trunc", "--filter", "name=c\(number)", "--format", "{{.Command}}"]
                #expect(try sandbox.apus(filter).text == shown + "\n")
            }
        }
    }

    @Test(arguments: TestUser.available) func statsShowWhatIsUsed(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let id = try sandbox.output(
                "run", "-d", "--name", "busy", "--network", "none", "busybox", "sh", "-c", "while :; do :; done")
            let result = try sandbox.apus(
                "stats", "--no-stream", "--format", "{{.Name}} {{.CPUPerc}} {{.PIDs}} {{.MemUsage}} {{.NetIO}}")
            let fields = try #require(result.lines.first).split(separator: " ")
            #expect(fields[0] == "busy" && fields[2] == "1" && fields.contains("0B"))
            let percent = try #require(Double(fields[1].dropLast()))
            #expect(percent > 0 && percent < 150)
            #expect(try sandbox.apus("stats", "--no-stream").lines[0].hasPrefix("CONTAINER ID   NAME"))
            #expect(try sandbox.apus("stats", "--no-stream", "nobody").code == 1)
            try sandbox.output("rm", "-f", id)
        }
    }

    @Test(arguments: TestUser.available) func diffShowsWhatIsAddedChangedAndDeleted(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("run", "--name", "still", "--network", "none", "busybox", "true")
            #expect(try sandbox.output("diff", "still") == "")
            let script = """
                mkdir -p /new/deep; echo x > /new/deep/file; rm /etc/passwd; echo more >> /etc/group; chmod 700 /bin
                rm -rf /var; mkdir /var; echo y > /var/y
                """
            try sandbox.output("run", "--name", "cc", "--network", "none", "busybox", "sh", "-c", script)
            let lines = try sandbox.apus("diff", "cc").lines
            #expect(
                lines == [
                    "C /bin", "C /etc", "C /etc/group", "D /etc/passwd", "A /new", "A /new/deep", "A /new/deep/file",
                    "C /var", "D /var/log", "A /var/y",
                ])
            let sizes = try sandbox.output("ps", "-as", "--filter", "name=cc", "--format", "{{.Size}}")
            #expect(sizes.contains("B (virtual "), "\(sizes)")
            let own = try sandbox.output("inspect", "-s", "-f", "{{.SizeRw}} {{.SizeRootFs}}", "cc").split(
                separator: " ")
            let (written, all) = (try #require(Int(own[0])), try #require(Int(own[1])))
            #expect(written > 0 && all > written)
            try sandbox.output("rm", "cc", "still")
        }
    }

    @Test func portsAreAnsweredAsDockerDoes() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            try sandbox.output("run", "--name", "cc", "--network", "none", "busybox", "true")
            #expect(try sandbox.output("port", "cc") == "")
            let one = try sandbox.apus("port", "cc", "80")
            #expect(one.code == 1 && one.errorText.contains("No public port '80' published for cc"))
            #expect(try sandbox.apus("port", "cc", "x").code == 1)
            try sandbox.output("rm", "cc")
        }
    }
}
