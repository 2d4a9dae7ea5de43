import Build
import Bytes
@testable import Dockerfile
import Errors
import Glibc
import Images
import Linux
import Logs
import OCI
import Store
import Synchronization
import TestSupport
import Testing

/// A store with an image of busybox, and builds in it.
final class BuildBench: Sendable {
    let path: String
    let paths: StorePaths
    let images: ImageService

    private init() throws {
        path = "/tmp/apus-build.\(randomHex(bytes: 6))"
        try Files.makeDirectory(path, mode: 0o755)
        paths = try StorePaths(data: "\(path)/data", run: "\(path)/run").prepared()
        images = ImageService(paths, eventLog: EventLog(directory: paths.data), executable: Executable.path)
        var options = ImportOptions()
        options.name = "base:1"
        options.changes = ["ENV FROM=base", "ONBUILD RUN echo triggered >/triggered"]
        let archive = try FileDescriptor.open(try Fixtures.busyboxTar, O_RDONLY)
        _ = try images.importImage(from: archive.rawValue, options)
    }

    /// Runs `body` with one; throws where a process or mount of it is left afterwards.
    static func with<Value>(_ body: (BuildBench) throws -> Value) throws -> Value {
        let bench = try BuildBench()
        defer { bench.remove() }
        let value = try body(bench)
        let left = leftovers(of: bench.path, waitingSeconds: 30)
        if !left.isEmpty { throw TestFailure("left behind: \(left)") }
        let scratches = try Files.list(bench.images.layers.folder).filter { $0.begins(with: ".tmp.build") }
        if !scratches.isEmpty { throw TestFailure("directories are left: \(scratches)") }
        return value
    }

    private func remove() {
        let command =
            getuid() == 0
            ? Spawn("/bin/rm", ["-rf", path])
            : Spawn(
                "/usr/bin/unshare", ["--user", "--map-root-user", "--map-auto", "/bin/rm", "-rf", path],
                environment: ["PATH=/usr/bin:/bin"])
        _ = try? RunningProgram(command).wait()
    }

    /// What a build told and came to.
    struct Built {
        var result: BuildResult
        var endings: [String: BuildStep.Ending] = [:]
        var output = ""

        /// The names of the steps that ended so.
        func steps(_ ending: BuildStep.Ending) -> Set<String> {
            Set(endings.filter { $0.value == ending }.keys)
        }
    }

    /// Builds `dockerfile`, and names the result `name`. `hear` gets all that is told of it.
    func build(
        _ dockerfile: String, name: String = "built:1", _ change: (inout BuildRequest) -> Void = { _ in },
        hear: @escaping @Sendable (BuildEvent) -> Void = { _ in }
    ) throws -> Built {
        var request = BuildRequest(context: .empty, pulling: PullOptions(agent: "apus-test"))
        request.dockerfile = .bytes(Array(dockerfile.utf8), name: "Dockerfile")
        request.outputs = [.image(names: [try Reference(name)])]
        request.container.network = .none
        change(&request)
        let told = Mutex<(names: [Int: String], built: Built)>(([:], Built(result: BuildResult())))
        let builder = Builder(paths, images: images, executable: Executable.path, storageDriver: nil)
        let result = try builder.build(request, cancellation: try Cancellation()) { event in
            hear(event)
            told.withLock { told in
                switch event {
                case .added(let step): told.names[step.number] = step.name
                case .ended(let number, _, let ending): told.built.endings[told.names[number] ?? "?"] = ending
                case .output(_, _, let bytes, _): told.built.output += String(decoding: bytes, as: UTF8.self)
                case .started, .part, .warning: break
                }
            }
        }
        return told.withLock { told in
            told.built.result = result
            return told.built
        }
    }
}

