import Archive
import Bytes
import Errors
import Glibc
@testable import Images
import JSON
import Linux
import OCI
import Store
import TestSupport
import Testing

@testable import Build

/// `--build-context NAME=oci-layout://…`, and what of outputs is told before anything is built.
@Suite(.serialized) struct LayoutContextTests {
    /// Runs `body` with the path of a layout that has the image of `dockerfile`.
    private func withLayout(
        _ dockerfile: String, names: [String] = ["made:1"], platforms: [Platform] = [],
        _ body: (_ path: String, _ image: Digest) throws -> Void
    ) throws {
        let path = "/tmp/apus-layout-context.\(randomHex(bytes: 6))"
        defer { _ = try? shell("rm -rf \(path)") }
        let made = try BuildBench.with { bench in
            try bench.build(dockerfile) { request in
                request.platforms = platforms
                request.outputs = [
                    .archive(.directory(path), format: .oci, names: names.map { try! Reference($0) })
                ]
            }
        }
        try body(path, #require(made.result.descriptor).digest)
    }

    @discardableResult private func shell(_ script: String) throws -> String {
        let result = try RunningProgram(
            Spawn("/bin/bash", ["-euc", script], environment: ["PATH=/usr/bin:/bin"])
        ).wait()
        guard result.code == 0 else { throw TestFailure("\(script): \(result)") }
        return result.text
    }

    private static let base = "FROM base:1\nRUN echo layout >/from\nENV KIND=layout\n"

    @Test func anImageOfALayoutIsABaseASourceAndAMount() throws {
        try withLayout(Self.base) { path, digest in
            try BuildBench.with { bench in
                for reference in [nil, "1", digest.description] {
                    let built = try bench.build(
                        """
                        FROM lay
                        RUN echo $KIND >/kind
                        FROM base:1
                        COPY --from=lay /from /copied
                        RUN --mount=from=lay,target=/m cat /m/from /copied >/both
                        COPY --from=0 /kind /
                        """
                    ) { request in
                        request.namedContexts["lay"] = .layout(path, reference: reference)
                        request.ignoresCache = true
                    } hear: { event in
                        // Nothing but the build itself keeps it: whoever prunes meanwhile takes nothing of it.
                        if case .ended = event { _ = try? bench.images.sweep() }
                    }
                    #expect(built.result.descriptor != nil)
                    let shown = try bench.build("FROM built:1\nRUN cat /kind /both\n", name: "shown:1") {
                        $0.ignoresCache = true
                    }
                    #expect(shown.output.contains("layout\nlayout\nlayout\n"), "\(shown.output)")
                }
                // The base's layers come along.
                _ = try bench.build("FROM lay\n", name: "same:1") {
                    $0.namedContexts["lay"] = .layout(path, reference: nil)
                }
                let image = try bench.images.images.image("same:1")
                for layer in image.manifest.layers { #expect(bench.images.images.has(layer.digest, size: layer.size)) }
            }
        }
    }

    @Test func ofManyPlatformsTheOneThatIsWantedIsTaken() throws {
        let file = "FROM scratch\nARG TARGETARCH\nCOPY <<E /arch\n$TARGETARCH\nE\n"
        let platforms = [Platform(architecture: "amd64"), Platform(architecture: "s390x")]
        try withLayout(file, platforms: platforms) { path, _ in
            try BuildBench.with { bench in
                let layout = LayoutDirectory(path)
                let other = try layout.manifest("1", platforms[0])
                // Nothing of the other one needs to be there.
                for digest in [other.descriptor.digest, other.manifest.config.digest]
                    + other.manifest.layers.map(\.digest)
                {
                    try Files.unlink("\(path)/blobs/sha256/\(digest.hex)")
                }
                _ = try bench.build("FROM lay\nLABEL a=b\n") { request in
                    request.platforms = [platforms[1]]
                    request.namedContexts["lay"] = .layout(path, reference: nil)
                }
                #expect(try bench.images.images.image("built:1", platform: platforms[1]).config.architecture == "s390x")
                #expect(
                    failure(bench, path, nil) { $0.platforms = [platforms[0]] }.contains("no such file or directory"))
                let third = failure(bench, path, nil) { $0.platforms = [Platform(architecture: "riscv64")] }
                #expect(
                    third.contains("it has the image for linux/amd64, linux/s390x, and not for linux/riscv64"),
                    "\(third)")
            }
        }
    }

