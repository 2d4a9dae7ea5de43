import Engine
import Errors
import Glibc
import Images
import Linux
import OCI
import Store
import TestSupport
import Testing

@Suite struct LoadTests {
    let sandbox: EngineSandbox
    init() throws { sandbox = try EngineSandbox() }

    /// Two layers, `one.tar` and `two.tar`, and a configuration for them, `config.json`.
    func makeParts() throws {
        try sandbox.shell(
            """
            mkdir -p one/etc two/etc; echo one > one/etc/one; echo two > two/etc/two; ln -s one one/link
            tar -C one --sort=name -cf one.tar etc link; tar -C two --sort=name -cf two.tar etc
            a=$(sha256sum one.tar | cut -d' ' -f1); b=$(sha256sum two.tar | cut -d' ' -f1)
            printf '{"architecture":"\(Platform.host.architecture)","os":"linux","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' $a $b > config.json
            """)
    }

    /// The legacy layout: a directory for each layer, the second image's first layer a link to the first's.
    func makeLegacyArchive() throws {
        try makeParts()
        try sandbox.shell(
            """
            mkdir -p a/1 a/2 a/3; cp one.tar a/1/layer.tar; cp two.tar a/2/layer.tar; ln -s ../1/layer.tar a/3/layer.tar
            echo 1.0 | tee a/1/VERSION a/2/VERSION > a/3/VERSION; echo '{}' > a/1/json
            cp config.json a/c.json; sed 's/"sh"/"bash"/' config.json > a/d.json
            echo '[{"Config":"c.json","RepoTags":["first:1","first:2"],"Layers":["1/layer.tar","2/layer.tar"]},
                   {"Config":"d.json","RepoTags":null,"Layers":["3/layer.tar","2/layer.tar"]}]' > a/manifest.json
            echo '{"first":{"1":"x"}}' > a/repositories
            """)
    }

    @Test(arguments: ["", "z", "J", "-zstd"])
    func aLegacyDockerArchiveIsLoadedWhateverItsCompression(_ compression: String) throws {
        try makeLegacyArchive()
        let option = compression.hasPrefix("-") ? "--zstd" : compression.isEmpty ? "" : "-\(compression)"
        try sandbox.shell("tar -C a \(option) -cf a.tar .")
        let loaded = try sandbox.load("a.tar")
        #expect(loaded.map(\.names) == [["first:1", "first:2"], []])
        let layers = try sandbox.layers("first:1")
        #expect(try Files.readText(layers[0] + "/etc/one") == "one\n")
        #expect(try Files.readText(layers[1] + "/etc/two") == "two\n")
        #expect(try sandbox.engine.image(loaded[1].id.hex).config.config?.cmd == ["bash"])
        // Members that no image needs are not kept: two layers, two configurations, two manifests.
        #expect(try Files.list(sandbox.engine.paths.images + "/blobs/sha256").count == 6)
    }

    @Test func anArchiveInAnyOrderComesThroughAPipe() throws {
        try makeLegacyArchive()
        try sandbox.shell(
            "cd a; tar -cf ../first.tar manifest.json 3 c.json 2 d.json 1; tar -cf ../last.tar 1 2 3 c.json d.json manifest.json"
        )
        for name in ["first.tar", "last.tar"] {
            let pipe = "\(sandbox.path)/\(name).fifo"
            try #require(mkfifo(pipe, 0o600) == 0)
            let writer = try RunningProgram(
                Spawn("/bin/sh", ["-c", "cat \(sandbox.path)/\(name) > \(pipe)"], environment: ["PATH=/bin"]))
            writer.closeInput()
            let end = try FileDescriptor.open(pipe, O_RDONLY)
            #expect(try sandbox.engine.load(from: end.rawValue).count == 2)
            #expect(try writer.wait().code == 0)
        }
    }

