import Bytes
import Errors
import Glibc
import Images
import JSON
import Linux
import OCI
import Store
import Synchronization
import TestSupport
import Testing

@testable import Build

/// A directory that caches are written to, which goes with the value.
private final class CacheFolder: Sendable {
    let path = "/tmp/apus-local-cache.\(randomHex(bytes: 6))"

    deinit { _ = try? shell("rm -rf \(path) \(path).*") }

    var source: BuildCacheSource { .layout(.init(path: path)) }

    func target(_ extent: BuildCacheTarget.Extent = .all, tag: String = "latest") -> BuildCacheTarget {
        var target = BuildCacheTarget(.directory(path, tag: tag))
        target.extent = extent
        return target
    }

    /// What the cache in it knows; verified.
    func manifest(tag: String = "latest") throws -> CacheManifest {
        let (place, descriptor) = try BuildCacheSource.Layout(path: path, tag: tag).manifest()
        return try CacheManifest(reading: descriptor, from: place)
    }

    /// Runs a script in it; returns what it wrote.
    @discardableResult func shell(_ script: String) throws -> String {
        var program = Spawn("/bin/bash", ["-euc", script], environment: ["PATH=/usr/bin:/bin"])
        program.workingDirectory = "/tmp"
        let result = try RunningProgram(program).wait()
        guard result.code == 0 else { throw TestFailure("\(script): \(result)") }
        return result.text
    }

    /// Whether all blobs are what their names say: coreutils judge.
    func check() throws {
        try shell(
            "cd \(path)/blobs/sha256; for b in *; do echo \"$b  $b\"; done | sha256sum --check --quiet; ls -A | wc -l")
        #expect(try shell("cd \(path)/blobs/sha256; ls -A | grep -vc '^[0-9a-f]*$' || true") == "0\n")
    }
}

extension BuildBench.Built {
    /// The steps of the Dockerfile that were done, and not found.
    fileprivate var carriedOut: Set<String> {
        steps(.done).filter { name in ["RUN", "COPY", "WORKDIR", "ADD"].contains { name.contains("] \($0) ") } }
    }

    /// What was said against caches.
    fileprivate var complaints: [String] {
        endings.compactMap { name, ending in
            guard name.begins(with: "importing"), case .failed(let sentence) = ending else { return nil }
            return sentence
        }
    }
}

@Suite(.serialized) struct LocalCacheTests {
    private static let stages = """
        FROM base:1 AS tool
        RUN echo tool >/tool
        RUN rm /bin/cat
        FROM base:1 AS data
        RUN --mount=from=tool,source=/tool,target=/t cp /t /data && ln /data /hard
        FROM base:1
        WORKDIR /w
        COPY --link <<END /linked
        text
        END
        COPY --from=data /data /hard /w/
        USER 1000
        RUN id -u >/tmp/id
        """

    @Test func anotherMachineGetsAllOfItFromADirectory() throws {
        let folder = CacheFolder()
        let first = try BuildBench.with { bench in
            _ = try bench.build(Self.stages) { $0.cacheTargets = [folder.target()] }
            return try bench.images.images.image("built:1").manifest.layers
        }
        try folder.check()
        try BuildBench.with { bench in
            let built = try bench.build(Self.stages) { $0.cacheSources = [folder.source] }
            #expect(built.carriedOut.isEmpty && built.complaints.isEmpty, "\(built.endings)")
            let image = try bench.images.images.image("built:1")
            #expect(image.manifest.layers == first)
            // Of what no image needs there are the files alone, and what the cache has is the machine's own now.
            let needed = Set(first.map(\.digest))
            for layer in try folder.manifest().layers.keys {
                #expect(bench.images.images.has(layer) == needed.contains(layer), "\(layer)")
            }
            #expect(try bench.build(Self.stages).carriedOut.isEmpty)
            // And all that it got it can give.
            let other = CacheFolder()
            _ = try bench.build(Self.stages) { $0.cacheTargets = [other.target()] }
            #expect(Set(try other.manifest().steps.keys) == Set(try folder.manifest().steps.keys))
            #expect(Set(try other.manifest().layers.keys) == Set(try folder.manifest().layers.keys))
        }
    }