@Suite(.serialized) struct BuilderTests {
    @Test func aBuildIsCarriedOutOnceAndThenCached() throws {
        try BuildBench.with { bench in
            let file = """
                FROM base:1 AS one
                RUN echo $FROM >/a && rm /bin/cat
                ENV X=y
                WORKDIR /
                USER 1000
                RUN id -u && echo $X >/tmp/b
                CMD ["sh"]
                """
            let first = try bench.build(file)
            #expect(first.output.split(on: "\n").contains("1000"))
            #expect(
                first.steps(.done).isSuperset(of: [
                    "[one 2/5] ONBUILD RUN echo triggered >/triggered", "[one 3/5] RUN echo base >/a && rm /bin/cat",
                    "[one 5/5] RUN id -u && echo y >/tmp/b",
                ]), "\(first.endings)")
            let image = try bench.images.images.image("built:1")
            #expect(image.config.config?.env?.has("X=y") == true)
            #expect(image.config.config?.cmd == ["sh"])
            #expect(image.config.config?.onBuild == nil)
            #expect(image.config.rootfs.diffIDs.count == 4)
            #expect(bench.images.layers.find(image.config.rootfs.imageLayers) != nil)
            #expect(image.id == first.result.imageID)
            let again = try bench.build(file)
            #expect(
                again.steps(.cached).count == 3 && again.result.descriptor == first.result.descriptor,
                "\(again.endings)")
            let fresh = try bench.build(file) { $0.ignoresCache = true }
            #expect(fresh.steps(.cached).isEmpty)
        }
    }

    @Test func stagesRunSideBySideAndUnusedOnesNotAtAll() throws {
        try BuildBench.with { bench in
            // Each waits for the other's file in a cache that both have: one after the other they would wait for ever.
            let file = """
                FROM base:1 AS a
                RUN --mount=type=cache,id=x,target=/x touch /x/a; n=0; until [ -e /x/b ] || [ $n = 200 ]; do sleep 0.1; n=$((n+1)); done; [ -e /x/b ]
                FROM base:1 AS b
                RUN --mount=type=cache,id=x,target=/x touch /x/b; n=0; until [ -e /x/a ] || [ $n = 200 ]; do sleep 0.1; n=$((n+1)); done; [ -e /x/a ]
                FROM base:1 AS unused
                RUN exit 1
                FROM base:1
                RUN --mount=from=a,target=/a --mount=from=b,target=/b ls /a/triggered /b/triggered
                """
            let built = try bench.build(file)
            #expect(!built.endings.keys.contains { $0.contains("unused") })
        }
    }

    @Test func aFailureSaysWhereAndKeepsWhatWasDone() throws {
        try BuildBench.with { bench in
            // So much that its layer is still being made when the next step fails.
            let before = "FROM base:1\nRUN head -c 100000000 /dev/zero >/x\n"
            let file = before + "RUN echo told; exit 7\nRUN echo never\n"
            do {
                _ = try bench.build(file)
                Issue.record("it was built")
            } catch let error as BuildError {
                #expect(
                    error.message
                        == "process \"/bin/sh -c echo told; exit 7\" did not complete successfully: exit code: 7")
                #expect(error.exitCode == 7)
                #expect(error.excerpt?.text.contains("3 | >>> RUN echo told; exit 7") == true)
            }
            let other = try bench.build(before)
            #expect(other.steps(.cached).contains("[3/3] RUN head -c 100000000 /dev/zero >/x"), "\(other.endings)")
        }
    }

    @Test func argumentsAreInTheKeyWhereTheyAreDeclared() throws {
        try BuildBench.with { bench in
            let file = "FROM base:1\nRUN echo 1 >/one\nARG V\nRUN echo $V >/two\n"
            func build(_ value: String) throws -> BuildBench.Built {
                try bench.build(file) { $0.arguments["V"] = value }
            }
            _ = try build("1")
            let other = try build("2")
            #expect(other.endings["[3/4] RUN echo 1 >/one"] == .cached)
            #expect(other.endings["[4/4] RUN echo 2 >/two"] == .done)
            let same = try build("1")
            #expect(same.endings["[4/4] RUN echo 1 >/two"] == .cached)
        }
    }

    @Test func anEpochMakesBuildsOfOtherTimesTheSame() throws {
        try BuildBench.with { bench in
            func build() throws -> Digest? {
                try bench.build("FROM base:1\nRUN echo x >/x; mkdir /d\nLABEL a=b\n") {
                    $0.epoch = 1_000_000_000
                    $0.ignoresCache = true
                }.result.descriptor?.digest
            }
            let first = try build()
            usleep(1_100_000)
            #expect(try build() == first)
            let image = try bench.images.images.image("built:1")
            #expect(image.config.created == "2001-09-09T01:46:40Z")
            #expect(bench.images.layers.find(image.config.rootfs.imageLayers) != nil)
        }
    }

    @Test func squashingGivesOneLayerThatDoesTheSame() throws {
        try BuildBench.with { bench in
            let file = """
                FROM base:1
                RUN echo a >/a; echo b >/b; mkdir /d; echo x >/d/x; mkdir /e; echo z >/e/z
                RUN rm /b; rm -r /d; mkdir /d; echo y >/d/y; echo a2 >/a; rm -r /e; rm -r /root; mkdir /root /e
                """
            func files(_ name: String) throws -> String {
                try bench.build(
                    "FROM \(name)\nRUN find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -print | sort; cat /a /d/y; ls -a /e /d /root",
                    name: "listed:1"
                ) { $0.ignoresCache = true }.output
            }
            _ = try bench.build(file, name: "many:1")
            _ = try bench.build(file, name: "one:1") { $0.squashes = true }
            let one = try bench.images.images.image("one:1").config
            #expect(one.rootfs.diffIDs.count == 2)
            #expect(one.history?.count { $0.emptyLayer != true } == 2)
            #expect(try files("one:1") == files("many:1"))
        }
    }

    @Test func anImageBringsItsCacheAlong() throws {
        let file = "FROM base:1\nRUN echo a >/a\nENV A=b\nRUN echo b >/b\n"
        let archive = "/tmp/apus-inline.\(randomHex(bytes: 6))"
        defer { unlink(archive) }
        try BuildBench.with { bench in
            _ = try bench.build(file) { request in
                request.inlinesCache = true
                request.outputs.append(
                    .archive(.file(archive), format: .docker, names: [try! Reference("cache:1")]))
            }
        }
        try BuildBench.with { bench in
            let input = try FileDescriptor.open(archive, O_RDONLY)
            _ = try bench.images.load(from: input.rawValue)
            let built = try bench.build(file) { $0.cacheSources = [.image("cache:1")] }
            #expect(built.steps(.cached).count == 3, "\(built.endings)")
        }
    }
}