    @Test func layersThatAreNotThoseOfTheConfigurationAreRefusedAndLeaveNothing() throws {
        try makeLegacyArchive()
        try sandbox.shell("cp two.tar a/1/layer.tar; tar -C a -cf a.tar .")
        #expect {
            try sandbox.load("a.tar")
        } throws: {
            "\($0)".contains("1/layer.tar") && ($0 as? EngineError)?.kind == .invalid
        }
        #expect(sandbox.content.isEmpty)
    }

    @Test func aCompressedLayerThatIsAnotherIsRefusedAndLeavesNothing() throws {
        try makeLegacyArchive()
        try sandbox.shell("gzip -c two.tar > a/1/layer.tar; tar -C a -cf a.tar .")
        #expect {
            try sandbox.load("a.tar")
        } throws: {
            "\($0)".contains("unpacks to")
        }
        #expect(sandbox.content.isEmpty)
    }

    @Test func anArchiveThatWasCutOffIsRefusedAndLeavesNothing() throws {
        try makeLegacyArchive()
        let size = Int(try sandbox.shell("tar -C a -cf - . | gzip > a.tar; stat -c %s a.tar").dropLast()) ?? 0
        for part in [1, 10, size / 2, size - 9] {
            try sandbox.shell("head -c \(part) a.tar > b.tar")
            #expect(throws: EngineError.self) { try sandbox.load("b.tar") }
        }
        #expect(sandbox.content.isEmpty)
    }

    @Test(arguments: [
        "[]", "{", #"[{"Config":"../c.json","Layers":[]}]"#, #"[{"Config":"c.json","Layers":["1/layer.tar"]}]"#,
        #"[{"Config":"c.json","Layers":["ring","ring"]}]"#,
        #"[{"Config":"c.json","RepoTags":["UPPER"],"Layers":["1/layer.tar","2/layer.tar"]}]"#,
    ])
    func aManifestThatLiesIsRefusedAndLeavesNothing(_ manifest: String) throws {
        try makeLegacyArchive()
        try Files.write(Array(manifest.utf8), to: sandbox.path + "/a/manifest.json")
        try sandbox.shell("ln -s ring2 a/ring; ln -s ring a/ring2; tar -C a -cf a.tar .")
        #expect(throws: EngineError.self) { try sandbox.load("a.tar") }
        #expect(sandbox.content.isEmpty)
    }

    @Test func aRootFileSystemIsNoImageArchive() throws {
        try sandbox.shell("mkdir r; tar -cf r.tar r")
        #expect {
            try sandbox.load("r.tar")
        } throws: {
            "\($0)".contains("apus import")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "root makes the images of other tools"))
    func whatSkopeoWritesIsLoadedWithItsDigests() throws {
        let source = "oci:" + (try Fixtures.path("busybox.oci", of: .busybox)) + ":latest"
        try sandbox.shell(
            "skopeo --insecure-policy copy -q \(source) oci-archive:oci.tar:busybox:oci; skopeo --insecure-policy copy -q \(source) docker-archive:docker.tar:busybox:docker"
        )
        #expect(try sandbox.load("oci.tar").map(\.names) == [["busybox:oci"]])
        #expect(try sandbox.load("docker.tar").map(\.names) == [["busybox:docker"]])
        let (oci, docker) = (try sandbox.engine.image("busybox:oci"), try sandbox.engine.image("busybox:docker"))
        let digest = try sandbox.shell("skopeo inspect --format '{{.Digest}}' \(source)").dropLast()
        #expect(oci.descriptor.digest.description == digest)
        #expect(oci.config.rootfs == docker.config.rootfs)
        #expect(Files.exists(try sandbox.layers("busybox:oci")[0] + "/bin/sh"))
    }

    @Test func thePlatformChoosesInAnArchiveOfAnIndex() throws {
        try makeParts()
        try sandbox.shell(
            """
            mkdir -p o/blobs/sha256; put() { d=$(sha256sum $1 | cut -d' ' -f1); cp $1 o/blobs/sha256/$d; s=$(stat -c %s $1); }
            list=
            for arch in amd64 arm64; do
                sed "s/\\"architecture\\":\\"[^\\"]*\\"/\\"architecture\\":\\"$arch\\"/" config.json > c; put c; c=$d cs=$s
                layers=
                for l in one two; do put $l.tar; layers="$layers${layers:+,}{\\"mediaType\\":\\"application/vnd.oci.image.layer.v1.tar\\",\\"digest\\":\\"sha256:$d\\",\\"size\\":$s}"; done
                echo "{\\"schemaVersion\\":2,\\"config\\":{\\"mediaType\\":\\"application/vnd.oci.image.config.v1+json\\",\\"digest\\":\\"sha256:$c\\",\\"size\\":$cs},\\"layers\\":[$layers]}" > m; put m
                list="$list${list:+,}{\\"mediaType\\":\\"application/vnd.oci.image.manifest.v1+json\\",\\"digest\\":\\"sha256:$d\\",\\"size\\":$s,\\"platform\\":{\\"os\\":\\"linux\\",\\"architecture\\":\\"$arch\\"}}"
            done
            echo "{\\"schemaVersion\\":2,\\"mediaType\\":\\"application/vnd.oci.image.index.v1+json\\",\\"manifests\\":[$list]}" > i; put i
            echo "{\\"schemaVersion\\":2,\\"manifests\\":[{\\"mediaType\\":\\"application/vnd.oci.image.index.v1+json\\",\\"digest\\":\\"sha256:$d\\",\\"size\\":$s,\\"annotations\\":{\\"org.opencontainers.image.ref.name\\":\\"multi:1\\"}}]}" > o/index.json
            echo '{"imageLayoutVersion":"1.0.0"}' > o/oci-layout; tar -C o -cf o.tar .
            """)
        _ = try sandbox.load("o.tar", platform: "linux/arm64")
        #expect(try sandbox.engine.image("multi:1").config.architecture == "arm64")
        #expect(throws: EngineError.self) { try sandbox.load("o.tar", platform: "linux/s390x") }
        #expect(throws: EngineError.self) { try sandbox.load("o.tar", platform: "nonsense/") }
    }

    @Test func aKilledLoadLeavesNothingThatTheNextDoesNotSweep() throws {
        try makeLegacyArchive()
        try sandbox.shell("dd if=/dev/urandom of=a/0 bs=64k count=64 2>/dev/null; tar -C a -cf a.tar .")
        let bytes = try Files.read(sandbox.path + "/a.tar")
        let program = try RunningProgram(
            Spawn(
                Executable.path, ["load"],
                environment: [
                    "APUS_ROOT=\(sandbox.engine.paths.data)", "APUS_RUN=\(sandbox.engine.paths.run)",
                    "PATH=/usr/bin:/bin",
                ]))
        try program.write(bytes[..<(bytes.count / 2)])
        // The pipe holds 64 KiB: what was written has been read, and a blob is being written.
        program.send(SIGKILL)
        _ = try program.wait()
        #expect(try sandbox.load("a.tar").count == 2)
        #expect(try Files.list(sandbox.engine.paths.images + "/tmp").isEmpty)
        #expect(try Files.list(sandbox.engine.paths.images + "/blobs/sha256").count == 6)
        #expect(try Files.list(sandbox.engine.paths.leases).isEmpty)
    }
}
