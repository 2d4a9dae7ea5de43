import Archive
import Glibc
import Linux
import OCI
import Testing

/// Owners that are kept beside files where there is one id.
@Suite struct KeptOwnerTests {
    private let folder = try! Folder()
    private let squashed = LayerUnpacker(ownership: .squashed)

    private func attribute(_ path: String) -> String? {
        Look(path).attribute("user.containers.override_stat").map { String(decoding: $0, as: UTF8.self) }
    }

    /// What a layer of the trees is with the owners that are kept, as "name user:group mode", whiteouts too.
    private func written(_ form: LayerWriter.Form, _ paths: [String]) throws -> [String] {
        var layer = LayerWriter(form)
        layer.readsKeptOwners = true
        var bytes: [UInt8] = []
        let writer = TarWriter { bytes.append(contentsOf: $0) }
        let open = try paths.map { try Open($0) }
        _ = try layer.write(open.map(\.number), to: writer)
        _ = try writer.finish()
        withExtendedLifetime(open) {}
        return try entries(bytes, in: folder).map { entry in
            let shown = entry.attributes.contains { $0.name == KeptOwner.attribute }
            return "\(entry.name.printable) \(entry.user):\(entry.group) \(String(entry.mode, radix: 8))"
                + (shown ? " and the attribute" : "")
        }
    }

    @Test func theFormIsThatOfContainersStorage() throws {
        let device = deviceNumber(major: 10, minor: 229)
        let texts: [(KeptOwner, String)] = [
            (KeptOwner(user: 1, group: 2, mode: 0o644), "1:2:0644"),
            (KeptOwner(user: 0, group: 4_294_967_294, mode: 0o4755), "0:4294967294:04755"),
            (
                KeptOwner(user: 0, group: 6, mode: 0o660, node: .init(type: S_IFCHR, device: device)),
                "0:6:0660:char-10-229"
            ),
            (
                KeptOwner(user: 0, group: 6, mode: 0, node: .init(type: S_IFBLK, device: device)),
                "0:6:00:block-10-229"
            ),
        ]
        for (kept, text) in texts {
            #expect(String(decoding: kept.value, as: UTF8.self) == text)
            #expect(KeptOwner(kept.value) == kept)
        }
        // As podman writes them.
        for type in ["file", "dir", "symlink", "pipe", "socket"] {
            #expect(KeptOwner(Array("7:8:0750:\(type)".utf8)) == KeptOwner(user: 7, group: 8, mode: 0o750))
        }
        let hostile = [
            "", ":", "::", ":::", "1:2", "1:2:", "1:2:9", "1:2:0644:", "1:2:0644:other", "1:2:0644:char-1",
            "1:2:0644:char-1-", "1:2:0644:char--1-2", "1:2:0644:char-1-2-3", "1:2:0644:file:", "-1:2:0644", "+1:2:0644",
            "1:4294967295:0644", "4294967296:2:0644", "1:2:99999999999999999999", "1:2:777777777777", "x:2:0644",
            " 1:2:0644", "1:2:0644\n", "1:2:0644:char-4294967296-1",
        ]
        for text in hostile { #expect(KeptOwner(Array(text.utf8)) == nil, "\(text)") }
        #expect(KeptOwner([0xff, 0xfe, 0x3a, 0, 0x3a, 0x80]) == nil)
        // A mode has no more than its bits.
        #expect(KeptOwner(Array("1:2:0177777".utf8))?.mode == 0o7777)
    }

    @Test func aLayerThatWasUnpackedWithOneIdIsWrittenAsItWas() throws {
        var tar = TarBuilder()
        tar.add("./", "5", mode: 0o755, user: 5)
        tar.directory("d", mode: 0o700, user: 101)
        tar.add("d/f", content: Array("x".utf8), mode: 0o4755, user: 33, group: 34)
        tar.add("plain", content: Array("y".utf8))
        tar.add("s", content: Array("z".utf8), mode: 0o2755, user: 0, group: 42)
        tar.add("t", content: Array("z".utf8), mode: 0o400, user: 1, group: 1)
        let path = try unpack(tar.finished(), in: folder, squashed).path
        #expect(attribute(path) == "5:0:0755")
        #expect(attribute("\(path)/d") == "101:0:0700")
        #expect(attribute("\(path)/d/f") == "33:34:04755")
        #expect(attribute("\(path)/plain") == nil)
        #expect(attribute("\(path)/t") == "1:1:0400")
        #expect(Look("\(path)/d/f").status?.permissions == 0o4755)
        // Whoever runs this is another's in the archive than root, but for what is kept.
        let own = "\(geteuid()):\(getegid())"
        #expect(
            try written(.merged, [path]) == [
                "./ 5:0 755", "d/ 101:0 700", "d/f 33:34 4755", "plain \(own) 644", "s 0:42 2755", "t 1:1 400",
            ])
    }

