import Archive
import Glibc
import Linux
import OCI
import Testing

@Suite struct TreeCopyTests {
    private let folder = try! Folder()
    private let mine = LayerUnpacker(ownership: .squashed)

    private func copy(_ form: TreeCopy.Form, _ sources: [String]) throws -> (path: String, report: TreeCopyReport) {
        try copyTree(form, sources, in: folder, as: "target-\(randomHex(bytes: 4))")
    }

    @Test func oneTreeIsCopiedWithEverythingInIt() throws {
        var tar = TarBuilder()
        tar.directory("d", mode: 0o1750, time: 55)
        tar.add("d/f", content: Array("text".utf8), mode: 0o4711, pax: [("SCHILY.xattr.user.a", [1, 0, 2])])
        tar.hardLink("d/g", to: "d/f")
        tar.link("l", to: "d/f")
        tar.add("p", "6", mode: 0o600)
        tar.add(raw: [0xe9, 0xff], content: [1])
        tar.file(".wh.w")
        tar.file("o/.wh..wh..opq")
        let source = try unpack(tar.finished(), in: folder, mine).path
        let (target, report) = try copy(.plain, [source])
        let differences = try Snapshot(target, attributes: { _ in true })
            .differences(from: Snapshot(source, attributes: { _ in true }))
        #expect(differences.isEmpty, "\(differences)")
        #expect(report.entries == 8)
    }

    @Test func holesStayHoles() throws {
        let source = try folder.directory("source")
        let file = try FileDescriptor.open("\(source)/s", O_RDWR | O_CREAT)
        lseek(file.rawValue, 32 << 20, SEEK_SET)
        try file.writeAll(Array("middle".utf8))
        try file.setSize(64 << 20)
        let (target, _) = try copy(.plain, [source])
        #expect(try Snapshot(target).nodes["./s"]?.content == Snapshot(source).nodes["./s"]?.content)
        #expect(Look("\(target)/s").status!.raw.st_blocks * 512 < 1 << 20)
        #expect(Look("\(target)/s").status!.size == 64 << 20)
    }

    @Test func layersAreMergedAsOverlayfsWould() throws {
        var base = TarBuilder()
        for name in ["merged", "opaque", "removed", "file"] {
            base.directory(name, mode: 0o700)
            base.file("\(name)/below", name)
        }
        base.file("x", "below")
        base.file("y", "below")
        base.hardLink("z", to: "y")
        var top = TarBuilder()
        top.directory("merged", mode: 0o711)
        top.file("merged/above", "text")
        top.file("opaque/.wh..wh..opq")
        top.file("opaque/above", "text")
        top.file(".wh.removed")
        top.file("file", "now a file")
        top.file("x", "above")
        var third = TarBuilder()
        third.directory("removed")
        third.file("removed/again", "text")
        third.file("merged/.wh.above")
        let layers = try [third, top, base].enumerated().map {
            try unpack($1.finished(), in: folder, as: "l\($0)", mine).path
        }
        let (target, _) = try copy(.overlay, layers)
        #expect(
            try Set(Snapshot(target).nodes.keys) == [
                ".", "./merged", "./merged/below", "./opaque", "./opaque/above", "./removed", "./removed/again",
                "./file",
                "./x", "./y", "./z",
            ])
        #expect(Look("\(target)/x").text == "above")
        #expect(Look("\(target)/file").text == "now a file")
        #expect(Look("\(target)/y").status?.identity == Look("\(target)/z").status?.identity)
        #expect(!Look("\(target)/opaque").isOpaque)
    }
}
