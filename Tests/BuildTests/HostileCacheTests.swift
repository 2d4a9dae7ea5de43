import Errors
import Linux
import OCI
import TestSupport
import Testing

@testable import Build

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
            "s/\"layer\":\"sha256:[0-9a-f]*/\"layer\":\"sha256:\(String(repeating: "0", count: 64))/g",
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
