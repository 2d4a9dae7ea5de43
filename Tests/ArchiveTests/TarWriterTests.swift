import Archive
import Glibc
import Linux
import OCI
import Testing

/// What is written is read by us and by others as it was meant.
@Suite struct TarWriterTests {
    private let folder = try! Folder()

    /// The archive that `build` writes. Fails where the digest or the size that the writer reports are not the file's.
    private func archive(
        _ times: TarWriter.Times = .own, _ build: (TarWriter) throws -> Void
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let writer = TarWriter(times: times) { bytes.append(contentsOf: $0) }
        try build(writer)
        let (digest, size) = try writer.finish()
        #expect(digest == Digest(of: bytes) && size == bytes.count)
        return bytes
    }

    private func entries(_ bytes: [UInt8]) throws -> [TarEntry] {
        let file = try FileDescriptor.open(folder.file("\(randomHex(bytes: 4)).tar", bytes), O_RDONLY)
        let reader = try TarReader(reading: file.rawValue)
        var entries: [TarEntry] = []
        while let entry = try reader.next() { entries.append(entry) }
        _ = try reader.finish()
        return entries
    }

    private static let time = FileTime(seconds: 1_700_000_000, nanoseconds: 0)

    private static func entry(
        _ name: String, _ kind: TarEntry.Kind = .regular, mode: FileMode = 0o644,
        attributes: [(name: RawName, value: [UInt8])] = []
    ) -> TarEntry {
        TarEntry(name: RawName(name), kind, mode: mode, modification: time, attributes: attributes)
    }

    private func sample(_ writer: TarWriter) throws {
        try writer.add(Self.entry("d/", .directory, mode: 0o1755))
        try writer.add(
            Self.entry("d/f", attributes: [(RawName("user.note"), [0, 61, 10])]), content: Array("text".utf8))
        try writer.add(Self.entry("d/empty"))
        try writer.add(Self.entry("d/l", .symbolicLink(target: RawName("f")), mode: 0o777))
        try writer.add(Self.entry("d/h", .hardLink(target: RawName("d/f"))))
        try writer.add(Self.entry("p", .fifo))
        try writer.add(Self.entry("c", .characterDevice(deviceNumber(major: 1, minor: 3))))
        try writer.add(Self.entry("b", .blockDevice(deviceNumber(major: 259, minor: 1_000_000))))
    }

