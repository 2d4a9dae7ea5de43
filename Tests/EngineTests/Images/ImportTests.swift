import DockerTypes
import Errors
import Glibc
import Images
import Linux
import OCI
import Store
import TestSupport
import Testing

@testable import Engine

@Suite struct ImportTests {
    let sandbox: EngineSandbox
    init() throws { sandbox = try EngineSandbox() }

    func importing(_ archive: String, _ options: ImportOptions = ImportOptions()) throws -> Digest {
        let file = try FileDescriptor.open("\(sandbox.path)/\(archive)", O_RDONLY)
        return try sandbox.engine.importImage(from: file.rawValue, options)
    }

    @Test(arguments: ["", "-z", "-J", "-j", "--zstd"])
    func aRootFileSystemBecomesAnImage(_ compression: String) throws {
        try sandbox.shell("mkdir -p r/bin; echo x > r/bin/x; chmod 4755 r/bin/x; tar -C r \(compression) -cf r.tar .")
        var options = ImportOptions()
        options.name = "mine:1"
        options.changes = [#"CMD ["/bin/x"]"#, "ENV A=1"]
        options.message = "made here"
        options.platform = "linux/arm64"
        let id = try importing("r.tar", options)
        let inspection = try sandbox.engine.inspectImage("mine:1")
        #expect(inspection.id == id.description && inspection.repoTags == ["mine:1"])
        #expect(inspection.comment == "made here" && inspection.architecture == "arm64")
        #expect(inspection.config.value.cmd == ["/bin/x"] && inspection.config.value.env == ["A=1"])
        #expect(inspection.created?.hasSuffix("Z") == true)
        #expect(try Files.status(try sandbox.layers("mine:1")[0] + "/bin/x").permissions == 0o4755)
        #expect(try sandbox.engine.imageHistory("mine:1").map(\.comment) == ["made here"])
    }

    @Test func anImageWithoutANameIsDangling() throws {
        try sandbox.shell("mkdir r; tar -C r -cf r.tar .")
        let id = try importing("r.tar")
        let (images, _) = try sandbox.engine.imageSummaries()
        #expect(images.map(\.image.id) == [id] && images[0].isDangling)
    }

    @Test(arguments: ["echo no archive at all, but some text > r.tar", ": > r.tar"])
    func whatIsNoArchiveIsRefusedAndLeavesNothing(_ script: String) throws {
        try sandbox.shell(script)
        #expect(throws: EngineError.self) { try importing("r.tar") }
        #expect(sandbox.content.isEmpty)
    }

    @Test func badOptionsAreRefusedBeforeAnythingIsRead() throws {
        for change: (inout ImportOptions) -> Void in [
            { $0.name = "UPPER" }, { $0.changes = ["RUN true"] }, { $0.platform = "x/y/z/w" },
            { $0.name = "a@sha256:" + String(repeating: "0", count: 64) },
        ] {
            var options = ImportOptions()
            change(&options)
            // A descriptor that cannot be read: reading it would be another error.
            #expect {
                try sandbox.engine.importImage(from: -1, options)
            } throws: {
                !"\($0)".contains("descriptor")
            }
        }
    }

    @Test func theLayoutIsReadByOtherTools() throws {
        try sandbox.shell("mkdir -p r/etc; echo hi > r/etc/hi; tar -C r -cf r.tar .")
        var options = ImportOptions()
        options.name = "localhost:5000/mine/image:v1"
        let id = try importing("r.tar", options)
        let layout = sandbox.engine.paths.images
        let text = try sandbox.shell("skopeo inspect --config oci:\(layout):localhost:5000/mine/image:v1")
        #expect(text.contains("rootfs"))
        let raw = try sandbox.shell("skopeo inspect --raw oci:\(layout):localhost:5000/mine/image:v1")
        #expect(raw.contains(id.hex))
        try sandbox.shell(
            "umoci unpack \(getuid() == 0 ? "" : "--rootless") --image \(layout):localhost:5000/mine/image:v1 b && grep hi b/rootfs/etc/hi"
        )
    }

    @Test(.enabled(if: geteuid() == 0, "root makes the images of other tools"))
    func whatOtherToolsPutIntoTheLayoutIsAnImage() throws {
        let source = "oci:" + (try Fixtures.path("busybox.oci", of: .busybox)) + ":latest"
        try sandbox.shell("mkdir r; tar -C r -cf r.tar .")
        _ = try importing("r.tar")
        let layout = sandbox.engine.paths.images
        try sandbox.shell("skopeo --insecure-policy copy -q \(source) oci:\(layout):docker.io/library/busybox:latest")
        let image = try sandbox.engine.image("busybox")
        try sandbox.engine.imageService.unpackMissingLayers(of: image)
        #expect(Files.exists(try sandbox.layers("busybox")[0] + "/bin/sh"))
        // It stays through a sweep, with all its parts.
        _ = try sandbox.engine.sweep()
        try sandbox.shell("skopeo --insecure-policy copy -q oci:\(layout):docker.io/library/busybox:latest dir:out")
    }

    @Test func aRemovedImageFreesItsSpace() throws {
        try sandbox.shell("mkdir -p r/etc; echo hi > r/etc/hi; tar -C r -cf r.tar .")
        var options = ImportOptions()
        options.name = "mine"
        _ = try importing("r.tar", options)
        let removals = try sandbox.engine.removeImage("mine", isForced: false)
        // The name, the image and its layer.
        #expect(removals.count == 3)
        #expect(sandbox.content.isEmpty)
    }
}
