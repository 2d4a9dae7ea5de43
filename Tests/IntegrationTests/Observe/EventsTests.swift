import Glibc
import Linux
import TestSupport
import Testing

/// `events`: what commands and supervisors note.
@Suite struct EventsTests {
    @Test(arguments: TestUser.available) func aContainersLifeIsNotedInOrder(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let follower = try sandbox.start(
                ["events", "--filter", "type=container", "--format", "{{.Action}} {{.Actor.Attributes.name}}"])
            // It watches from its start on; an event of our own says that it is there.
            var hasSeen = false
            for number in 0..<100 where !hasSeen {
                try sandbox.output("run", "--rm", "--name", "probe\(number)", "--network", "none", "busybox", "true")
                hasSeen = (try? follower.waitForOutput("destroy probe", seconds: 1)) != nil
            }
            #expect(hasSeen)
            try sandbox.output("run", "--name", "cc", "-l", "k=v", "--network", "none", "busybox", "sh", "-c", "exit 0")
            try sandbox.output("rm", "cc")
            try follower.waitForOutput("destroy cc")
            follower.send(SIGKILL)
            let seen = try follower.wait().lines.filter { $0.hasSuffix(" cc") }.map { $0.split(separator: " ")[0] }
            let wanted = seen.filter { ["create", "start", "die", "destroy"].contains($0) }
            #expect(wanted == ["create", "start", "die", "destroy"], "\(seen)")
            let past = ["events", "--since", "1h", "--until", "0s"]
            let died = try sandbox.apus(past + ["--filter", "event=die", "--filter", "label=k=v", "--format", "json"])
            #expect(died.lines.count == 1)
            #expect(died.text.contains(#""Type":"container","Action":"die""#) && died.text.contains(#""exitCode":"0""#))
            #expect(try sandbox.apus(past + ["--filter", "container=nobody"]).lines.isEmpty)
            #expect(try sandbox.apus(past + ["--filter", "container=cc"]).lines.count >= 4)
        }
    }

    @Test(arguments: TestUser.available)
    func whatIsChangedAndLookedAtIsNotedInDockersWords(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("run", "-d", "--name", "cc", "--network", "none", "busybox", "sleep", "1000")
            try sandbox.output("update", "--restart", "no", "cc")
            try sandbox.output("top", "cc")
            try sandbox.output("restart", "-t", "0", "cc")
            try sandbox.output("rm", "-f", "cc")
            let past = [
                "events", "--since", "1h", "--until", "0s", "--filter", "container=cc", "--format", "{{.Action}}",
            ]
            let actions = try sandbox.apus(past).lines
            #expect(
                actions == [
                    "create", "start", "update", "top", "kill", "die", "stop", "start", "restart", "kill", "die",
                    "destroy",
                ], "\(actions)")
        }
    }

    @Test(arguments: TestUser.available)
    func aCommandThatFollowsAStartAtOnceRepeatsNoEvent(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // What was noted of a start is written some milliseconds later: a command that is there before is waited for.
            let script = """
                for round in 1 2 3 4 5 6 7 8 9 10; do
                    "$0" run -d --name r$round --network none busybox sleep 1000 >/dev/null &
                    until "$0" exec r$round true 2>/dev/null; do :; done
                    wait
                done
                """
            try sandbox.tool("/bin/sh", "-c", script, Executable.path)
            let past = [
                "events", "--since", "1h", "--until", "0s", "--format", "{{.Action}} {{.Actor.Attributes.name}}",
            ]
            let lines = try sandbox.apus(past).lines
            for round in 1...10 {
                let own = lines.filter { $0.hasSuffix(" r\(round)") }.map { $0.split(separator: " ")[0] }
                #expect(own.filter { $0 == "create" || $0 == "start" } == ["create", "start"], "\(own)")
                #expect(own.firstIndex(of: "start")! < own.firstIndex(of: "exec_create:")!)
            }
            try sandbox.output("rm", "-f", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10")
        }
    }

    @Test func imageVerbsNoteTheirs() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            try sandbox.output("tag", "busybox", "other:1")
            try sandbox.output("rmi", "other:1")
            try sandbox.output("rmi", "busybox")
            let lines = try sandbox.apus(
                "events", "--since", "1h", "--until", "0s", "--filter", "type=image", "--format",
                "{{.Action}} {{.Actor.Attributes.name}}"
            ).lines
            let id = try #require(lines.first?.split(separator: " ").last)
            #expect(lines == ["import \(id)", "tag other:1", "untag \(id)", "untag \(id)", "delete \(id)"])
        }
    }

    @Test func aLineHasDockersForm() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            let line = try #require(try sandbox.apus("events", "--since", "1h", "--until", "0s").lines.first)
            let fields = line.split(separator: " ")
            #expect(fields[0].utf8.count >= 30 && fields[1] == "image" && fields[2] == "import")
            #expect(line.hasSuffix("(name=\(fields[3]))"), "\(line)")
        }
    }
}