    @Test func everyKindComesBackAsItWas() throws {
        let read = try entries(archive { try sample($0) })
        #expect(read.map(\.name.printable) == ["d/", "d/f", "d/empty", "d/l", "d/h", "p", "c", "b"])
        #expect(
            read.map(\.kind) == [
                .directory, .regular, .regular, .symbolicLink(target: RawName("f")), .hardLink(target: RawName("d/f")),
                .fifo, .characterDevice(deviceNumber(major: 1, minor: 3)),
                .blockDevice(deviceNumber(major: 259, minor: 1_000_000)),
            ])
        #expect(read.map(\.mode) == [0o1755, 0o644, 0o644, 0o777, 0o644, 0o644, 0o644, 0o644])
        #expect(read.map(\.size) == [0, 4, 0, 0, 0, 0, 0, 0])
        #expect(read.allSatisfy { $0.modification == Self.time && $0.user == 0 && $0.group == 0 })
        #expect(read[1].attributes.map(\.name) == [RawName("user.note")])
        #expect(read[1].attributes.map(\.value) == [[0, 61, 10]])
    }

    @Test func theSameEntriesAreTheSameBytes() throws {
        let first = try archive { try sample($0) }
        // Nothing of the process, the hour or the user is in them.
        #expect(try archive { try sample($0) } == first)
        let names = ["user.b", "user.a", "security.capability"].map { RawName($0) }
        func attributed(_ order: [RawName]) throws -> [UInt8] {
            try archive { try $0.add(Self.entry("f", attributes: order.map { ($0, [1, 2]) })) }
        }
        #expect(try attributed(names) == attributed(names.reversed()))
        #expect(
            try entries(attributed(names)).first?.attributes.map(\.name.printable) == [
                "security.capability", "user.a", "user.b",
            ])
    }

    @Test(
        arguments: [
            [0xff], [0xe9, 0x20, 0x0a, 0x3d], Array("Főtanúsítvány".utf8), [0x65, 0xcc, 0x81], [0xe2, 0x84, 0xaa],
            Array(String(repeating: "n", count: 101).utf8), Array(String(repeating: "n/", count: 130).utf8) + [110],
            Array(String(repeating: "m", count: 255).utf8) + [0x2f, 0xfe], Array("  leading".utf8),
            Array("a/../b//c".utf8),
            Array(String(repeating: "0123456789/", count: 372).utf8) + [0x61, 0x62, 0x63],
        ] as [[UInt8]])
    func namesAndTargetsOfAnyBytesAndLength(name: [UInt8]) throws {
        let raw = name.map(CChar.init(bitPattern:)) + [0]
        let read = try entries(
            archive { writer in
                var file = Self.entry("")
                file.name = raw
                try writer.add(file, content: [1])
                try writer.add(Self.entry("s", .symbolicLink(target: raw)))
                try writer.add(Self.entry("h", .hardLink(target: raw)))
            })
        #expect(read.first?.name == raw)
        #expect(read.dropFirst().map(\.kind) == [.symbolicLink(target: raw), .hardLink(target: raw)])
    }

    @Test func whatTheFormatCannotHoldIsRefusedAndTheRestGoesOn() throws {
        let long = RawName(String(repeating: "n/", count: 25_000))
        var bad: [TarEntry] = [
            Self.entry(""), Self.entry("s", .symbolicLink(target: [0])), Self.entry("s", .hardLink(target: long)),
            Self.entry("o", .other), Self.entry("x", attributes: [(RawName("user.a b"), [1])]),
            Self.entry("x", attributes: [(RawName("user.a=b"), [1])]), Self.entry("x", attributes: [([0], [1])]),
            Self.entry("x", attributes: [(RawName("user.large"), [UInt8](repeating: 1, count: 1 << 20))]),
        ]
        for name in [long, [97, 0, 98, 0], [97]] as [RawName] {
            var entry = Self.entry("")
            entry.name = name
            bad.append(entry)
        }
        let read = try entries(
            archive { writer in
                for entry in bad {
                    let error = #expect(throws: ArchiveError.self) { try writer.add(entry) }
                    if case .badEntry? = error {} else { Issue.record("\(String(describing: error))") }
                }
                let file = try FileDescriptor.open(folder.file("file", [1]), O_RDONLY)
                #expect(throws: ArchiveError.badEntry("d", "only files have content")) {
                    try writer.add(Self.entry("d", .directory), content: [1])
                }
                #expect(throws: ArchiveError.badEntry("d", "only files have content")) {
                    try writer.add(Self.entry("d", .directory), from: file)
                }
                try writer.add(Self.entry("good"), content: [1])
            })
        #expect(read.map(\.name.printable) == ["good"])
    }

    @Test(arguments: [
        (0, 0), (5, 1), (1_700_000_000, 123_456_789), (1 << 33, 0), (1 << 40, 999_999_999), (-1, 0), (-2, 750_000_000),
        (-3_000_000_000, 500_000_000), (-62_135_596_800, 0),
    ])
    func timesComeBackToTheNanosecond(seconds: Int, nanoseconds: Int) throws {
        var entry = Self.entry("f")
        entry.modification = FileTime(seconds: seconds, nanoseconds: nanoseconds)
        #expect(try entries(archive { try $0.add(entry) }).first?.modification == entry.modification)
    }

    @Test func timesAreBoundOrReplacedOnDemand() throws {
        let limit = FileTime(seconds: 1000, nanoseconds: 5)
        func times(_ times: TarWriter.Times) throws -> [FileTime] {
            try entries(
                archive(times) { writer in
                    for seconds in [1, 1000, 2000] {
                        var entry = Self.entry("f")
                        entry.modification = FileTime(seconds: seconds, nanoseconds: 7)
                        try writer.add(entry)
                    }
                }
            ).map(\.modification)
        }
        #expect(try times(.notAfter(limit)) == [FileTime(seconds: 1, nanoseconds: 7), limit, limit])
        #expect(try times(.all(limit)) == [limit, limit, limit])
    }

    @Test(arguments: [0, 262_143, 262_144, 2_097_152, 3_000_000_000, 4_294_967_294] as [UInt32])
    func ownersOfAnyNumber(id: UInt32) throws {
        var entry = Self.entry("f")
        (entry.user, entry.group) = (id, id)
        let read = try entries(archive { try $0.add(entry) }).first
        #expect(read?.user == id && read?.group == id)
    }

    @Test func contentOfMoreThanTheBuffersComesBack() throws {
        let content = (0..<1_500_001).map { UInt8(truncatingIfNeeded: $0 / 3 &* 7) }
        let file = try FileDescriptor.open(folder.file("content", content), O_RDONLY)
        var entry = Self.entry("from-file")
        entry.size = content.count
        let tar = try archive { writer in
            try writer.add(Self.entry("from-bytes"), content: content)
            try writer.add(entry, from: file)
        }
        let path = try unpack(tar, in: folder, LayerUnpacker(ownership: .squashed)).path
        for name in ["from-bytes", "from-file"] { #expect(try Files.read("\(path)/\(name)") == content) }
    }

    @Test(arguments: [
        (1 << 20, [0]), (1 << 20, [1 << 19]), (1 << 20, [(1 << 20) - 4]), (1 << 20, []),
        (100_000_000, [0, 1 << 24, 1 << 25]),
        ((1 << 33) + 12345, [5, 1 << 32, (1 << 33) + 12341]), (1 << 40, []), (1, []),
    ])
    func holesStayHoles(size: Int, offsets: [Int]) throws {
        let file = try FileDescriptor.open(sparseFile("s", in: folder, size: size, offsets), O_RDONLY)
        var entry = Self.entry("s")
        entry.size = size
        let tar = try archive { writer in
            try writer.add(entry, from: file)
            try writer.add(Self.entry("after"), content: [1])
        }
        #expect(tar.count < 1 << 20)
        let path = try unpack(tar, in: folder, LayerUnpacker(ownership: .squashed)).path
        let status = try #require(Look("\(path)/s").status)
        #expect(status.size == size && status.raw.st_blocks * 512 < 1 << 20)
        let copy = try FileDescriptor.open("\(path)/s", O_RDONLY)
        for offset in offsets {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
            defer { buffer.deallocate() }
            #expect(try copy.read(into: buffer, at: offset) == 4)
            #expect(Array(buffer) == Array("data".utf8))
        }
        #expect(Look("\(path)/after").exists)
    }

    @Test func holesAreZerosWhereTheyShallNotShow() throws {
        let file = try FileDescriptor.open(sparseFile("s", in: folder, size: 1 << 20, [1 << 19]), O_RDONLY)
        var entry = Self.entry("s")
        entry.size = 1 << 20
        let tar = try archive { try $0.add(entry, from: file, keepsHoles: false) }
        var whole = [UInt8](repeating: 0, count: 1 << 20)
        whole.replaceSubrange((1 << 19)..<((1 << 19) + 4), with: Array("data".utf8))
        #expect(tar == (try archive { try $0.add(Self.entry("s"), content: whole) }))
    }

    @Test func aFileThatBecameShorterIsAnError() throws {
        let file = try FileDescriptor.open(folder.file("short", [1, 2, 3]), O_RDONLY)
        var entry = Self.entry("short")
        entry.size = 4
        let writer = TarWriter { _ in }
        #expect(throws: ArchiveError.changed("short")) { try writer.add(entry, from: file, keepsHoles: false) }
    }

    @Test func whatTheOutputThrowsIsThrownOnAndStays() throws {
        let writer = TarWriter { _ throws(ArchiveError) in throw .unwritable(SystemError("write", nil, .noSpace)) }
        let expected = ArchiveError.unwritable(SystemError("write", nil, .noSpace))
        #expect(throws: expected) { try writer.add(Self.entry("f"), content: [UInt8](repeating: 1, count: 1 << 20)) }
        #expect(throws: expected) { try writer.add(Self.entry("g")) }
        #expect(throws: expected) { _ = try writer.finish() }
    }

    @Test func aFullDeviceIsAnError() throws {
        let full = try FileDescriptor.open("/dev/full", O_WRONLY)
        let writer = TarWriter(to: full.rawValue)
        try writer.add(Self.entry("f"))
        let error = #expect(throws: ArchiveError.self) { _ = try writer.finish() }
        #expect(error?.description.contains("no space left on device") == true, "\(String(describing: error))")
    }

    // MARK: - Other readers

    @Test(.enabled(if: Tool.isRoot && Tool.has("tar"), "root, for owners of all kinds, and GNU tar are needed"))
    func tarUnpacksWhatWeUnpack() throws {
        // It says on the error output that it does not know of hdrcharset.
        try compare(
            """
            tar --xattrs --xattrs-include='*' --numeric-owner --warning=no-unknown-keyword --warning=no-timestamp \
            -C peer -xpf a.tar
            """)
    }

    @Test(.enabled(if: Tool.isRoot && Tool.has("bsdtar"), "root, for owners of all kinds, and bsdtar are needed"))
    func bsdtarUnpacksWhatWeUnpack() throws { try compare("bsdtar --numeric-owner -C peer -xpf a.tar") }

    private func compare(_ command: String) throws {
        let tar = try writtenTree(in: folder)
        _ = try folder.file("a.tar", tar)
        let (status, output) = try Tool.shell("mkdir peer && \(command)", in: folder.path)
        try #require(status == 0 && output.isEmpty, "\(output)")
        let ours = try unpack(tar, in: folder).path
        // Nobody gave the root itself, and bsdtar reads "-5.25" as a quarter of a second after -5.
        let differences = try Snapshot(ours).differences(from: Snapshot("\(folder.path)/peer"))
            .filter { !$0.hasPrefix(".: ") && !(command.hasPrefix("bsdtar") && $0.hasPrefix("./d/old: ")) }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        #expect(Look("\(folder.path)/peer/d/sparse").status!.raw.st_blocks * 512 < 1 << 20)
    }

    @Test(.enabled(if: Tool.has("python3"), "python3 is needed"))
    func pythonReadsTheSame() throws {
        _ = try folder.file("a.tar", writtenTree(in: folder))
        let script = """
            import tarfile
            for m in tarfile.open("a.tar", errors="surrogateescape"):
                print(m.name.encode("utf-8", "surrogateescape"), m.type, oct(m.mode), m.uid, m.gid, m.size, m.mtime, m.linkname)
            """
        _ = try folder.file("list.py", Array(script.utf8))
        let (status, output) = try Tool.shell("python3 list.py", in: folder.path)
        #expect(status == 0)
        let lines = output.split(separator: "\n")
        #expect(lines.contains("b'd/f' b'0' 0o640 1234 3000000 4 1000000000.1234568 "), "\(output)")
        #expect(lines.contains { $0.hasPrefix(#"b'd/\xe9\xff' b'0'"#) }, "\(output)")
        #expect(lines.contains { $0.hasPrefix(#"b'd/na\xc3\xafve' b'0'"#) }, "\(output)")
        #expect(lines.contains { $0.hasPrefix("b'd/sparse' b'0' 0o644 0 0 16777216 ") }, "\(output)")
        #expect(lines.contains { $0.hasPrefix("b'd/old' b'0' 0o644 0 0 0 -5.25 ") }, "\(output)")
    }
}
