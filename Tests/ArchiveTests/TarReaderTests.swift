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
        #expect(try entries([UInt8](repeating: 0, count: 10240)).isEmpty)
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

    @Test func anArchiveMayEndWithoutZerosOrWithOneBlockOfThem() throws {
        var tar = TarBuilder()
        tar.file("f", "text")
        #expect(try entries(tar.bytes).count == 1)
        #expect(try entries(tar.bytes + [UInt8](repeating: 0, count: 512)).count == 1)
        // What follows two is nobody's, and part of the digest.
        #expect(try entries(tar.finished() + tar.bytes).count == 1)
    }

    @Test func moreThanIsAllowedAfterTheEndIsRefused() throws {
        let folder = try Folder()
        let file = try FileDescriptor.open(
            folder.file("a.tar", TarBuilder().finished() + [UInt8](repeating: 1, count: 3 << 20)), O_RDONLY)
        let reader = try TarReader(reading: file.rawValue)
        #expect(try reader.next()?.name == nil)
        #expect(throws: ArchiveError.malformed("more than 1048576 bytes follow its end")) {
            try reader.finish(allowance: 1 << 20)
        }
    }

    enum Damage: CaseIterable { case checksum, size, content, padding, header, zeros, zeroAndAHalf }

    @Test(arguments: Damage.allCases)
    func refusesADamagedArchive(damage: Damage) throws {
        var tar = TarBuilder()
        tar.file("file", String(repeating: "x", count: 1000))
        var bytes = tar.finished()
        switch damage {
        case .checksum: bytes[0] = 0x41
        case .size: bytes[124] = 0x39
        case .content: bytes.removeLast(1500)
        case .padding: bytes = Array(tar.bytes.dropLast(1))
        case .header: bytes = Array(bytes[..<300])
        case .zeroAndAHalf: bytes = tar.bytes + [UInt8](repeating: 0, count: 700)
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

    /// libarchive stops at the first mistake of an extended header and passes the entry on as the plain header has it,
    /// with a warning that a long link name before it swallows.
    @Test(
        arguments: ["", "K"], ["99 path=x\n", "8 path=x\n", "9 path=x\n7 path\n", "9 path=x\n1\n", "9 path=x\n5 =x\n"])
    func refusesABadRecordAfterGoodOnes(before: String, records: String) throws {
        var tar = TarBuilder()
        if before == "K" { tar.gnuLong("K", "target") }
        tar.header(Array("pax".utf8), "x", size: records.utf8.count)
        tar.append(Array(records.utf8))
        tar.link("f", to: "x")
        let error = #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
        if case .malformed? = error {} else { Issue.record("\(String(describing: error))") }
    }

    @Test(arguments: ["", "K"])
    func refusesARecordThatIsTooLong(before: String) throws {
        var tar = TarBuilder()
        if before == "K" { tar.gnuLong("K", "target") }
        let records = TarBuilder.record("comment", [UInt8](repeating: 120, count: 1_000_100))
        tar.header(Array("pax".utf8), "x", size: records.count)
        tar.append(records)
        tar.link("f", to: "x")
        #expect(throws: ArchiveError.malformed("an extended header has a record that is too long")) {
            try entries(tar.finished())
        }
    }

    // libarchive's time grows with the square of their number.
    @Test(arguments: ["SCHILY.xattr.user.overlay.", "LIBARCHIVE.xattr.user."])
    func refusesMoreAttributesThanAFileCanHave(prefix: String) throws {
        func archive(_ count: Int) -> [UInt8] {
            var tar = TarBuilder()
            var records: [UInt8] = []
            for number in 0..<count { records += TarBuilder.record("\(prefix)\(number)", Array("YQ==".utf8)) }
            tar.header(Array("pax".utf8), "x", size: records.count)
            tar.append(records)
            tar.file("f")
            return tar.finished()
        }
        #expect(try entries(archive(512)).count == 1)
        #expect(throws: ArchiveError.malformed("an entry has more than 512 extended attributes")) {
            try entries(archive(513))
        }
    }

    @Test func refusesExtendedHeadersWithoutEnd() throws {
        // One that is too large for libarchive, more than it follows, and none of an entry.
        var large = TarBuilder()
        large.header(Array("pax".utf8), "x", size: 2 << 20)
        large.append([UInt8](repeating: 0, count: 2 << 20))
        var many = TarBuilder()
        for _ in 0..<40 { many.gnuLong("K", "target") }
        many.link("f", to: "x")
        var last = TarBuilder()
        last.header(Array("pax".utf8), "x", size: 0)
        for tar in [large, many, last] {
            let error = #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
            if case .malformed? = error {} else { Issue.record("\(String(describing: error))") }
        }
    }

    /// To libarchive these are other numbers, without a word.
    @Test(arguments: [
        ("uid", "root"), ("uid", ""), ("uid", "-1"), ("uid", "1x"), ("gid", "0x10"), ("size", "0 "), ("size", ""),
        ("mtime", "now"), ("mtime", "1.x"), ("mtime", "99999999999999999999"), ("atime", ""),
        ("GNU.sparse.size", "x"), ("GNU.sparse.major", ""), ("SCHILY.devmajor", "-1"),
        ("SCHILY.xattr.", "x"), ("LIBARCHIVE.xattr.user.a", "?"), ("LIBARCHIVE.xattr.user.%zz", "AAEC"),
        ("LIBARCHIVE.xattr.user.%00", "AAEC"), ("linkpath", "a\0b"), ("GNU.sparse.name", "a\0b"),
    ])
    func refusesARecordWhoseValueIsNone(keyword: String, value: String) throws {
        var tar = TarBuilder()
        tar.add("f", pax: [(keyword, Array(value.utf8))])
        let error = #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
        if case .malformed? = error {} else { Issue.record("\(String(describing: error))") }
    }

    /// The fields by their places, and what stands there; the checksum is right.
    @Test(arguments: [
        (100, "rwxr-xr"), (108, "-000001"), (108, "9"), (116, "12a"), (124, "1z"), (136, "never"), (124, "\u{1}"),
    ])
    func refusesAHeaderWhoseNumberIsNone(place: Int, text: String) throws {
        var tar = TarBuilder()
        tar.file("first")
        tar.file("f", "1")
        tar.rewrite(header: 1, at: place, Array(text.utf8) + [0])
        let error = #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
        #expect(error == .malformed("a header has a bad number"))
    }

    @Test func refusesAnOwnerThatIsNoNumberOfAUser() throws {
        for id in ["4294967295", "4294967296", "99999999999999"] {
            var tar = TarBuilder()
            tar.add("f", pax: [("uid", Array(id.utf8))])
            #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
        }
        // In base 256, as GNU tar writes what is below 0: libarchive makes it root's.
        var tar = TarBuilder()
        tar.file("f")
        tar.rewrite(header: 0, at: 108, [UInt8](repeating: 0xff, count: 8))
        let error = #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
        #expect(error == .malformed("the owner -1 of an entry is out of range"))
    }

    @Test func numbersInBase256() throws {
        var tar = TarBuilder()
        tar.file("f")
        tar.rewrite(header: 0, at: 108, [0x80, 0, 0, 0, 0xb2, 0xd0, 0x5e, 0])
        tar.rewrite(header: 0, at: 136, [UInt8](repeating: 0xff, count: 11) + [0xfb])
        let entry = try #require(try entries(tar.finished()).first)
        #expect(entry.user == 3_000_000_000)
        #expect(entry.modification == FileTime(seconds: -5, nanoseconds: 0))
    }

    @Test(arguments: [("-0.25", -1, 750_000_000), ("-1", -1, 0), ("-2.5", -3, 500_000_000), (".5", 0, 500_000_000)])
    func timesBefore1970(text: String, seconds: Int, nanoseconds: Int) throws {
        var tar = TarBuilder()
        tar.add("f", pax: [("mtime", Array(text.utf8)), ("atime", Array(text.utf8))])
        let entry = try #require(try entries(tar.finished()).first)
        #expect(entry.modification == FileTime(seconds: seconds, nanoseconds: nanoseconds))
        #expect(entry.access == entry.modification)
    }

    /// What libarchive would take for content, and other tars for the next header.
    @Test func refusesContentWhereThereCanBeNone() throws {
        for type in ["1", "2", "3", "5", "6"] as [Character] {
            var tar = TarBuilder()
            tar.add("a", type, link: "b", pax: [("size", Array("512".utf8))])
            tar.file("c", "text")
            #expect(throws: ArchiveError.malformed("an entry that is no file has content")) {
                try entries(tar.finished())
            }
        }
        var tar = TarBuilder()
        tar.add("b", pax: [("mtime", Array("1".utf8))])
        tar.add("a", "1", link: "b", size: 512)
        tar.file("c", "text")
        #expect(throws: ArchiveError.malformed("an entry that is no file has content")) { try entries(tar.finished()) }
        var old = TarBuilder()
        old.add("old/", "0", content: [1, 2, 3])
        #expect(throws: ArchiveError.malformed("an entry that is no file has content")) { try entries(old.finished()) }
    }

    @Test func typesThatNobodyKnowsAreNoFiles() throws {
        var tar = TarBuilder()
        tar.add("socket", "s", content: Array("skipped".utf8))
        tar.file("f", "text")
        #expect(try entries(tar.finished()).map(\.kind) == [.other, .regular])
    }

    @Test func globalHeadersVolumesAndListsOfDirectoriesConcernNoFile() throws {
        var tar = TarBuilder()
        let records = TarBuilder.record("comment", Array("a commit".utf8)) + TarBuilder.record("uid", Array("7".utf8))
        tar.header(Array("pax_global_header".utf8), "g", size: records.count)
        tar.append(records)
        tar.header(Array("volume".utf8), "V", size: 0)
        tar.add("d", "D", content: Array("Yf\0\0".utf8))
        tar.file("f", "text")
        let read = try entries(tar.finished())
        #expect(read.map(\.name.printable) == ["d", "f"] && read.map(\.user) == [0, 0])
    }

    @Test func gnuTarsOwnRecordOfALabelIsNoAttribute() throws {
        var tar = TarBuilder()
        tar.add("a", pax: [("RHT.security.selinux", [120, 0])])
        tar.add("b", pax: [("RHT.security.selinux", [120, 0]), ("SCHILY.xattr.security.selinux", [121, 0])])
        #expect(try entries(tar.finished()).map { $0.attributes.map(\.value) } == [[], [[121, 0]]])
    }

    @Test func anAttributeInTwoWordsIsOne() throws {
        var tar = TarBuilder()
        tar.add(
            "f",
            pax: [
                ("LIBARCHIVE.xattr.user.a", Array("AAEC".utf8)), ("SCHILY.xattr.user.b", [9]),
                ("SCHILY.xattr.user.a", [7, 0, 61, 10]),
            ])
        let entry = try #require(try entries(tar.finished()).first)
        #expect(entry.attributes.map(\.name.printable) == ["user.a", "user.b"])
        #expect(entry.attributes.map(\.value) == [[7, 0, 61, 10], [9]])
    }

    /// Nothing that iconv(3) or a normal form of Unicode would change is changed.
    @Test(
        arguments: [
            [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xe2, 0x84, 0xaa], [0x65, 0xcc, 0x81], [0xc3, 0xa9], [0xed, 0xa0, 0x80],
            [0xef, 0xbb, 0xbf, 0x61], [0x1b, 0x24, 0x42],
        ] as [[UInt8]])
    func lettersAreNotConverted(name: [UInt8]) throws {
        var tar = TarBuilder()
        tar.add(raw: name)
        tar.add("p", pax: [("path", name)])
        tar.add("l", "2", pax: [("linkpath", name)])
        tar.add("b", pax: [("hdrcharset", Array("BINARY".utf8)), ("path", name)])
        tar.header(Array("././@LongLink".utf8), "L", size: name.count + 1, isGNU: true)
        tar.append(name + [0])
        tar.file("g")
        let read = try entries(tar.finished())
        #expect(read.map(\.name.bytes) == [name, name, [108], name, name])
        #expect(read[2].kind == .symbolicLink(target: name.map(CChar.init(bitPattern:)) + [0]))
    }

    @Test func headersLieAcrossTheBlocksThatAreReadAtOnce() throws {
        var tar = TarBuilder()
        // The stream comes in blocks of a mebibyte; the headers of the second entry begin 512 bytes before its end.
        tar.add("a", content: [UInt8](repeating: 1, count: (1 << 20) - 1024))
        let long = String(repeating: "0123456789/", count: 300) + "end"
        tar.add("short", content: [2], pax: [("path", Array(long.utf8)), ("uid", Array("77".utf8))])
        tar.add("b", content: [UInt8](repeating: 3, count: (1 << 20) + 5))
        tar.add("c", pax: [("uid", Array("x".utf8))])
        #expect(throws: ArchiveError.malformed("an extended header is invalid")) { try entries(tar.finished()) }
        tar.bytes.removeLast(3 * 512)
        let read = try entries(tar.finished())
        #expect(read.map(\.name.printable) == ["a", long, "b"] && read[1].user == 77)
    }

    @Test func refusesAnOldSparseFileWithoutAMapOrWithABadOne() throws {
        for map in [[], Array("x\0".utf8), Array("00000000000\000000000004\0".utf8)] {
            var tar = TarBuilder()
            tar.header(Array("f".utf8), "S", size: 8, isGNU: true)
            tar.append(Array("12345678".utf8))
            if !map.isEmpty { tar.rewrite(header: 0, at: 386, map) }
            tar.rewrite(header: 0, at: 483, Array("00000000020\0".utf8))
            let error = #expect(throws: ArchiveError.self) { try entries(tar.finished()) }
            if case .malformed? = error {} else { Issue.record("\(String(describing: error))") }
        }
    }

    @Test func refusesSparseMapsThatDoNotFit() throws {
        for map in ["0,4,2,4", "0,8", "4,8", "0,4,100,4", "0,-4", "0", "0,4", "4,4,0,4", "0,8,9223372036854775807,1"] {
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
