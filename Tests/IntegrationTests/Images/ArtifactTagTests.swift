import Linux
import TestSupport
import Testing

/// `pull -a` of repositories in which not every tag is of an image.
@Suite struct ArtifactTagTests {
    typealias Repository = HostilePullTests.Repository

    private static let hex = String(repeating: "d", count: 64)
    private static let empty = #"{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:\#(hex)","size":2}"#
    private static let index = "application/vnd.oci.image.index.v1+json"

    /// The tags that are no images: what their manifests are, and what is said of their types.
    private static func artifacts(_ config: String) -> [(tag: String, type: String, document: String, word: String)] {
        func blob(_ type: String) -> String { #"{"mediaType":"\#(type)","digest":"sha256:\#(hex)","size":9}"# }
        // cosign's have an image's configuration.
        let attached = [
            ("sig", "application/vnd.dev.cosign.simplesigning.v1+json"),
            ("att", "application/vnd.dsse.envelope.v1+json"),
            ("sbom", "text/spdx+json"),
        ]
        let chart = "application/vnd.cncf.helm.config.v1+json"
        let entry =
            #"{"mediaType":"\#(Repository.manifestType)","digest":"sha256:\#(hex)","size":9,"artifactType":"a/b"}"#
        let retired = "application/vnd.oci.artifact.manifest.v1+json"
        return attached.map {
            ("sha256-\(hex).\($0.0)", Repository.manifestType, HostilePullTests.manifest(config, [blob($0.1)]), $0.1)
        } + [
            ("chart", Repository.manifestType, HostilePullTests.manifest(blob(chart), [blob("a/tgz")]), chart),
            (
                "oras", Repository.manifestType,
                #"{"schemaVersion":2,"artifactType":"a/oras","config":\#(empty),"layers":[\#(empty)]}"#, "a/oras"
            ),
            ("sha256-\(hex)", index, #"{"schemaVersion":2,"manifests":[\#(entry)]}"#, index),
            ("none", index, #"{"schemaVersion":2,"manifests":[]}"#, index),
            ("old", retired, #"{"mediaType":"\#(retired)","artifactType":"a/old","blobs":[]}"#, "a/old"),
        ]
    }

    /// The repository a/b with the tags `images` of an image, and artifacts before them: their tags, and what is said of their types.
    private func repository(_ images: [String]) throws -> (Repository, [(tag: String, word: String)]) {
        var repository = Repository()
        let bytes = try HostilePullTests.layer()
        let layer = try repository.add(bytes, Repository.layerType)
        let config = try repository.add(
            HostilePullTests.config([try HostilePullTests.sha256(bytes)]), Repository.configType)
        for tag in images {
            repository.objects["manifests/\(tag)"] = (
                Repository.manifestType, Array(HostilePullTests.manifest(config, [layer]).utf8)
            )
        }
        let artifacts = Self.artifacts(config)
        for artifact in artifacts {
            repository.objects["manifests/\(artifact.tag)"] = (artifact.type, Array(artifact.document.utf8))
        }
        list(artifacts.map(\.tag) + images, &repository)
        return (repository, artifacts.map { ($0.tag, $0.word) })
    }

    private func list(_ tags: [String], _ repository: inout Repository) {
        let names = tags.map { "\"\($0)\"" }.joined(separator: ",")
        repository.objects["tags/list"] = ("application/json", Array(#"{"name":"a/b","tags":[\#(names)]}"#.utf8))
    }

    @Test(arguments: [false, true]) func whatIsNoImageIsPassedOver(_ isQuiet: Bool) throws {
        let (repository, artifacts) = try repository(["1", "2"])
        let server = HTTPServer { repository.answer($0) }
        try withSandbox(TestUser.available[0]) { sandbox throws in
            let result = try sandbox.apus(["pull", "-a"] + (isQuiet ? ["-q"] : []) + ["\(server.host)/a/b"])
            #expect(result.code == 0, "\(result)")
            let said = artifacts.map {
                "skipping \(server.host)/a/b:\($0.tag): it is no image, but of the type \($0.word)"
            }
            #expect(result.errorText == said.map { $0 + "\n" }.joined())
            let begun = result.lines.filter { $0.hasSuffix("Pulling from a/b") }
            #expect(begun == (isQuiet ? [] : ["1: Pulling from a/b", "2: Pulling from a/b"]), "\(result)")
            #expect(result.lines.last == "\(server.host)/a/b")
            let names = try sandbox.output("images", "--format", "{{.Repository}}:{{.Tag}}").split(separator: "\n")
            #expect(names.sorted() == ["\(server.host)/a/b:1", "\(server.host)/a/b:2"])
        }
    }

    /// One that has a layer of a file system is an image, whatever else it has; and so is one for another machine.
    @Test(arguments: ["layer", "platform", "encryption"]) func anImageThatFailsIsNotPassedOver(_ fault: String) throws {
        var (repository, artifacts) = try repository(["1"])
        let config = try repository.add(HostilePullTests.config([]), Repository.configType)
        let foreign = #"{"mediaType":"a/b","digest":"sha256:\#(Self.hex)","size":9}"#
        let secret = foreign.replacing("a/b", with: "application/vnd.oci.image.layer.v1.tar+gzip+encrypted")
        let other =
            foreign.replacing("a/b", with: Repository.manifestType).dropLast()
            + #","platform":{"os":"linux","architecture":"sparc64"}}"#
        let (type, document, reason) =
            switch fault {
            case "layer":
                (Repository.manifestType, HostilePullTests.manifest(config, [foreign, secret]), "is not supported")
            case "platform": (Self.index, #"{"schemaVersion":2,"manifests":[\#(other)]}"#, "no matching manifest")
            default:
                (Repository.manifestType, HostilePullTests.manifest(config, [secret]), "encrypted is not supported")
            }
        repository.objects["manifests/bad"] = (type, Array(document.utf8))
        list([artifacts[0].tag, "bad", "1"], &repository)
        let server = HTTPServer { [repository] in repository.answer($0) }
        try withSandbox(TestUser.available[0]) { sandbox throws in
            let result = try sandbox.apus("pull", "-a", "-q", "\(server.host)/a/b")
            let lines = result.errorText.split(separator: "\n")
            #expect(result.code == 1 && lines.count == 2, "\(result)")
            #expect(lines.first?.hasPrefix("skipping ") == true && lines.last?.contains(reason) == true, "\(result)")
        }
    }

    @Test func aRepositoryWithoutImagesHasNothingToPull() throws {
        let (repository, artifacts) = try repository([])
        let server = HTTPServer { repository.answer($0) }
        try withSandbox(TestUser.available[0]) { sandbox throws in
            let result = try sandbox.apus("pull", "-a", "-q", "\(server.host)/a/b")
            let lines = result.errorText.split(separator: "\n")
            #expect(result.code == 1 && lines.count == artifacts.count + 1, "\(result)")
            #expect(lines.last?.contains("repository \(server.host)/a/b has no images") == true, "\(result)")
        }
    }

    /// Who asks for one of them by its name hears what it is.
    @Test func whatIsNoImageCannotBePulledByItsName() throws {
        let (repository, artifacts) = try repository([])
        let server = HTTPServer { repository.answer($0) }
        try withSandbox(TestUser.available[0]) { sandbox throws in
            for artifact in artifacts where artifact.tag != "none" && artifact.word != Self.index {
                let result = try sandbox.apus("pull", "-q", "\(server.host)/a/b:\(artifact.tag)")
                #expect(result.code == 1 && result.errorText.contains(artifact.word), "\(result)")
            }
        }
    }
}