    private func failure(
        _ bench: BuildBench, _ path: String, _ reference: String?, _ change: (inout BuildRequest) -> Void = { _ in }
    ) -> String {
        do {
            _ = try bench.build("FROM lay\nCOPY <<E /x\nE\n", name: "failed:1") { request in
                request.namedContexts["lay"] = .layout(path, reference: reference)
                change(&request)
            }
            return "nothing"
        } catch { return "\(error)" }
    }

    @Test func whatALayoutDoesNotHaveOrHasWrongIsTold() throws {
        try withLayout(Self.base, names: ["made:1", "made:2"]) { path, digest in
            try BuildBench.with { bench in
                let nobody = Digest(of: [1])
                #expect(failure(bench, path, nil).contains("it has no image with the tag latest"))
                #expect(failure(bench, path, "3").contains("it has no image with the tag 3"))
                #expect(failure(bench, path, nobody.description).contains("blobs/sha256/\(nobody.hex): no such file"))
                let layer = try LayoutDirectory(path).manifest("2", .host).manifest.layers[1].digest
                let table = [
                    ("printf x | dd of=\(layer.hex) conv=notrunc status=none", "has the digest"),
                    ("truncate -s 7 \(layer.hex)", "has 7 bytes instead of"),
                    ("rm \(layer.hex); ln -s /etc/passwd \(layer.hex)", "\(layer.hex): "),
                    ("rm \(layer.hex); mkfifo \(layer.hex)", "\(layer.hex): "),
                    ("rm \(digest.hex)", "\(digest.hex): no such file"),
                    ("rm ../../index.json; mkfifo ../../index.json", "index.json: "),
                ]
                for (script, wanted) in table {
                    try shell("cd \(path)/blobs/sha256; \(script)")
                    let sentence = failure(bench, path, "2")
                    #expect(sentence.begins(with: "the image layout \(path) cannot be used: "), "\(sentence)")
                    #expect(sentence.contains(wanted), "\(script): \(sentence)")
                }
                // What failed left nothing that an image has.
                #expect(try bench.images.images.images().images.count == 1)
            }
        }
    }

    @Test func indexesThatLeadToThemselvesEnd() throws {
        let path = "/tmp/apus-layout-context.\(randomHex(bytes: 6))"
        defer { _ = try? shell("rm -rf \(path)") }
        let layout = try LayoutWriter(path)
        var current = Descriptor(mediaType: MediaType.ociIndex, digest: Digest(of: []), size: 0)
        for depth in 0..<8 {
            var index = ImageIndex(manifests: [current])
            index.annotations = ["depth": "\(depth)"]
            current = try layout.put(try canonicalJSON(index), MediaType.ociIndex)
        }
        try layout.record(current, tag: "deep") { () throws(EngineError) in throw EngineError("nobody else is here") }
        try BuildBench.with { bench in
            #expect(failure(bench, path, "deep").contains("its indexes are nested too deeply"))
        }
    }

    @Test func outputsThatCannotBeAreToldBeforeAnythingIsDone() throws {
        try BuildBench.with { bench in
            let many = [Platform(architecture: "amd64"), Platform(architecture: "arm64")]
            let table: [(BuildOutput, [Platform], String)] = [
                (.tar(.file("\(bench.path)/x")), many, "an output of type=tar is refused for several platforms"),
                (
                    .archive(.file("\(bench.path)/x"), format: .docker, names: []), many,
                    "docker exporter does not support exporting manifest lists"
                ),
                (
                    .tar(.file("\(bench.path)/no/x")), [],
                    "nothing can be written to an output: access \(bench.path)/no: "
                ),
                (.tar(.file(bench.path)), [], "nothing can be written to an output: open \(bench.path): "),
                (.local("/proc/self/status/x"), [], "nothing can be written to an output: "),
                (
                    .archive(.directory("/dev/null"), format: .oci, names: []), [],
                    "nothing can be written to an output: "
                ),
            ]
            for (output, platforms, wanted) in table {
                let told = Monitor(0)
                var sentence = "nothing"
                do {
                    _ = try bench.build("FROM base:1\nRUN true\n") { request in
                        request.outputs = [output]
                        request.platforms = platforms
                    } hear: { _ in
                        told.change { $0 += 1 }
                    }
                } catch { sentence = "\(error)" }
                #expect(sentence.begins(with: wanted), "\(sentence)")
                #expect(told.change { $0 } == 0)
            }
        }
    }
}