    @Test func theLeastOfACacheIsWhatTheResultIsMadeOf() throws {
        try BuildBench.with { bench in
            let (least, most) = (CacheFolder(), CacheFolder())
            _ = try bench.build(Self.stages) { $0.cacheTargets = [least.target(.result), most.target()] }
            // The trigger of all three, two and one RUN of the others, WORKDIR, two COPY, RUN.
            #expect(try most.manifest().steps.count == 8)
            let small = try least.manifest()
            #expect(small.steps.count == 5 && small.layers.count == 5, "\(small.steps.values.map(\.description))")
            let image = try bench.images.images.image("built:1")
            #expect(Set(small.layers.keys) == Set(image.config.rootfs.diffIDs.dropFirst()))
        }
    }

    private static let small = "FROM scratch\nCOPY <<A /a\none\nA\nCOPY <<B /b\ntwo\nB\n"

    @Test func othersContentsStayAndOnesOwnTagIsReplaced() throws {
        try BuildBench.with { bench in
            let folder = CacheFolder()
            let other =
                #"{"mediaType":"application/x","digest":"sha256:\#(String(repeating: "0", count: 64))","size":1,"data":"x"}"#
            try folder.shell(
                "mkdir \(folder.path); echo '{\"schemaVersion\":2,\"mine\":1,\"manifests\":[\(other)]}' >\(folder.path)/index.json"
            )
            _ = try bench.build(Self.small) { $0.cacheTargets = [folder.target(), folder.target(tag: "old")] }
            #expect(try folder.manifest().steps.count == 2)
            let more = Self.small + "COPY <<C /c\nthree\nC\n"
            _ = try bench.build(more) { $0.cacheTargets = [folder.target()] }
            #expect(try folder.manifest().steps.count == 3)
            #expect(try folder.manifest(tag: "old").steps.count == 2)
            let index = try JSONTree.parse(try Files.read(folder.path + "/index.json"))
            #expect(index["mine"]?.integer == 1 && index["manifests"]?.array?.count == 3)
            #expect(index["manifests"]?.array?.first?["data"]?.string == "x")
            #expect(try Files.list(folder.path).sorted() == ["blobs", "index.json", "oci-layout"])
            // By its digest, which another build's tag does not lead to.
            let digest = try BuildCacheSource.Layout(path: folder.path, tag: "old").manifest().descriptor.digest
            let (place, found) = try BuildCacheSource.Layout(path: folder.path, digest: digest).manifest()
            #expect(try CacheManifest(reading: found, from: place).steps.count == 2)
            // The same again changes nothing.
            let before = try folder.shell(
                "cd \(folder.path); find . -type f -printf '%p %i\\n' | grep -v index.json | sort")
            _ = try bench.build(more) { $0.cacheTargets = [folder.target()] }
            #expect(
                try folder.shell("cd \(folder.path); find . -type f -printf '%p %i\\n' | grep -v index.json | sort")
                    == before)
            try folder.check()
        }
    }

    @Test func twoBuildsMayWriteToOneDirectoryAtOnce() throws {
        try BuildBench.with { bench in
            let folder = CacheFolder()
            var builds: [PendingCall<Void>] = []
            for number in 0..<4 {
                builds.append(
                    try begin {
                        let file = Self.small + "COPY <<C /c\n\(number % 2)\nC\n"
                        _ = try bench.build(file, name: "n:\(number)") { request in
                            request.cacheTargets = [
                                folder.target(), folder.target(tag: "t\(number)"), folder.target(tag: "u\(number)"),
                            ]
                        }
                    })
            }
            for build in builds { try build.wait() }
            try folder.check()
            #expect(try LayoutDirectory(folder.path).descriptors().count == 9)
            for tag in ["latest"] + (0..<4).flatMap({ ["t\($0)", "u\($0)"] }) {
                #expect(try folder.manifest(tag: tag).steps.count == 3)
            }
            #expect(try Files.list(folder.path).sorted() == ["blobs", "index.json", "oci-layout"])
        }
    }

    @Test func aDirectoryThatIsNotThereIsNoFailure() throws {
        try BuildBench.with { bench in
            let folder = CacheFolder()
            let built = try bench.build(Self.small) { $0.cacheSources = [folder.source] }
            #expect(built.complaints.isEmpty && built.carriedOut.count == 2)
            #expect(built.output.contains("warning: there is no cache yet: the image layout \(folder.path) "))
            try folder.shell("mkdir \(folder.path); echo '{\"manifests\":[]}' >\(folder.path)/index.json")
            let empty = try bench.build(Self.small) { $0.cacheSources = [folder.source] }
            #expect(empty.output.contains("has no cache with the tag latest"), "\(empty)")
        }
    }

    @Test func whatCannotBeWrittenFailsUnlessItDoesNotMatter() throws {
        try BuildBench.with { bench in
            let folder = CacheFolder()
            try folder.shell("mkdir \(folder.path); ln -s /tmp \(folder.path)/blobs")
            var target = folder.target()
            var sentence = ""
            do { _ = try bench.build(Self.small) { $0.cacheTargets = [target] } } catch { sentence = "\(error)" }
            #expect(sentence.begins(with: "the image layout \(folder.path): cannot make it: "), "\(sentence)")
            target.ignoresErrors = true
            let built = try bench.build(Self.small) { $0.cacheTargets = [target] }
            #expect(built.result.descriptor != nil)
            guard case .failed? = built.endings["exporting cache to client directory"] else {
                Issue.record("\(built.endings)")
                return
            }
            #expect(try Files.list(folder.path) == ["blobs"])
        }
    }
}

