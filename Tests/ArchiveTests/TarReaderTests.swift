import Archive
import Glibc
import Linux
import OCI
import Testing

@Suite struct TarReaderTests {
    static let tools = Tool.has("tar")

    private func entries(_ bytes: [UInt8]) throws -> [TarEntry] {
        let folder = try Folder()
        let file = try FileDescriptor.open(folder.file("a.tar", bytes), O_RDONLY)
        let reader = try TarReader(reading: file.rawValue)
        var entries: [TarEntry] = []
        while let entry = try reader.next() { entries.append(entry) }
        #expect(try reader.finish().digest == Digest(of: bytes))
        return entries
    }

    @Test func noBytesAreAnArchiveWithoutEntries() throws {
        #expect(try entries([]).isEmpty)
        #expect(try entries([UInt8](repeating: 0, count: 1024)).isEmpty)
    }

    @Test func namesAreBytes() throws {
        var tar = TarBuilder()
        let name: [UInt8] = [0xff, 0xfe, 0x2f, 0xe9]
        tar.add(raw: name)
        tar.add("short", pax: [("path", name), ("linkpath", name)])
        tar.add("utf8", pax: [("path", Array("Főtanúsítvány".utf8))])
        let read = try entries(tar.finished())
        #expect(read.map(\.name.bytes) == [name, name, Array("Főtanúsítvány".utf8)])
    }

    @Test func paxOverridesWhatTheHeaderHasNoRoomFor() throws {
        var tar = TarBuilder()
        let long = String(repeating: "0123456789/", count: 40) + "end"
        tar.add(
            "short", "2", link: "x", user: 1, group: 2,
            pax: [
                ("path", Array(long.utf8)), ("linkpath", Array(long.utf8)), ("uid", Array("3000000000".utf8)),
                ("gid", Array("4000000".utf8)), ("mtime", Array("-1.25".utf8)), ("atime", Array("12.000000034".utf8)),
                ("SCHILY.xattr.user.a", [0, 1, 10, 61]), ("LIBARCHIVE.xattr.user.b%20c", Array("AAEC".utf8)),
            ])
        let entry = try #require(try entries(tar.finished()).first)
        #expect(entry.name.printable == long)
        #expect(entry.kind == .symbolicLink(target: RawName(long)))
        #expect(entry.user == 3_000_000_000)
        #expect(entry.group == 4_000_000)
        #expect(entry.modification == FileTime(seconds: -2, nanoseconds: 750_000_000))
        #expect(entry.access == FileTime(seconds: 12, nanoseconds: 34))
        #expect(entry.attributes.map(\.name.printable) == ["user.a", "user.b c"])
        #expect(entry.attributes.map(\.value) == [[0, 1, 10, 61], [0, 1, 2]])
    }

    @Test func gnuNamesOfAnyLength() throws {
        var tar = TarBuilder()
        let long = String(repeating: "n", count: 250) + "/" + String(repeating: "m", count: 250)
        tar.gnuLong("K", long)
        tar.gnuLong("L", long)
        tar.link("short", to: "short")
        let entry = try #require(try entries(tar.finished()).first)
        #expect(entry.name.printable == long)
        #expect(entry.kind == .symbolicLink(target: RawName(long)))
    }

    @Test func linksHaveNoContentWhateverTheirSizeSays() throws {
        var tar = TarBuilder()
        tar.add("a", "1", link: "b", size: 4096)
        tar.file("c", "text")
        #expect(try entries(tar.finished()).map(\.name.printable) == ["a", "c"])
    }

    @Test func aFileWhoseNameEndsInASlashIsADirectory() throws {
        var tar = TarBuilder()
        tar.add("old/", "0")
        #expect(try entries(tar.finished()).first?.kind == .directory)
    }

    @Test(
        .enabled(if: tools, "GNU tar is needed"),
        arguments: [
            "--format=v7", "--format=oldgnu", "--format=gnu", "--format=ustar", "--format=posix",
        ])
    func readsEveryFormatOfGNUTar(format: String) throws {
        let folder = try Folder()
        try #require(
            try Tool.shell(
                """
                set -e; mkdir -p t/d; echo hello > t/d/f; ln t/d/f t/hard; ln -s d/f t/sym; chmod 4711 t/d/f
                mkfifo t/fifo || true; touch -d @1234567890 t/d/f
                tar \(format) --sort=name --owner=5 --group=6 --exclude=fifo -cf t.tar t
                """, in: folder.path
            ).status == 0)
        let read = try entries(try Files.read("\(folder.path)/t.tar"))
        #expect(read.map(\.name.printable) == ["t/", "t/d/", "t/d/f", "t/hard", "t/sym"])
        let file = read[2]
        #expect(file.mode == 0o4711 && file.user == 5 && file.group == 6 && file.size == 6)
        #expect(file.modification.seconds == 1_234_567_890)
        #expect(read[3].kind == .hardLink(target: RawName("t/d/f")))
        #expect(read[4].kind == .symbolicLink(target: RawName("d/f")))
    }

    enum Damage: CaseIterable { case checksum, size, content, header, zeros }

    @Test(arguments: Damage.allCases)
    func refusesADamagedArchive(damage: Damage) throws {
        var tar = TarBuilder()
        tar.file("file", String(repeating: "x", count: 1000))
        var bytes = tar.finished()
        switch damage {
        case .checksum: bytes[0] = 0x41
        case .size: bytes[124] = 0x39
        case .content: bytes.removeLast(1500)
        case .header: bytes = Array(bytes[..<300])
        case .zeros: bytes = tar.bytes + [UInt8](repeating: 0, count: 512) + tar.bytes
        }
        let error = #expect(throws: ArchiveError.self) { try entries(bytes) }
        if case .malformed? = error {} else { Issue.record("\(String(describing: error))") }
    }

    @Test(arguments: [
        "99 path=x\n", "7 path=x\n", "path=x\n", "10 path:x\n\n", "999999999999999999999 a=b\n",
        "12 size=abc\n", "11 path=a\0b\n",
    ])
    func refusesABadExtendedHeader(records: String) throws {
        var tar = TarBuilder()
        tar.header(Array("pax".utf8), "x", size: records.utf8.count)
        tar.append(Array(records.utf8))
        tar.file("f")
        #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
    }

    @Test func refusesAnOwnerThatIsNoNumberOfAUser() throws {
        for id in ["4294967295", "4294967296", "99999999999999"] {
            var tar = TarBuilder()
            tar.add("f", pax: [("uid", Array(id.utf8))])
            #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
        }
    }

    @Test func refusesSparseMapsThatDoNotFit() throws {
        for map in ["0,4,2,4", "0,8", "4,8", "0,4,100,4", "0,-4", "0"] {
            var tar = TarBuilder()
            tar.add(
                "f", content: Array("12345678".utf8),
                pax: [("GNU.sparse.map", Array(map.utf8)), ("GNU.sparse.size", Array("10".utf8))])
            // "0,8" is the one that does fit.
            if map == "0,8" {
                #expect(try entries(tar.finished()).first?.size == 10)
            } else {
                #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
            }
        }
    }
}
