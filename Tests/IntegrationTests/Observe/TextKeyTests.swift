import Linux
import TestSupport
import Testing

/// Names that look the same and have other bytes: "é" as one letter, and as an "e" with an accent. To Docker and the kernel they
/// are two.
@Suite struct TextKeyTests {
    private static let letter = "\u{E9}"
    private static let accent = "e\u{301}"

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: TestUser.available) func labelsAndVariablesOfAContainer(_ user: TestUser) throws {
        let (letter, accent) = (Self.letter, Self.accent)
        try withBusybox(user) { sandbox throws in
            try sandbox.output(
                "create", "--name", "cc", "--network", "none", "-l", "\(letter)=1", "-l", "\(accent)=2", "-l", "f=3",
                "--annotation", "\(letter)=1", "--annotation", "\(accent)=2", "-e", "\(letter)=1", "-e", "\(accent)=2",
                "busybox", "env")
            let labels = try sandbox.output("inspect", "-f", "{{json .Config.Labels}}", "cc")
            #expect(bytes(labels) == bytes("{\"\(accent)\":\"2\",\"f\":\"3\",\"\(letter)\":\"1\"}"), "\(labels)")
            #expect(try sandbox.output("inspect", "-f", "{{len .HostConfig.Annotations}}", "cc") == "2")
            for (filter, isFound) in [
                ("\(letter)=1", true), ("\(accent)=2", true), ("\(letter)=2", false), ("\(accent)=1", false),
                (letter, true), ("E\u{301}", false),
            ] {
                let found = try sandbox.output("ps", "-aq", "--filter", "label=\(filter)")
                #expect(found.isEmpty != isFound, "\(filter)")
            }
            let shown = try sandbox.output("ps", "-a", "--format", "{{.Label \"\(letter)\"}}{{.Label \"\(accent)\"}}")
            #expect(shown == "12")
            let listed = try sandbox.output("ps", "-a", "--format", "{{.Labels}}")
            #expect(bytes(listed) == bytes("\(accent)=2,f=3,\(letter)=1"))
            // The description is read back and handed on to the supervisor.
            let started = try sandbox.output("start", "-a", "cc")
            #expect(
                started.utf8.split(separator: 10).filter {
                    $0.last == UInt8(ascii: "1") || $0.last == UInt8(ascii: "2")
                }.count >= 2)
            for entry in ["\(letter)=1", "\(accent)=2"] {
                #expect(bytes(started).split(separator: 10).contains { $0.elementsEqual(entry.utf8) }, "\(started)")
            }
            // It is written behind the answer.
            var events = ""
            for _ in 0..<100 where events.isEmpty {
                events = try sandbox.output(
                    "events", "--since", "10m", "--until", "0s", "--filter", "event=die", "--format",
                    "{{json .Actor.Attributes}}")
                if events.isEmpty { RunningProgram.pause() }
            }
            #expect(
                bytes(events).count > 0 && events.unicodeScalars.contains("\u{E9}")
                    && events.unicodeScalars.contains("\u{301}"))
            try sandbox.output("rm", "cc")
        }
    }

    @Test(arguments: TestUser.available) func labelsAndVolumesOfAnImage(_ user: TestUser) throws {
        let (letter, accent) = (Self.letter, Self.accent)
        try withSandbox(user) { sandbox throws in
            let archive = "\(sandbox.path)/work/keys.tar"
            let config = """
                {"config": {"Env": ["PATH=/bin", "\(letter)=1", "\(accent)=2"], "Cmd": ["true"],
                  "Labels": {"\(letter)": "1", "\(accent)": "2"}, "Volumes": {"/\(letter)": {}, "/\(accent)": {}},
                  "ExposedPorts": {"\(letter)": {}, "\(accent)": {}}},
                 "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": %LAYERS}}
                """
            try sandbox.tool(
                "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/told_image.py", archive, "localhost/keys",
                "base", config)
            try sandbox.output("load", "-q", "-i", archive)
            for (template, text) in [
                ("{{json .Config.Labels}}", "{\"\(accent)\":\"2\",\"\(letter)\":\"1\"}"),
                ("{{len .Config.Volumes}}{{len .Config.ExposedPorts}}", "22"),
            ] {
                #expect(try bytes(sandbox.output("image", "inspect", "-f", template, "localhost/keys")) == bytes(text))
            }
            #expect(try !sandbox.output("images", "-q", "--filter", "label=\(letter)=1").isEmpty)
            #expect(try sandbox.output("images", "-q", "--filter", "label=\(letter)=2").isEmpty)
            // Through the launch record, twice: the second reads what the first has written.
            for _ in 0..<2 {
                try sandbox.output(
                    "run", "--read-only", "--name", "cc", "--network", "none", "-l", "\(letter)=3", "localhost/keys",
                    "sh", "-c",
                    "touch '/\(letter)/x' && test ! -e '/\(accent)/x' && touch '/\(accent)/x'")
                let labels = try sandbox.output("inspect", "-f", "{{json .Config.Labels}}", "cc")
                #expect(bytes(labels) == bytes("{\"\(accent)\":\"2\",\"\(letter)\":\"3\"}"), "\(labels)")
                try sandbox.output("rm", "cc")
            }
        }
    }

    @Test func membersOfAnArchive() throws {
        try withSandbox(.available[0]) { sandbox throws in
            // Two layers whose files in the archive differ in their normal form alone.
            let archive = "\(sandbox.path)/work/named.tar"
            let script = """
                import hashlib, io, json, sys, tarfile
                sys.path.insert(0, sys.argv[1])
                import told_image
                names = ["\\u00e9.tar", "e\\u0301.tar"]
                layers = [told_image.layer("base"), told_image.layer("etc/second=yes")]
                ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
                config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/bin"]},
                                     "rootfs": {"type": "layers", "diff_ids": ids}}).encode()
                manifest = [{"Config": "c.json", "RepoTags": ["localhost/named:latest"], "Layers": names}]
                with tarfile.open(sys.argv[2], "w") as out:
                    for name, data in [*zip(names, layers), ("c.json", config), ("manifest.json", json.dumps(manifest).encode())]:
                        out.addfile(*told_image.entry(name, data=data))
                """
            try sandbox.tool("/usr/bin/python3", "-c", script, "\(Executable.repository)/Tests/Harness", archive)
            try sandbox.output("load", "-q", "-i", archive)
            let run = try sandbox.output("run", "--rm", "--network", "none", "localhost/named", "cat", "/etc/second")
            #expect(run == "yes")
        }
    }
}
