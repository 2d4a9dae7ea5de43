import Archive
import Glibc
import Linux
import OCI
import Testing

/// What a layer leaves to the layers below it: told after unpacking, and settled without the archive.
@Suite struct LooseEndsTests {
    private let folder = try! Folder()
    private let unpacker = LayerUnpacker(ownership: Tool.isRoot ? .archived : .squashed)

    private final class Layer {
        let path: String
        let open: Open
        let report: LayerReport

        init(_ path: String, _ open: Open, _ report: LayerReport) {
            self.path = path
            self.open = open
            self.report = report
        }
    }

    /// Unpacks what `build` makes and settles nothing.
    private func layer(_ build: (inout TarBuilder) -> Void) throws -> Layer {
        var tar = TarBuilder()
        build(&tar)
        let name = randomHex(bytes: 4)
        let archive = try FileDescriptor.open(folder.file("\(name).tar", tar.finished()), O_RDONLY)
        let path = try folder.directory(name)
        let open = try Open(path)
        return Layer(path, open, try unpacker.unpack(archive.rawValue, into: open.number))
    }

    private func settle(_ layer: Layer, on lowers: Layer...) throws(ArchiveError) {
        defer { withExtendedLifetime(lowers) {} }
        _ = try layer.report.looseEnds.settle(
            in: layer.open.number, unpacker.ownership, lowers: lowers.map(\.open.number))
    }

    private func names(_ paths: [RawName]) -> [String] { paths.map(\.printable) }

    @Test func aLayerThatDescribesItsDirectoriesHasNone() throws {
        let whole = try layer { tar in
            tar.directory("a")
            tar.file("a/f")
            tar.hardLink("a/g", to: "a/f")
            tar.file("h")
        }
        #expect(whole.report.looseEnds.isEmpty)
        #expect(names(whole.report.looseEnds.directories) == [""])
    }

    @Test func directoriesThatNoEntryDescribesAreTold() throws {
        let ends = try layer { tar in
            tar.file("a/b/c/f")
            tar.directory("a/b")
            tar.file("gone/x")
            tar.file("gone", "now a file")
        }.report.looseEnds
        #expect(!ends.isEmpty)
        #expect(names(ends.directories) == ["a/b/c", "a", ""])
    }

