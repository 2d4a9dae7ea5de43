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

    /// Lists `image` from inside a container, as its superuser, and compares with the file `reference`.
    private func expectSameTree(_ sandbox: Sandbox, _ image: String, _ reference: String) throws {
        let result = try sandbox.apus(
            "run", "--rm", "--network", "none", "--cap-add", "DAC_READ_SEARCH", "-v",
            "\(try Fixtures.treelist):/treelist:ro",
            "--entrypoint", "/treelist", image, "/")
        #expect(result.code == 0, "\(result.errorText)")
        let found = Self.entries(result.text)
        let wanted = Self.entries(try Files.readText(reference))
        #expect(wanted.count > 300)
        for (path, line) in wanted where found[path] != line {
            Issue.record("umoci: \(line)\napus:  \(found[path] ?? "\(path) is missing")")
        }
        for path in found.keys where wanted[path] == nil { Issue.record("\(path) is not in the image") }
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
