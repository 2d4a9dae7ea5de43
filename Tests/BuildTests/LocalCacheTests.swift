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
final class CacheFolder: Sendable {
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
    var carriedOut: Set<String> {
        steps(.done).filter { name in ["RUN", "COPY", "WORKDIR", "ADD"].contains { name.contains("] \($0) ") } }
    }

    /// What was said against caches.
    var complaints: [String] {
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
            // An index that cannot be read is left alone.
            try folder.shell("rm \(folder.path)/blobs; echo lost >\(folder.path)/index.json")
            target.ignoresErrors = false
            do { _ = try bench.build(Self.small) { $0.cacheTargets = [target] } } catch { sentence = "\(error)" }
            #expect(sentence.contains("is damaged") && sentence.hasSuffix(": remove it, or name another directory"))
            #expect(try Files.readText("\(folder.path)/index.json") == "lost\n")
        }
    }
}
