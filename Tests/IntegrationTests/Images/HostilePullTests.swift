import Glibc
import Linux
import TestSupport
import Testing

/// Registries that lie: one sentence, exit code 1, and no image.
@Suite struct HostilePullTests {
    /// The repository "a/b" of a registry that says what a test wants.
    struct Repository: Sendable {
        var objects: [String: (type: String, bytes: [UInt8])] = [:]
        static let manifestType = "application/vnd.oci.image.manifest.v1+json"
        static let configType = "application/vnd.oci.image.config.v1+json"
        static let layerType = "application/vnd.oci.image.layer.v1.tar"

        /// Adds bytes and gives the descriptor.
        mutating func add(_ bytes: [UInt8], _ type: String, size: Int64? = nil) throws -> String {
            let digest = try sha256(bytes)
            objects["blobs/\(digest)"] = (type, bytes)
            return #"{"mediaType":"\#(type)","digest":"\#(digest)","size":\#(size ?? Int64(bytes.count))}"#
        }

        mutating func tag(_ manifest: String) {
            objects["manifests/latest"] = (Self.manifestType, Array(manifest.utf8))
        }

        func answer(_ request: HTTPServer.Request) -> HTTPServer.Response {
            if request.path == "/v2/" { return .text(200, "{}") }
            guard request.path.hasPrefix("/v2/a/b/"), let found = objects[String(request.path.dropFirst(8))] else {
                return .text(404, "")
            }
            return HTTPServer.Response(headers: [("Content-Type", found.type)], body: found.bytes)
        }
    }

    static func sha256(_ bytes: [UInt8]) throws -> String {
        let program = try RunningProgram(Spawn("/usr/bin/sha256sum", []))
        try program.write(bytes)
        program.closeInput()
        return "sha256:" + (try program.wait().text.prefix(64))
    }

    /// A tar archive of one file.
    static func layer() throws -> [UInt8] {
        let script = "cd $(mktemp -d) && echo hello >file && tar --create --owner=0 --group=0 file && rm -r \"$PWD\""
        let program = try RunningProgram(Spawn("/bin/sh", ["-c", script], environment: ["PATH=/usr/bin:/bin"]))
        program.closeInput()
        return try program.wait().output
    }

