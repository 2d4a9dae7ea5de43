import Linux
import TestSupport
import Testing

/// `apus manifest` against Debian's docker-registry, and what others read there.
@Suite struct ManifestTests {
    /// An image of this machine and one that says it is for arm64, in the registry as NAME:amd64 and NAME:arm64.
    private func push(_ sandbox: Sandbox, as name: String) throws {
        try sandbox.output("import", "--platform", "linux/arm64", try Fixtures.busyboxTar, "\(name):arm64")
        try sandbox.output("tag", "busybox", "\(name):amd64")
        for tag in ["amd64", "arm64"] { try sandbox.output("push", "-q", "\(name):\(tag)") }
    }

    private func raw(_ sandbox: Sandbox, _ name: String) throws -> String {
        try sandbox.tool("/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)").text
    }

    private func complaint(_ result: ProgramResult) -> String {
        #expect(result.code == 1, "\(result)")
        return result.complaints.trimmed
    }

    @Test(arguments: TestUser.available)
    func aListIsMadeAnnotatedPushedAndReadByOthers(_ user: TestUser) throws {
        try RegistryServer.with { registry throws in
            try withBusybox(user) { sandbox throws in
                let (image, list) = ("\(registry.host)/team/box", "\(registry.host)/team/all/box:1")
                try push(sandbox, as: image)
                #expect(
                    try sandbox.output("manifest", "create", list, "\(image):arm64", "\(image):amd64")
                        == "Created manifest list \(list)")
                #expect(try sandbox.apus("manifest", "exists", list).code == 0)
                try sandbox.output("manifest", "annotate", "--variant", "v8", list, "\(image):arm64")
                let shown = try sandbox.output("manifest", "inspect", list)
                let pushed = try sandbox.apus("manifest", "push", "--purge", list)
                #expect(pushed.code == 0 && pushed.complaints.isEmpty, "\(pushed)")
                #expect(pushed.lines.count == 3)
                #expect(
                    pushed.lines.dropLast().allSatisfy {
                        $0.hasPrefix("Pushed ref \(registry.host)/team/all/box@sha256:")
                    })
                #expect(try sandbox.apus("manifest", "exists", list).code == 1)
                // What the registry has is byte for byte what was shown.
                #expect(try raw(sandbox, list) == shown)
                #expect(try sandbox.output("manifest", "inspect", list) == shown)
                #expect(
                    shown.contains("\"variant\": \"v8\"") && shown.contains("\"architecture\": \"amd64\""), "\(shown)")
                let digest = try #require(pushed.lines.last)
                #expect(try sandbox.output("manifest", "inspect", "\(registry.host)/team/all/box@\(digest)") == shown)
                // All that it lists is there, blobs included.
                try sandbox.tool(
                    "/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet", "--all", "--src-tls-verify=false",
                    "docker://\(list)", "dir:\(sandbox.path)/work/copy")
                try sandbox.output("pull", "-q", "--platform", "linux/arm64/v8", list)
                #expect(
                    try sandbox.output("image", "inspect", "--format", "{{.Architecture}}", list) == "arm64")
                let whole = try sandbox.output("manifest", "inspect", "-v", list)
                #expect(whole.hasPrefix("[\n\t{\n\t\t\"Ref\": \"\(list)@sha256:"), "\(whole)")
                #expect(whole.occurrences(of: "\"Raw\": \"") == 2)
            }
        }
    }

    @Test func aManifestIsShownAsTheRegistryHasIt() throws {
        try RegistryServer.with { registry throws in
            try withBusybox(.any) { sandbox throws in
                let image = "\(registry.host)/box"
                try push(sandbox, as: image)
                let plain = try sandbox.output("manifest", "inspect", "\(image):arm64")
                #expect(plain.hasPrefix("{\n\t\"config\": {\n\t\t\"digest\": \"sha256:"), "\(plain)")
                #expect(!plain.contains("arm64"))
                let whole = try sandbox.output("manifest", "inspect", "--verbose", "\(image):arm64")
                #expect(whole.contains("\"architecture\": \"arm64\""), "\(whole)")
                #expect(
                    try complaint(sandbox.apus("manifest", "inspect", "\(image):none"))
                        == "apus: no such manifest: \(image):none")
                // Nothing was pulled for it.
                #expect(try sandbox.output("images", "-q", "\(image):none").isEmpty)
            }
        }
    }

    @Test func aListIsNotReplacedByChanceAndNotMadeByHalf() throws {
        try RegistryServer.with { registry throws in
            try withBusybox(.any) { sandbox throws in
                let (image, list) = ("\(registry.host)/box", "\(registry.host)/all:1")
                try push(sandbox, as: image)
                let missing = try sandbox.apus("manifest", "create", list, "\(image):amd64", "\(image):none")
                #expect(complaint(missing) == "apus: no such manifest: \(image):none")
                try sandbox.output("tag", "busybox", "\(image):here")
                #expect(
                    try complaint(sandbox.apus("manifest", "create", list, "\(image):here"))
                        == "apus: no such manifest: \(image):here: the store has an image of that name: push it first, or list it"
                        + " as containers-storage:\(image):here")
                #expect(try sandbox.apus("manifest", "exists", list).code == 1)
                try sandbox.output("manifest", "create", list, "\(image):amd64")
                #expect(
                    try complaint(sandbox.apus("manifest", "create", list, "\(image):arm64"))
                        == "apus: refusing to amend an existing manifest list with no --amend flag")
                try sandbox.output("manifest", "annotate", list, "\(image):amd64", "--os-version", "7")
                try sandbox.output("manifest", "create", "-a", list, "\(image):amd64", "\(image):arm64")
                let shown = try sandbox.output("manifest", "inspect", list)
                #expect(shown.contains("\"os.version\": \"7\"") && shown.contains("arm64"), "\(shown)")
                try sandbox.output("manifest", "create", "\(registry.host)/two:1", "\(image):amd64")
                let nested = try sandbox.apus("manifest", "create", "x", "docker://\(registry.host)/two:1")
                #expect(complaint(nested) == "apus: no such manifest: \(registry.host)/two:1")
                try sandbox.output("manifest", "push", "\(registry.host)/two:1")
                #expect(
                    try complaint(sandbox.apus("manifest", "create", "x", "\(registry.host)/two:1"))
                        == "apus: \(registry.host)/two:1 is a manifest list")
                let gone = try sandbox.apus("manifest", "rm", list, "nosuch", "\(registry.host)/two:1")
                #expect(complaint(gone) == "apus: No such manifest: docker.io/library/nosuch:latest")
                #expect(try sandbox.apus("manifest", "exists", list).code == 1)
                #expect(
                    try complaint(sandbox.apus("manifest", "push", list)) == "apus: No such manifest: \(list)")
            }
        }
    }

    @Test func imagesOfTheStoreAreListedAndPushedAfterTheirNamesAreGone() throws {
        try RegistryServer.with { registry throws in
            try withBusybox(.any) { sandbox throws in
                let list = "\(registry.host)/all:1"
                try sandbox.output("manifest", "create", list)
                #expect(try sandbox.output("manifest", "add", list, "busybox") == list)
                try sandbox.output(
                    "manifest", "add", "--arch", "s390x", "--annotation", "a.b=c<d", list, "busybox:latest")
                let shown = try sandbox.output("manifest", "inspect", list)
                #expect(shown.contains("s390x") && shown.contains(#""a.b": "c\u003cd""#), "\(shown)")
                // One name is one entry, and the later word counts.
                #expect(shown.occurrences(of: "\"digest\"") == 1)
                try sandbox.output("rmi", "busybox")
                try sandbox.output("system", "prune", "-af")
                try sandbox.output("manifest", "push", list, "docker://\(registry.host)/elsewhere:2")
                #expect(try raw(sandbox, "\(registry.host)/elsewhere:2") == shown)
                try sandbox.tool(
                    "/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet", "--all", "--src-tls-verify=false",
                    "docker://\(registry.host)/elsewhere:2", "dir:\(sandbox.path)/work/copy")
                let missing = try sandbox.apus("manifest", "add", list, "busybox")
                #expect(
                    complaint(missing)
                        == "apus: No such image: busybox:latest: pull it first, or name it docker://busybox:latest to list"
                        + " the registry's")
                // What no list and no image has goes.
                try sandbox.output("manifest", "rm", list)
                try sandbox.output("system", "prune", "-af")
                #expect(try Files.list("\(sandbox.store)/images/blobs/sha256").isEmpty)
            }
        }
    }

    @Test func imagesOfAnotherRegistryAreCopied() throws {
        try RegistryServer.with { registry throws in
            try RegistryServer.with { other throws in
                try withBusybox(.any) { sandbox throws in
                    let (image, list) = ("\(registry.host)/box", "\(other.host)/all:1")
                    try push(sandbox, as: image)
                    try sandbox.output("rmi", "busybox", "\(image):amd64", "\(image):arm64")
                    try sandbox.output("manifest", "create", list, "\(image):amd64", "\(image):arm64")
                    let pushed = try sandbox.apus("manifest", "push", list)
                    #expect(pushed.code == 0, "\(pushed)")
                    try sandbox.tool(
                        "/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet", "--all", "--src-tls-verify=false",
                        "docker://\(list)", "dir:\(sandbox.path)/work/copy")
                    // Without what it lists, a registry takes no list.
                    let bare = try sandbox.apus("manifest", "push", "--all=false", list, "\(other.host)/new:1")
                    #expect(bare.code == 1, "\(bare)")
                    // What went through the store is no longer there.
                    try sandbox.output("system", "prune", "-f")
                    #expect(try Files.list("\(sandbox.store)/images/blobs/sha256").isEmpty)
                }
            }
        }
    }

    @Test func aListCanBeTakenIntoAnotherAndItsMembersOutByTheirDigests() throws {
        try RegistryServer.with { registry throws in
            try withBusybox(.any) { sandbox throws in
                let (image, list) = ("\(registry.host)/box", "\(registry.host)/all:1")
                try push(sandbox, as: image)
                try sandbox.output("manifest", "create", list, "\(image):amd64", "\(image):arm64")
                try sandbox.output("manifest", "push", list)
                try sandbox.output("manifest", "create", "second")
                #expect(
                    try complaint(sandbox.apus("manifest", "add", "second", "docker://\(list)"))
                        == "apus: \(list) is a manifest list")
                #expect(
                    try sandbox.output("manifest", "add", "--all", "second", "docker://\(list)")
                        == "docker.io/library/second:latest")
                let shown = try sandbox.output("manifest", "inspect", "second")
                #expect(shown.occurrences(of: "\"digest\"") == 2)
                let words = shown.split(separator: "\"").map(String.init)
                let digest = try #require(words.first { $0.hasPrefix("sha256:") })
                try sandbox.output("manifest", "remove", "second", digest)
                #expect(try !(sandbox.output("manifest", "inspect", "second")).contains(digest))
                #expect(
                    try complaint(sandbox.apus("manifest", "remove", "second", digest))
                        == "apus: manifest for image \(digest) does not exist in docker.io/library/second:latest")
            }
        }
    }

    @Test func whatCannotBeIsSaid() throws {
        try withBusybox(.any) { sandbox throws in
            try sandbox.output("manifest", "create", "list")
            try sandbox.output("manifest", "add", "list", "busybox")
            let byDigest = "list@sha256:" + String(repeating: "a", count: 64)
            let cases: [([String], String)] = [
                (
                    ["annotate", "list", "nosuch"],
                    "manifest for image docker.io/library/nosuch:latest does not exist in docker.io/library/list:latest"
                ),
                (
                    ["annotate", "--arch", "vax", "list", "busybox"],
                    "manifest entry for image has unsupported os/arch combination: /vax"
                ),
                (
                    ["annotate", "--annotation", "novalue", "list", "busybox"],
                    "the annotation \"novalue\" has no value: write it as key=value"
                ),
                (
                    ["annotate", "Bad", "busybox"],
                    "annotate: error parsing name for manifest list Bad: invalid reference format: repository name (library/Bad) must be lowercase"
                ),
                (
                    ["create", byDigest],
                    "error parsing name for manifest list \(byDigest): the manifest list \(byDigest) cannot be named by a digest, which it will have only when it is whole: leave it out"
                ),
                (["inspect", "list", "nosuch"], "No such manifest: docker.io/library/nosuch:latest"),
                (
                    ["push", "--insecure", "--tls-verify", "list"],
                    "--insecure and --tls-verify contradict each other: leave one of them out"
                ),
            ]
            for (words, message) in cases {
                #expect(try complaint(sandbox.apus(["manifest"] + words)) == "apus: \(message)")
            }
            // A list whose file is damaged is reported, and nothing that it might need goes.
            let folder = "\(sandbox.store)/manifests"
            let names = try Files.list(folder)
            let file = try #require(names.first { $0.hasSuffix(".json") })
            try Files.write(Array("{".utf8), to: "\(folder)/\(file)")
            #expect(try complaint(sandbox.apus("manifest", "inspect", "list")).contains("is damaged"))
            #expect(try sandbox.apus("rmi", "busybox").code == 0)
            #expect(try Files.list("\(sandbox.store)/images/blobs/sha256").count > 2)
        }
    }

    @Test func controlCharactersOfManifestsDoNotReachTheTerminal() throws {
        let config = #"{"architecture":"amd64","os":"linux"}"#
        let server = HTTPServer { request in
            guard request.path.hasSuffix("/manifests/1") else {
                return request.path.contains("/blobs/") ? .text(200, config) : .text(200, "{}")
            }
            let digest = "sha256:" + String(repeating: "0", count: 64)
            return .text(
                200,
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"x\","
                    + "\"digest\":\"\(digest)\",\"size\":1},\"layers\":[],\"annotations\":{\"a\":\"\u{9b}31m\u{7f}é\"}}",
                [("Content-Type", "application/vnd.oci.image.manifest.v1+json")])
        }
        try withSandbox(.any) { sandbox throws in
            let shown = try sandbox.output("manifest", "inspect", "\(server.host)/x:1")
            #expect(shown.contains(#""a": "\u009b31m\u007fé""#), "\(shown)")
        }
    }
}

extension String {
    /// Without the line feeds at its end.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.utf8.last == 10 { text = text.dropLast() }
        return String(text)
    }

    /// How often `text` is in it.
    fileprivate func occurrences(of text: String) -> Int { ranges(of: text).count }
}