/// Directories that hold something else than a cache of ours.
@Suite(.serialized) struct HostileCacheTests {
    private static let file = "FROM scratch\nCOPY <<A /a\none\nA\nCOPY <<B /b\ntwo\nB\n"

    /// Each with a script that makes it of a good one in `$D`, where `$M` is the manifest, `$C` the configuration, `$L` a layer, and what is said.
    private static let documents: [(script: String, complaint: String)] = [
        ("echo x >$D/index.json", "its index.json is damaged"),
        ("head -c 20m /dev/zero >$D/index.json", "index.json is larger than"),
        ("head -c 1000000 /dev/zero | tr '\\0' '[' >$D/index.json", "its index.json is damaged"),
        ("echo '{\"manifests\":{}}' >$D/index.json", "\"manifests\" is no list"),
        ("rm $D/index.json; ln -s /etc/passwd $D/index.json", "index.json: "),
        ("rm $D/index.json; mkfifo $D/index.json", "index.json: "),
        ("rm $D/index.json; mkdir $D/index.json", "index.json: "),
        ("sed -i 's/\"size\":[0-9]*/\"size\":-5/' $D/index.json", "-5 bytes"),
        ("sed -i 's/\"size\":[0-9]*/\"size\":9223372036854775807/' $D/index.json", "is larger than the"),
        ("sed -i 's/\"size\":[0-9]*/\"size\":1/' $D/index.json", "bytes instead of 1"),
        ("echo >>$B/$M", "bytes instead of"), ("sed -i s/schemaVersion/schemaVersiom/ $B/$M", "has the digest"),
        ("rm $B/$M; ln -s $B/$C $B/$M", ": "), ("rm $B/$M; mkfifo $B/$M", ": "),
        ("rm $B/$C", "no such file or directory"),
        ("mv $D/blobs $D/other; ln -s other $D/blobs", ": "),
        ("truncate -s 100 $B/$C", "has 100 bytes instead of"), ("put $M '[]'", "is none of a cache"),
        ("put $M '{\"config\":{\"digest\":\"sha256:1\"}}'", "is none of a cache"),
        ("put $M \"$(sed s/vnd.apus.build.cache/vnd.other/ $B/$M)\"", "its configuration is of the type"),
        ("put $M \"$(sed 's/\"size\":[0-9]*/\"size\":99999999999999999999/g' $B/$M)\"", "is none of a cache"),
    ]

    /// Such with which documents are right, and layers wrong.
    private static let layers: [(script: String, complaint: String)] = [
        ("truncate -s 0 $B/$L", "has 0 bytes instead of"), ("rm $B/$L; ln -s /dev/zero $B/$L", ": "),
        ("rm $B/$L; mkfifo $B/$L", ": "), ("printf x | dd of=$B/$L conv=notrunc status=none", "has the digest"),
        ("rm $B/$L", "no such file or directory"),
    ]