    static func config(_ diffIDs: [String]) -> [UInt8] {
        let list = diffIDs.map { "\"\($0)\"" }.joined(separator: ",")
        return Array(
            #"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[\#(list)]}}"#.utf8)
    }

    static func manifest(_ config: String, _ layers: [String]) -> String {
        #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layers.joined(separator: ","))]}"#
    }

    /// Pulls and expects a failure that says `reason`, and a store without an image.
    private func refuses(_ repository: Repository, _ reason: String, _ place: SourceLocation = #_sourceLocation) throws
    {
        let server = HTTPServer { repository.answer($0) }
        try withSandbox(TestUser.available[0]) { sandbox throws in
            let result = try sandbox.apus("pull", "\(server.host)/a/b")
            #expect(result.code == 1, "\(result)", sourceLocation: place)
            #expect(result.errorText.contains(reason), "\(result)", sourceLocation: place)
            #expect(result.errorText.split(separator: "\n").count == 1, "\(result)", sourceLocation: place)
            let controls = result.errorText.unicodeScalars.filter {
                $0.properties.generalCategory == .control && $0 != "\n"
            }
            #expect(controls.isEmpty, "\(result)", sourceLocation: place)
            let index = (try? sandbox.index()) ?? ""
            #expect(!index.contains("digest"), sourceLocation: place)
            let layers = (try? Files.list("\(sandbox.store)/layers")) ?? []
            #expect(!layers.contains { $0.hasPrefix("sha256-") }, sourceLocation: place)
        }
    }

    // Words of the registry's in our sentences: the title of the terminal's window, a line that looks like another's.
    @Test func wordsOfTheRegistryMoveNoTerminal() throws {
        var repository = Repository()
        let config = try repository.add(Self.config([]), #"application/\u001b[2J\u009b1m\r\ny\u001b]0;x\u0007"#)
        repository.tag(Self.manifest(config, []))
        try refuses(repository, #"application/\x1b[2J\u009b1m\r\ny\x1b]0;x\x07"#)
        repository.tag(Self.manifest(#"{"mediaType":"x","digest":"sha256:\u001b[2J\nError: y","size":1}"#, []))
        try refuses(repository, #"sha256:\x1b[2J\nError: y"#)
    }

    @Test func platformsOfTheRegistryMoveNoTerminal() throws {
        var repository = Repository()
        let digest = "sha256:" + String(repeating: "0", count: 64)
        repository.objects["manifests/latest"] = (
            "application/vnd.oci.image.index.v1+json",
            Array(
                (#"{"schemaVersion":2,"manifests":[{"mediaType":"\#(Repository.manifestType)","digest":"\#(digest)","size":9,"#
                    + #""platform":{"os":"li\u001b[2Jnux","architecture":"a\u0007\u202eb"}}]}"#).utf8)
        )
        try refuses(repository, #"li\x1b[2Jnux/a\x07\u202eb"#)
    }

    @Test func aGoodOneIsPulled() throws {
        var repository = Repository()
        let bytes = try Self.layer()
        let layer = try repository.add(bytes, Repository.layerType)
        let config = try repository.add(Self.config([try Self.sha256(bytes)]), Repository.configType)
        repository.tag(Self.manifest(config, [layer]))
        let server = HTTPServer { [repository] in repository.answer($0) }
        try withSandbox(TestUser.available[0]) { sandbox throws in
            let result = try sandbox.apus("pull", "\(server.host)/a/b")
            #expect(result.code == 0, "\(result)")
        }
    }

    @Test func aConfigurationThatIsNoJSON() throws {
        var repository = Repository()
        let layer = try repository.add(try Self.layer(), Repository.layerType)
        let config = try repository.add(Array("no json".utf8), Repository.configType)
        repository.tag(Self.manifest(config, [layer]))
        try refuses(repository, "it is no image configuration")
    }

    @Test func anotherNumberOfLayers() throws {
        var repository = Repository()
        let bytes = try Self.layer()
        let layer = try repository.add(bytes, Repository.layerType)
        let diffID = try Self.sha256(bytes)
        let config = try repository.add(Self.config([diffID, diffID]), Repository.configType)
        repository.tag(Self.manifest(config, [layer]))
        try refuses(repository, "it lists 2 layers and the manifest 1")
    }

    @Test func anotherLayerThanTheConfigurationSays() throws {
        var repository = Repository()
        let layer = try repository.add(try Self.layer(), Repository.layerType)
        let config = try repository.add(
            Self.config(["sha256:" + String(repeating: "a", count: 64)]), Repository.configType)
        repository.tag(Self.manifest(config, [layer]))
        try refuses(repository, "aaaaaaaa")
    }

    @Test func aLayerThatIsNoArchive() throws {
        for type in [Repository.layerType, Repository.layerType + "+gzip", Repository.layerType + "+zstd"] {
            var repository = Repository()
            let bytes = Array("this is no archive, and it is not compressed".utf8)
            let layer = try repository.add(bytes, type)
            let config = try repository.add(Self.config([try Self.sha256(bytes)]), Repository.configType)
            repository.tag(Self.manifest(config, [layer]))
            try refuses(repository, "cannot be unpacked")
        }
    }

    @Test func aTypeThatIsNoLayer() throws {
        var repository = Repository()
        let bytes = try Self.layer()
        let layer = try repository.add(bytes, "application/zip")
        let config = try repository.add(Self.config([try Self.sha256(bytes)]), Repository.configType)
        repository.tag(Self.manifest(config, [layer]))
        try refuses(repository, "the layer type application/zip is not supported")
    }

    @Test func somethingThatIsNoImage() throws {
        var repository = Repository()
        let config = try repository.add(Array("{}".utf8), "application/vnd.cncf.helm.config.v1+json")
        repository.tag(Self.manifest(config, []))
        try refuses(repository, "no container image but an artifact of the type application/vnd.cncf.helm")
    }

    @Test func sizesThatAreWrong() throws {
        for (size, reason) in [
            (Int64(-1), "negative size"), (0, "is corrupt"), (10, "is corrupt"), (1 << 20, "is corrupt"),
            (Int64.max, "larger than the limit"),
        ] {
            var repository = Repository()
            let bytes = try Self.layer()
            let layer = try repository.add(bytes, Repository.layerType, size: size)
            let config = try repository.add(Self.config([try Self.sha256(bytes)]), Repository.configType)
            repository.tag(Self.manifest(config, [layer]))
            try refuses(repository, reason)
        }
    }

    @Test func contentThatIsAnother() throws {
        var repository = Repository()
        let bytes = try Self.layer()
        let layer = try repository.add(bytes, Repository.layerType)
        let config = try repository.add(Self.config([try Self.sha256(bytes)]), Repository.configType)
        repository.tag(Self.manifest(config, [layer]))
        var changed = bytes
        changed[600] ^= 1
        repository.objects["blobs/\(try Self.sha256(bytes))"] = (Repository.layerType, changed)
        try refuses(repository, "is corrupt: its digest is \(try Self.sha256(changed))")
    }

    @Test func anIndexThatContainsItself() throws {
        let type = "application/vnd.oci.image.index.v1+json"
        // No document can name its own digest, but a registry can give any for it; the digest is checked.
        let digest = "sha256:" + String(repeating: "b", count: 64)
        let text = """
            {"schemaVersion":2,"mediaType":"\(type)","manifests":[{"mediaType":"\(type)","digest":"\(digest)",\
            "size":10,"platform":{"os":"linux","architecture":"amd64"}}]}
            """
        var repository = Repository()
        repository.objects["manifests/latest"] = (type, Array(text.utf8))
        repository.objects["manifests/\(digest)"] = (type, Array(text.utf8))
        try refuses(repository, "is corrupt")
    }

    @Test func aKilledPullLeavesNoImageAndTheNextOneWorks() throws {
        var repository = Repository()
        let bytes = try Self.layer()
        let digest = try Self.sha256(bytes)
        let layer = try repository.add(bytes, Repository.layerType)
        let config = try repository.add(Self.config([digest]), Repository.configType)
        repository.tag(Self.manifest(config, [layer]))
        let good = repository
        // A first half, and then the connection stays open as long as the test wants.
        let gate = Gate()
        let server = HTTPServer { request in
            if request.path.hasSuffix(digest), gate.isClosed { gate.reach() }
            return good.answer(request)
        }
        try withSandbox(TestUser.available[0]) { sandbox throws in
            let program = try sandbox.start(["pull", "\(server.host)/a/b"])
            gate.waitUntilReached()
            program.send(SIGKILL)
            #expect(try program.wait().code == 137)
            gate.open()
            #expect(!((try? sandbox.index()) ?? "").contains("digest"))
            let again = try sandbox.apus("pull", "\(server.host)/a/b")
            #expect(again.code == 0, "\(again)")
            #expect(try Files.list("\(sandbox.store)/images/tmp").isEmpty)
        }
    }
}

/// Where a server waits until a test lets it go on.
private final class Gate: @unchecked Sendable {
    private var mutex = pthread_mutex_t()
    private var condition = pthread_cond_t()
    private var state = (closed: true, reached: false)

    init() {
        pthread_mutex_init(&mutex, nil)
        pthread_cond_init(&condition, nil)
    }

    private func locked<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        return body()
    }

    var isClosed: Bool { locked { state.closed } }

    /// Waits until the gate opens.
    func reach() {
        locked {
            state.reached = true
            pthread_cond_broadcast(&condition)
            while state.closed { pthread_cond_wait(&condition, &mutex) }
        }
    }

    func waitUntilReached() {
        locked { while !state.reached { pthread_cond_wait(&condition, &mutex) } }
    }

    func open() {
        locked {
            state.closed = false
            pthread_cond_broadcast(&condition)
        }
    }
}