    @Test func directoriesLookAsTheyDoBelow() throws {
        let base = try layer { tar in
            tar.add("a", "5", mode: 0o1750, user: 3, group: 4, time: 77)
            tar.add("a/b", "5", mode: 0o700, time: 78)
            tar.file("f")
        }
        let middle = try layer { $0.add("a", "5", mode: 0o711, user: 5, time: 79) }
        let top = try layer { tar in
            tar.file("a/b/x", "text")
            tar.file("f/x", "a directory here, a file below")
            tar.file("new/x", "text")
        }
        #expect(Look("\(top.path)/a").status?.permissions == 0o755)
        try settle(top, on: middle, base)
        #expect(Look("\(top.path)/a").status?.permissions == 0o711)
        #expect(Look("\(top.path)/a").status?.modificationTime.seconds == 79)
        #expect(Look("\(top.path)/a/b").status?.permissions == 0o700)
        #expect(Look("\(top.path)/f").status?.permissions == 0o755)
        #expect(Look("\(top.path)/new").status?.permissions == 0o755)
        #expect(Look("\(top.path)/a/b/x").text == "text")
        if Tool.isRoot { #expect(Look("\(top.path)/a").status?.user == 5) }
    }

    @Test func whatALayerBetweenHidesIsNotLookedAt() throws {
        let base = try layer { tar in
            for name in [
                "opaque", "opaque/d", "removed", "removed/d", "file", "file/d", "plain", "plain/d", "plain/d/e",
            ] {
                tar.directory(name, mode: 0o700)
            }
        }
        let middle = try layer { tar in
            tar.directory("opaque", mode: 0o711)
            tar.file("opaque/.wh..wh..opq")
            tar.file(".wh.removed")
            tar.file("file")
            tar.directory("plain", mode: 0o722)
            tar.file("plain/other")
        }
        let top = try layer { tar in
            for name in ["opaque", "removed", "file", "plain", "plain/d/e"] { tar.file("\(name)/d/x") }
        }
        try settle(top, on: middle, base)
        func mode(_ name: String) -> FileMode? { Look("\(top.path)/\(name)").status?.permissions }
        #expect(mode("opaque") == 0o711 && mode("opaque/d") == 0o755)
        #expect(mode("removed") == 0o755 && mode("removed/d") == 0o755)
        #expect(mode("file") == 0o755 && mode("file/d") == 0o755)
        #expect(mode("plain") == 0o722 && mode("plain/d") == 0o700 && mode("plain/d/e") == 0o700)
        #expect(mode("plain/d/e/d") == 0o755)
    }

    @Test func aFileOfALayerBelowGetsItsLinks() throws {
        let base = try layer { tar in
            tar.directory("d", mode: 0o711, time: 50)
            tar.add(
                "d/f", content: Array("below".utf8), mode: 0o4640, time: 99, pax: [("SCHILY.xattr.user.k", [1])])
            tar.link("s", to: "/nowhere")
            tar.add("p", "6", mode: 0o600)
        }
        let top = try layer { tar in
            tar.directory("e", time: 60)
            tar.hardLink("e/one", to: "d/f")
            tar.hardLink("e/two", to: "e/one")
            tar.hardLink("d/f", to: "d/f")
            tar.hardLink("t", to: "s")
            tar.hardLink("q", to: "p")
        }
        #expect(!top.report.looseEnds.isEmpty)
        try settle(top, on: base)
        let file = Look("\(top.path)/d/f")
        #expect(file.text == "below" && file.attribute("user.k") == [1])
        #expect(file.status?.permissions == 0o4640 && file.status?.modificationTime.seconds == 99)
        for name in ["e/one", "e/two"] {
            #expect(Look("\(top.path)/\(name)").status?.identity == file.status?.identity)
        }
        #expect(file.status?.linkCount == 3)
        #expect(try Files.readLink("\(top.path)/t") == "/nowhere")
        #expect(Look("\(top.path)/t").status?.identity == Look("\(top.path)/s").status?.identity)
        #expect(Look("\(top.path)/q").status?.type == S_IFIFO)
        // What was put there later does not show in the directories.
        #expect(Look("\(top.path)/e").status?.modificationTime.seconds == 60)
        #expect(Look("\(top.path)/d").status?.permissions == 0o711)
        #expect(Look("\(top.path)/d").status?.modificationTime.seconds == 50)
    }

    @Test func laterEntriesWinOverLinksIntoLayersBelow() throws {
        let base = try layer { tar in
            tar.file("f", "below")
            tar.file("g", "below too")
            tar.file("h", "and this")
        }
        let top = try layer { tar in
            tar.hardLink("one", to: "f")
            tar.file("f", "new")
            tar.hardLink("two", to: "g")
            tar.file("two", "new two")
            tar.hardLink("three", to: "h")
            tar.file("three", "")
            tar.file("h", "")
            tar.file("empty", "")
        }
        try settle(top, on: base)
        #expect(Look("\(top.path)/f").text == "new" && Look("\(top.path)/one").text == "below")
        #expect(Look("\(top.path)/g").text == "below too" && Look("\(top.path)/two").text == "new two")
        for name in ["three", "h", "empty"] { #expect(Look("\(top.path)/\(name)").text == "") }
        #expect(Look("\(top.path)/one").status?.linkCount == 1 && Look("\(top.path)/g").status?.linkCount == 1)
    }

    @Test func aFileThatNoLayerHasIsMissing() throws {
        let base = try layer { tar in
            tar.directory("d")
            tar.file("d/f")
        }
        let missing = ArchiveError.linkTargetMissing("x", target: "d/g")
        #expect(throws: missing) { try settle(layer { $0.hardLink("x", to: "d/g") }, on: base) }
        #expect(throws: missing) { try settle(layer { $0.hardLink("x", to: "d/g") }) }
        #expect(throws: ArchiveError.linkTargetMissing("x", target: "d")) {
            try settle(layer { $0.hardLink("x", to: "d") }, on: base)
        }
        // What the layer itself hides was never there.
        #expect(throws: ArchiveError.linkTargetMissing("x", target: "d/f")) {
            _ = try layer { tar in
                tar.file("d/.wh.f")
                tar.hardLink("x", to: "d/f")
            }
        }
    }

    @Test func linksInPathsStayInsideTheLayer() throws {
        let outside = try folder.directory("outside")
        try Files.write(Array("untouched".utf8), to: "\(outside)/f")
        let base = try layer { $0.file("l/f", "below") }
        let top = try layer { tar in
            tar.link("l", to: "../outside")
            tar.file("m/x")
            tar.hardLink("h", to: "m/f")
        }
        _ = try? settle(top, on: base)
        #expect(Look("\(outside)/f").text == "untouched" && Look("\(outside)/f").status?.linkCount == 1)
        let hostile = LooseEnds(
            directories: [RawName("l"), RawName("../outside")],
            links: [.init(target: RawName("l/f"), names: [RawName("l/f"), RawName("../outside/f")])])
        _ = try? hostile.settle(in: top.open.number, unpacker.ownership, lowers: [base.open.number])
        #expect(Look("\(outside)/f").text == "untouched" && Look("\(outside)/f").status?.linkCount == 1)
    }
}
