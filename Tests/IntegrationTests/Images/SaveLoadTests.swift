import Glibc
import Linux
import TestSupport
import Testing

/// `save` and `load`, in each form that Docker, podman and skopeo have: images return with their ids, names and files.
@Suite struct SaveLoadTests {
    private static let forms = ["docker-archive", "oci-archive", "oci-dir", "docker-dir"]

    /// Loads an image of five layers; returns its id.
    private func prepare(_ sandbox: Sandbox) throws -> String {
        try sandbox.output("load", "-i", try Fixtures.path("layers.docker.tar", of: .layers))
        return try sandbox.output("images", "-q", "--no-trunc", "layers")
    }

    private func empty(_ sandbox: Sandbox) throws {
        try sandbox.output("image", "prune", "-af")
        #expect(try Files.list("\(sandbox.store)/images/blobs/sha256").isEmpty)
    }

    private func names(_ sandbox: Sandbox) throws -> [String] {
        try sandbox.apus("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").lines.sorted()
    }

    @Test(arguments: TestUser.available, forms)
    func eachFormComesBack(_ user: TestUser, _ form: String) throws {
        try withSandbox(user) { sandbox throws in
            let id = try prepare(sandbox)
            try sandbox.output("tag", "layers", "one.example/with/path:v1")
            let target = "\(sandbox.path)/work/saved"
            try sandbox.output("save", "--format", form, "-q", "-o", target, "layers", "one.example/with/path:v1")
            let before = try names(sandbox)
            try empty(sandbox)
            let said = try sandbox.apus("load", "-i", target)
            if form == "docker-dir" {
                #expect(said.text == "Loaded image ID: \(id)\n", "\(said)")
                #expect(try names(sandbox) == ["<none>:<none> \(id)"])
            } else {
                #expect(
                    said.lines.sorted() == ["Loaded image: layers:latest", "Loaded image: one.example/with/path:v1"])
                #expect(try names(sandbox) == before)
            }
            #expect(try sandbox.output("system", "check", "--deep") == "everything is in order")
            #expect(try sandbox.apus("run", "--rm", "--network", "none", id, "true").code == 0)
            #expect(try Files.list("\(sandbox.path)/work") == ["saved"])
        }
    }

    @Test(arguments: TestUser.available, forms)
    func skopeoReadsAndWritesEachForm(_ user: TestUser, _ form: String) throws {
        let transport = ["docker-archive", "oci-archive", "oci", "dir"][Self.forms.firstIndex(of: form) ?? 0]
        try withSandbox(user) { sandbox throws in
            let id = try prepare(sandbox)
            let work = "\(sandbox.path)/work"
            try sandbox.output("save", "--format", form, "-o", "\(work)/ours", "layers")
            let name = form == "oci-dir" ? ":latest" : ""
            let shown = try sandbox.tool("skopeo", "inspect", "--raw", "--config", "\(transport):\(work)/ours\(name)")
            try sandbox.write(shown.text, to: "config")
            #expect(try sandbox.tool("sha256sum", "\(work)/config").text.hasPrefix(id.dropFirst(7)))
            let called = form == "docker-dir" ? "" : form == "oci-dir" ? ":latest" : ":layers:latest"
            try sandbox.tool(
                "skopeo", "--insecure-policy", "copy", "-q", "\(transport):\(work)/ours\(name)",
                "\(transport):\(work)/theirs\(called)")
            try empty(sandbox)
            try sandbox.output("load", "-i", "\(work)/theirs")
            #expect(try sandbox.output("images", "-q", "--no-trunc") == id)
            #expect(try sandbox.output("system", "check", "--deep") == "everything is in order")
        }
    }

    @Test(
        .enabled(if: getuid() == 0, "containerd and podman run as root here"),
        arguments: forms)
    func podmanReadsAndWritesEachForm(_ form: String) throws {
        try withBusybox(.root) { sandbox throws in
            // podman refuses archives that have a path twice, as our fixture of many layers has.
            try sandbox.output("run", "--name", "one", "--network", "none", "busybox", "touch", "/x")
            try sandbox.output("commit", "one", "layers")
            try sandbox.output("rm", "one")
            let id = try sandbox.output("images", "-q", "--no-trunc", "layers")
            let work = "\(sandbox.path)/work"
            let podman =
                "podman --root '\(work)/root' --runroot '\(work)/run' --storage-driver vfs --cgroup-manager cgroupfs"
            try sandbox.output("save", "--format", form, "-o", "\(work)/ours", "layers")
            let script = """
                \(podman) load -q -i '\(work)/ours' >&2; \(podman) images -q --no-trunc
                \(podman) save -q --format \(form) -o '\(work)/theirs' \(id.dropFirst(7)) >&2
                """
            let result = try sandbox.tool("bash", "-ec", script)
            #expect(result.text == id + "\n", "\(result)")
            try empty(sandbox)
            try sandbox.output("load", "-i", "\(work)/theirs")
            #expect(try sandbox.output("images", "-q", "--no-trunc") == id)
        }
    }

    @Test(arguments: ["cat", "gzip -c", "zstd -c", "xz -c", "bzip2 -c"])
    func pipesAndCompressions(_ filter: String) throws {
        let user = try #require(TestUser.available.last)
        try withSandbox(user) { sandbox throws in
            let id = try prepare(sandbox)
            let script = """
                '\(Executable.path)' save layers | \(filter) >archive; '\(Executable.path)' image prune -af >/dev/null
                cat archive | '\(Executable.path)' load
                """
            let result = try sandbox.tool("bash", "-ec", "set -o pipefail; " + script)
            #expect(result.text == "Loaded image: layers:latest\n")
            #expect(try sandbox.output("images", "-q", "--no-trunc") == id)
        }
    }

    @Test func anArchiveIsTheSameForTheSameImages() throws {
        let user = try #require(TestUser.available.last)
        try withSandbox(user) { sandbox throws in
            _ = try prepare(sandbox)
            // With the lowest layer in common.
            try sandbox.output("load", "-i", try Fixtures.path("busybox.docker.tar", of: .busybox))
            try sandbox.output("tag", "busybox", "again:1")
            let work = "\(sandbox.path)/work"
            try sandbox.output("save", "-m", "-o", "\(work)/one", "busybox", "layers", "again:1")
            let blobs = try sandbox.tool("tar", "-tf", "\(work)/one").lines.filter {
                $0.hasPrefix("blobs/sha256/") && $0.count > 20
            }
            // Six documents' and layers' worth for the one, two more for the other.
            #expect(Set(blobs).count == blobs.count && blobs.count == 9)
            try empty(sandbox)
            try sandbox.output("load", "-i", "\(work)/one")
            try sandbox.output("save", "-o", "\(work)/two", "busybox", "layers", "again:1", "busybox")
            try sandbox.tool("cmp", "\(work)/one", "\(work)/two")
        }
    }

    /// As Docker does it: all tags of a repository that is named without one, and no name for an id or a digest.
    @Test func namesAreSavedAsTheyAreGiven() throws {
        try withBusybox(.any) { sandbox throws in
            for name in ["busybox:two", "busybox:three", "other:1"] { try sandbox.output("tag", "busybox", name) }
            let id = try sandbox.output("images", "-q", "--no-trunc", "busybox:two")
            func saved(_ words: String...) throws -> [String] {
                let path = "\(sandbox.path)/work/saved"
                let result = try sandbox.apus(["save", "-o", path] + words)
                #expect(result.code == 0, "\(result)")
                let names =
                    "import json, sys; print(*(tag for each in json.load(sys.stdin) for tag in each['RepoTags']), sep='\\n')"
                let text = try sandbox.tool(
                    "bash", "-c", "tar -xOf '\(path)' manifest.json | /usr/bin/python3 -c \"\(names)\"")
                return text.lines.filter { !$0.isEmpty }.sorted()
            }
            #expect(try saved("busybox") == ["busybox:latest", "busybox:three", "busybox:two"])
            #expect(try saved("busybox:two", "other:1", "busybox:two") == ["busybox:two", "other:1"])
            #expect(try saved(id).isEmpty)
            #expect(try saved(String(id.dropFirst(7).prefix(12))).isEmpty)
        }
    }

    @Test func whatCannotBeWrittenLeavesNothing() throws {
        try withBusybox(.any) { sandbox throws in
            let work = "\(sandbox.path)/work"
            try sandbox.write("kept", to: "there")
            try sandbox.tool("mkdir", "\(work)/full")
            try sandbox.write("mine", to: "full/file")
            for (words, message) in [
                (["-o", "\(work)/none/x", "busybox"], "failed to save image: invalid output path: stat \(work)/none"),
                (["-o", "\(work)/there", "nosuch"], "No such image: nosuch:latest"),
                (["-o", "/dev/full", "busybox"], "No space left"),
                (["--format", "oci-dir", "busybox"], "--format oci-dir writes a directory: name it with --output"),
                (
                    ["--format", "oci-dir", "-o", "\(work)/full", "busybox"],
                    "it is no OCI image layout: name a new one"
                ),
                (["--format", "docker-dir", "-o", "\(work)/full", "busybox"], "it is no image of skopeo's dir:"),
                (["--format", "docker-dir", "-o", "\(work)/new", "busybox", "nosuch"], "No such image"),
                (["--format", "oci-dir", "-o", "\(work)/none/x", "busybox"], "invalid output path: \(work)/none"),
                (["--format", "other", "busybox"], "must be one of docker-archive, oci-archive, oci-dir, docker-dir"),
            ] {
                let result = try sandbox.apus(["save"] + words)
                #expect(
                    result.code != 0 && result.errorText.lowercased().contains(message.lowercased()),
                    "\(words): \(result)")
            }
            #expect(try Files.list(work).sorted() == ["full", "there"])
            #expect(try Files.readText("\(work)/there") == "kept")
            #expect(try Files.list("\(work)/full") == ["file"])
        }
    }

    /// A layout that is there keeps its other images; an image directory becomes the one that is saved.
    @Test func directoriesThatAreThere() throws {
        try withBusybox(.any) { sandbox throws in
            let work = "\(sandbox.path)/work"
            try sandbox.output("tag", "busybox", "one:v1")
            try sandbox.output("save", "--format", "oci-dir", "-o", "\(work)/layout", "one:v1")
            try sandbox.output("save", "--format", "docker-dir", "-o", "\(work)/dir", "one:v1")
            let first = try Files.list("\(work)/dir").sorted()
            _ = try prepare(sandbox)
            try sandbox.output("tag", "layers", "two:v1")
            for _ in 0..<2 { try sandbox.output("save", "--format", "oci-dir", "-o", "\(work)/layout/", "two:v1") }
            try sandbox.output("save", "--format", "docker-dir", "-o", "\(work)/dir", "two:v1")
            let tags = try sandbox.tool(
                "/usr/bin/python3", "-c",
                "import json, sys; [print(each['annotations']['org.opencontainers.image.ref.name']) for each in json.load(open(sys.argv[1]))['manifests']]",
                "\(work)/layout/index.json")
            #expect(tags.lines == ["v1", "docker.io/library/two:v1"])
            let second = try Files.list("\(work)/dir").sorted()
            #expect(second.count == 8 && Set(second).intersection(first).count == 3, "\(first) \(second)")
            let id = try sandbox.output("images", "-q", "--no-trunc", "two:v1")
            try empty(sandbox)
            #expect(try sandbox.apus("load", "-i", "\(work)/dir").text == "Loaded image ID: \(id)\n")
            #expect(
                try sandbox.apus("load", "-i", "\(work)/layout").lines == [
                    "Loaded image: one:v1", "Loaded image: two:v1",
                ])
        }
    }
}