    @Test func aChangeOfAnOwnerAloneIsAChange() throws {
        var tar = TarBuilder()
        tar.directory("d", user: 9)
        for name in ["d/same", "d/other", "d/root"] { tar.add(name, content: [1], user: 9, group: 9) }
        let base = try unpack(tar.finished(), in: folder, as: "base", squashed).path
        let top = try copyTree(.plain, [base], in: folder, as: "top").path
        #expect(try written(.difference, [top, base]).isEmpty)
        let (status, output) = try Tool.shell(
            "setfattr -n user.containers.override_stat -v 10:9:0644 d/other && setfattr -x user.containers.override_stat d/root",
            in: top)
        try #require(status == 0, "\(output)")
        let own = "\(geteuid()):\(getegid())"
        #expect(
            try written(.difference, [top, base]) == [
                "d/ 9:0 755", "d/other 10:9 644", "d/root \(own) 644",
            ])
    }

    /// Such an attribute in an archive is a forgery, or another engine's mistake.
    @Test func anArchiveDoesNotBringTheAttribute() throws {
        var tar = TarBuilder()
        tar.add(
            "f", content: [1], user: 3, group: 4,
            pax: [("SCHILY.xattr.user.containers.override_stat", Array("0:0:04777".utf8))])
        tar.add(
            "g", content: [1], pax: [("SCHILY.xattr.user.containers.override_stat", Array("7:7:04777".utf8))])
        let (path, report) = try unpack(tar.finished(), in: folder, squashed)
        #expect(report.skippedAttributes == 2)
        #expect(attribute("\(path)/f") == "3:4:0644")
        #expect(attribute("\(path)/g") == nil)
        // Where there are more ids it is an attribute as others are.
        let other = try unpack(tar.finished(), in: folder, as: "other", LayerUnpacker(ownership: .squashed)).report
        #expect(other.skippedAttributes == 2)
    }

    /// What no entry describes gets its owner from the layers below.
    @Test func anImpliedDirectoryHasTheOwnerBelow() throws {
        var tar = TarBuilder()
        tar.directory("d", mode: 0o711, user: 70)
        tar.directory("d/e", mode: 0o750, user: 71)
        let base = try unpack(tar.finished(), in: folder, as: "base", squashed).path
        var next = TarBuilder()
        next.file("d/e/f")
        let path = try unpack(next.finished(), in: folder, as: "next", squashed, lowers: [base]).path
        #expect(attribute("\(path)/d") == "70:0:0711")
        #expect(attribute("\(path)/d/e") == "71:0:0750")
        #expect(Look("\(path)/d/e").status?.permissions == 0o750)
    }

    /// A file that stands for a device is one in the archive, and one that lies about it is what it says.
    @Test func devicesAreWrittenAsSuch() throws {
        let path = try folder.directory("tree")
        let (status, output) = try Tool.shell(
            "echo text >dev; mkdir d; : >forged; for f in dev d; do setfattr -n user.containers.override_stat -v 1:2:0600:char-5-1 $f; "
                + "done; setfattr -n user.containers.override_stat -v 1:2:07777:char-0 forged", in: path)
        try #require(status == 0, "\(output)")
        var layer = LayerWriter(.merged)
        layer.readsKeptOwners = true
        var bytes: [UInt8] = []
        let writer = TarWriter { bytes.append(contentsOf: $0) }
        let open = try Open(path)
        _ = try layer.write([open.number], to: writer)
        _ = try writer.finish()
        withExtendedLifetime(open) {}
        let all = try entries(bytes, in: folder)
        #expect(all.map(\.name.printable) == ["./", "d/", "dev", "forged"])
        #expect(all.map(\.size) == [0, 0, 0, 0])
        #expect(all[1].kind == .directory && all[1].user == 1)
        #expect(all[2].kind == .characterDevice(deviceNumber(major: 5, minor: 1)) && all[2].mode == 0o600)
        #expect(all[3].kind == .regular && all[3].user == geteuid())
    }
}
