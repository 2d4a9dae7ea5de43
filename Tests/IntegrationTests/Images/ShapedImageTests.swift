import Linux
import TestSupport
import Testing

/// Images as nix, Cloud Native Buildpacks and kaniko shape theirs (Tests/Harness/shaped_image.py), loaded and pulled.
@Suite struct ShapedImageTests {
    struct Shape: Sendable {
        let name: String
        /// Run in the image; empty for what it runs by itself.
        let script: String
        let shown: String
        let created: String
    }

    static let shapes = [
        Shape(name: "nix", script: "", shown: "from the store", created: "1970-01-01T00:00:01+00:00"),
        Shape(
            name: "nix",
            script: """
                cat /etc/made-by; cd /nix/store/1*/bin && stat -c '%a %u %Y' again . /nix /nix/store /bin && ./again
                test ! -e /tmp && touch /made && ls -d /usr 2>/dev/null || echo no more
                """,
            shown: """
                nix
                555 0 1
                555 0 1
                555 0 1
                555 0 1
                555 0 1
                from the store
                no more
                """, created: "1970-01-01T00:00:01+00:00"),
        Shape(name: "buildpacks", script: "", shown: "built\n1000 315532801\n1000", created: "1980-01-01T00:00:01Z"),
        Shape(
            name: "kaniko",
            script: """
                cd /srv && ls && cat becomes-file becomes-directory/inside again && stat -c '%a %Y' .
                stat -c '%h %i' kept again | sort -u | wc -l
                """,
            shown: """
                again
                becomes-directory
                becomes-file
                kept
                now a file
                now inside
                kept
                750 1600000050
                1
                """, created: "0001-01-01T00:00:00Z"),
    ]

    private func expect(_ shape: Shape, of image: String, _ sandbox: Sandbox) throws {
        let words = shape.script.isEmpty ? [] : ["sh", "-c", shape.script]
        let result = try sandbox.apus(["run", "--rm", "--network", "none", image] + words)
        #expect(result.code == 0 && result.text == shape.shown + "\n", "\(shape.name): \(result)")
        let created = try sandbox.output("image", "inspect", "-f", "{{.Created}}", image)
        #expect(created == shape.created, "\(shape.name)")
        // A container is removed behind the answer.
        var said = ""
        do {
            try sandbox.eventually("a store in order") {
                let checked = try sandbox.apus("system", "check")
                said = checked.errorText
                return checked.code == 0
            }
        } catch { throw TestFailure("\(shape.name): \(error): \(said)") }
    }

    @Test(arguments: TestUser.available) func eachIsLoadedAndRuns(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            for shape in Self.shapes {
                let archive = "\(sandbox.path)/work/\(shape.name).tar"
                try sandbox.tool(
                    "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/shaped_image.py", shape.name, archive)
                let loaded = try sandbox.output("load", "-i", archive)
                #expect(loaded == "Loaded image: localhost/\(shape.name):latest")
                try expect(shape, of: "localhost/\(shape.name)", sandbox)
            }
            let label = #"{{len (index .Config.Labels "io.buildpacks.lifecycle.metadata")}} {{len .RootFS.Layers}}"#
            #expect(try sandbox.output("image", "inspect", "-f", label, "localhost/buildpacks").hasSuffix(" 7"))
            let history = try sandbox.apus("history", "-q", "--no-trunc", "localhost/buildpacks")
            #expect(history.code == 0 && history.lines.count == 7, "\(history)")
            // What is removed leaves nothing, the layer that is there twice neither.
            try sandbox.output("rmi", "localhost/nix", "localhost/buildpacks", "localhost/kaniko")
            let left = try Files.list("\(sandbox.store)/layers").filter { $0.hasPrefix("sha256-") }
            #expect(left.isEmpty, "\(left)")
        }
    }

    @Test(arguments: TestUser.available) func eachIsPulledAndRuns(_ user: TestUser) throws {
        try RegistryServer.with { registry throws in
            try withSandbox(user) { sandbox throws in
                for shape in Self.shapes where shape.name != "nix" || shape.script.isEmpty {
                    let archive = "\(sandbox.path)/work/\(shape.name).tar"
                    try sandbox.tool(
                        "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/shaped_image.py", shape.name,
                        archive)
                    let name = try registry.push("docker-archive:\(archive)", as: "\(shape.name):latest")
                    try sandbox.output("pull", "-q", name)
                    try expect(shape, of: name, sandbox)
                }
            }
        }
    }
}