    private func damaged(_ folder: String, _ script: String) throws {
        var program = Spawn(
            "/bin/bash",
            [
                "-euc",
                """
                D=\(folder).bad; B=$D/blobs/sha256; rm -rf $D; cp -a \(folder) $D
                name() { grep -o "$1" | grep -o '[0-9a-f]\\{64\\}' | head -n 1; }
                M=$(name '.*' <$D/index.json); C=$(name '"config":{[^}]*}' <$B/$M); L=$(name '"layers":.*' <$B/$M)
                # Another document in the place of one, with the digest that it has.
                put() { printf %s "$2" >$D/new; N=$(sha256sum <$D/new | cut -c1-64); S=$(stat -c %s $D/new); mv $D/new $B/$N
                  sed -i "s/$1/$N/; s/\\"size\\":[0-9]*/\\"size\\":$S/" $D/index.json; }
                \(script)
                """,
            ], environment: ["PATH=/usr/bin:/bin"])
        program.workingDirectory = "/tmp"
        let result = try RunningProgram(program).wait()
        guard result.code == 0 else { throw TestFailure("\(script): \(result)") }
    }

    @Test func documentsThatAreWrongAreNoCache() throws {
        let folder = CacheFolder()
        try BuildBench.with { bench in _ = try bench.build(Self.file) { $0.cacheTargets = [folder.target()] } }
        for (script, wanted) in Self.documents {
            try damaged(folder.path, script)
            var sentence = "nothing"
            do throws(EngineError) {
                let (place, descriptor) = try BuildCacheSource.Layout(path: folder.path + ".bad").manifest()
                _ = try CacheManifest(reading: descriptor, from: place)
            } catch { sentence = error.message }
            #expect(sentence.contains(wanted) && !sentence.contains("\n"), "\(script): \(sentence)")
        }
    }

    @Test func layersThatAreWrongAreMadeAnewAndToldOnce() throws {
        let folder = CacheFolder()
        try BuildBench.with { bench in _ = try bench.build(Self.file) { $0.cacheTargets = [folder.target()] } }
        for (script, wanted) in Self.layers {
            try damaged(folder.path, script)
            try BuildBench.with { bench in
                let built = try bench.build(Self.file) {
                    $0.cacheSources = [.layout(.init(path: folder.path + ".bad"))]
                }
                #expect(
                    built.complaints.count == 1 && built.complaints.allSatisfy { $0.contains(wanted) },
                    "\(script): \(built.complaints)")
                #expect(!built.carriedOut.isEmpty && built.result.descriptor != nil)
            }
        }
    }

    @Test func recordsThatCannotBeAreNone() throws {
        let folder = CacheFolder()
        try BuildBench.with { bench in _ = try bench.build(Self.file) { $0.cacheTargets = [folder.target()] } }
        let good = try folder.manifest()
        // Times that no clock shows, and a layer that nobody has: the step is done.
        for change in [
            "s/\"seconds\":[0-9]*/\"seconds\":9223372036854775807/g", "s/\"nanoseconds\":[0-9]*/\"nanoseconds\":-1/g",
            "s/\"layer\":\"sha256:[0-9a-f]/\"layer\":\"sha256:X/g; y/X/0/",
        ] {
            try damaged(
                folder.path,
                """
                c=$(sed '\(change)' $B/$C); printf %s "$c" >$D/c; N=$(sha256sum <$D/c | cut -c1-64)
                S=$(stat -c %s $D/c); mv $D/c $B/$N
                put $M "$(sed "s/\\"config\\":{[^}]*}/\\"config\\":{\\"mediaType\\":\\"\(CacheManifest.configType.replacing("/", with: "\\/"))\\",\\"digest\\":\\"sha256:$N\\",\\"size\\":$S}/" $B/$M)"
                """)
            let (place, descriptor) = try BuildCacheSource.Layout(path: folder.path + ".bad").manifest()
            let bad = try CacheManifest(reading: descriptor, from: place)
            #expect(bad.steps.count == 2 && bad.steps != good.steps)
            try BuildBench.with { bench in
                let built = try bench.build(Self.file) {
                    $0.cacheSources = [.layout(.init(path: folder.path + ".bad"))]
                }
                #expect(built.complaints.isEmpty && built.carriedOut.count == 2, "\(change): \(built.endings)")
            }
        }
    }
}
