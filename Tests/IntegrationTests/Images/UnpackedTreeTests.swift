import Glibc
import Linux
import TestSupport
import Testing

/// What a container sees of an image, file by file, against what umoci unpacks of the same image.
@Suite struct UnpackedTreeTests {
    @Test(arguments: TestUser.available, ["layers.oci:gzip", "layers.zstd.oci:zstd"])
    func layersGiveWhatUmociUnpacks(_ user: TestUser, _ image: String) throws {
        try withSandbox(user) { sandbox throws in
            try RegistryServer.with { registry throws in
                let path = try Fixtures.path(image, of: .layers)
                let name = try registry.push("oci:\(path)", as: "layers:latest")
                try sandbox.output("pull", name)
                try expectSameTree(sandbox, name, try Fixtures.path("layers.reference", of: .layers))
            }
        }
    }

    @Test(arguments: TestUser.available)
    func uncompressedLayersGiveTheSame(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output("load", "-i", try Fixtures.path("layers.docker.tar", of: .layers))
            try expectSameTree(sandbox, "layers", try Fixtures.path("layers.reference", of: .layers))
        }
    }

    @Test(arguments: TestUser.available)
    func aDebianRootFileSystemIsWhatUmociUnpacks(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try sandbox.output("import", try Fixtures.path("debian.tar", of: .debian), "debian")
            try expectSameTree(sandbox, "debian", try Fixtures.path("debian.reference", of: .debian))
        }
    }

    /// Frames of zstd for parts of files, and behind them what only a reader who knows of it looks at.
    @Test(arguments: TestUser.available)
    func layersOfZstdChunkedGiveTheSame(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try RegistryServer.with { registry throws in
                let image = try Fixtures.path("debian.chunked.oci", of: .chunked)
                let name = try registry.push("oci:\(image):chunked", as: "debian:latest")
                try sandbox.output("pull", name)
                try expectSameTree(sandbox, name, try Fixtures.path("debian.reference", of: .debian))
            }
        }
    }

    /// A gzip member for each file or piece of one, a landmark before them, and behind them a table: without a reader who knows of those,
    /// they are two files more.
    @Test(arguments: TestUser.available)
    func layersOfEStargzGiveTheSame(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try RegistryServer.with { registry throws in
                let name = try registry.push("oci:\(try eStargz(sandbox)):estargz", as: "layers:latest")
                try sandbox.output("pull", name)
                let reference = try Fixtures.path("layers.reference", of: .layers)
                let own = ["/.no.prefetch.landmark", "/stargz.index.json"]
                try expectSameTree(sandbox, name, reference, besides: own)
                for file in own {
                    let run = try sandbox.apus("run", "--rm", "--network", "none", name, "test", "-s", file)
                    #expect(run.code == 0, "\(run)")
                }
            }
        }
    }

    /// The end of the last member, all of it and the end of the table, and a layer of which the configuration says something else.
    @Test(arguments: [["--cut", "20"], ["--cut", "60"], ["--cut", "700"], ["--diff-id"]])
    func aDamagedLayerOfEStargzIsNoLayer(_ damage: [String]) throws {
        try withSandbox(TestUser.available[0]) { sandbox throws in
            try RegistryServer.with { registry throws in
                let name = try registry.push("oci:\(try eStargz(sandbox, damage)):estargz", as: "layers:latest")
                let pull = try sandbox.apus("pull", "-q", name)
                #expect(pull.code == 1, "\(pull)")
                #expect(pull.errorText.split(separator: "\n").count == 1, "\(pull)")
                #expect(try sandbox.output("images", "-q").isEmpty)
            }
        }
    }

    /// A layout with the image of `layers` in such layers.
    private func eStargz(_ sandbox: Sandbox, _ options: [String] = []) throws -> String {
        let out = "\(sandbox.path)/work/estargz"
        let script = "\(Executable.repository)/Tests/Harness/estargz.py"
        let layers = try Fixtures.path("layers.oci:gzip", of: .layers)
        let result = try RunningProgram(sandbox.spawn("/usr/bin/python3", [script, layers, out] + options)).wait()
        if result.code != 0 { throw TestFailure("estargz.py: \(result)") }
        return out
    }

    /// The overlay is refused here, as where the store is on an overlay itself: a copy takes its place.
    @Test(arguments: TestUser.available)
    func aCopyInTheOverlaysPlaceIsTheSame(_ user: TestUser) throws {
        try #require(getuid() == 0 || user == .root, "only root can refuse calls to setuid helpers")
        try withSandbox(user) { sandbox throws in
            try sandbox.output("load", "-i", try Fixtures.path("layers.docker.tar", of: .layers))
            let reference = try Fixtures.path("layers.reference", of: .layers)
            // The classic call of the overlay alone has these flags.
            let refusal = [Refusal(.fsopen, EPERM), Refusal(.mount, EPERM, flags: 4)]
            let wrapper = try sandbox.refusing(refusal)
            let kind = try sandbox.apus(
                behind: wrapper, ["run", "--rm", "--network", "none", "layers", "stat", "-f", "-c", "%T", "/"])
            #expect(kind.code == 0 && !kind.text.contains("overlay"), "\(kind)")
            try expectSameTree(sandbox, "layers", reference, behind: wrapper)
            try expectSameTree(sandbox, "layers", reference, flags: ["--read-only"], behind: wrapper)
        }
    }

    @Test(.enabled(if: TestUser.ordinary.isAvailable, "needs an ordinary user"), arguments: ["keep-id", "nomap"])
    func anOwnUserNamespaceSeesTheOwnersOfTheImage(_ mode: String) throws {
        try withSandbox(.ordinary) { sandbox throws in
            try sandbox.output("load", "-i", try Fixtures.path("layers.docker.tar", of: .layers))
            let reference = try Fixtures.path("layers.reference", of: .layers)
            // Twice: the second time with the copies of the first.
            for _ in 0..<2 {
                // keep-id covers the files with the accounts, to name the user in them.
                try expectSameTree(
                    sandbox, "layers", reference, flags: ["--userns", mode, "--user", "0"],
                    besides: mode == "keep-id" ? ["/etc/passwd", "/etc/group"] : [])
            }
        }
    }

    /// Lists `image` from inside a container, as its superuser, and compares with the file `reference`.
    private func expectSameTree(
        _ sandbox: Sandbox, _ image: String, _ reference: String, flags: [String] = [], behind wrapper: [String] = [],
        besides covered: [String] = []
    ) throws {
        let result = try sandbox.apus(
            behind: wrapper,
            ["run", "--rm", "--network", "none", "--cap-add", "DAC_READ_SEARCH"] + flags + [
                "-v", "\(try Fixtures.treelist):/treelist:ro", "--entrypoint", "/treelist", image, "/",
            ])
        #expect(result.code == 0, "\(result.errorText)")
        let found = Self.entries(result.text)
        let wanted = Self.entries(try Files.readText(reference))
        #expect(wanted.count > 300)
        for (path, line) in wanted where found[path] != line && !covered.contains(path) {
            Issue.record("umoci: \(line)\napus:  \(found[path] ?? "\(path) is missing")")
        }
        for path in found.keys where wanted[path] == nil && !covered.contains(path) {
            Issue.record("\(path) is not in the image")
        }
    }

    /// {path: its line}, without what a running container changes and what the tools are free in.
    private static func entries(_ text: String) -> [String: String] {
        var result: [String: String] = [:]
        for line in text.split(separator: "\n") {
            var fields = line.split(separator: " ").map(String.init)
            let path = fields[0]
            // Mount points that starting a container makes.
            if path == "/dev" || path.hasPrefix("/dev/") || ["/proc", "/sys", "/treelist"].contains(path) { continue }
            if ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab"].contains(path) { continue }
            // Nor could an ordinary user's umoci make device nodes.
            if fields[1].first == "c" || fields[1].first == "b" { continue }
            // Directories that changed by mount points made in them, or that no layer names.
            if path == "/" || path == "/etc" || path.hasPrefix("/implicit") { fields[3] = "changed" }
            result[path] = fields.joined(separator: " ")
        }
        return result
    }
}
