import Archive
import Glibc
import Linux
import OCI
import Testing

/// The gzip decoder against what other tools make, whole, damaged, and cut wherever it can be cut.
@Suite struct GzipTests {
    static let python = Tool.has("python3")

    /// The digest and the size of what the file's stream decompresses to.
    private func decode(_ path: String) throws(ArchiveError) -> (digest: Digest, size: Int) {
        let file: FileDescriptor
        do throws(SystemError) { file = try .open(path, O_RDONLY) } catch { throw .unreadable(error) }
        let pipeline = try DecodingPipeline(reading: file.rawValue)
        while try !pipeline.next().isEmpty {}
        let result = pipeline.result!
        #expect(result.compression == .gzip)
        return (result.digest, result.size)
    }

    /// Every level, strategy and size of windows and tables that zlib has, of contents of several kinds, many flushed in the middle.
    @Test(.enabled(if: python, "python3 is needed"))
    func decodesEveryKindOfBlock() throws {
        let folder = try Folder()
        let made = try Tool.shell(
            """
            python3 - <<'END'
            import random, zlib
            random.seed(7)
            words = [bytes(random.choices(range(97, 123), k=random.randrange(2, 9))) for _ in range(3000)]
            contents = [
                b"", b"a", b"\\0" * 300000, random.randbytes(200000), b" ".join(random.choices(words, k=60000)),
                b"".join(random.choices([b"a", b"b", b"cd"], [90, 9, 1], k=150000)),
                # Matches as far away as there are.
                (lambda one: one + random.randbytes(32768 - 1000) + one)(random.randbytes(1000)) * 4,
                # Codes of up to 15 bits.
                b"".join(bytes([n]) * (1 << min(n, 17)) for n in range(19)),
            ]
            random.shuffle(contents)
            number = 0
            for content in contents:
                for level in 0, 1, 6, 9:
                    for strategy in 0, 1, 2, 3, 4:
                        packer = zlib.compressobj(level, 8, 16 + random.randrange(9, 16), random.randrange(1, 10), strategy)
                        half = len(content) // 2
                        packed = packer.compress(content[:half]) + packer.flush(random.choice([0, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
                        packed += packer.compress(content[half:]) + packer.flush()
                        open(f"{number}", "wb").write(content)
                        open(f"{number}.gz", "wb").write(packed)
                        number += 1
            print(number)
            END
            """, in: folder.path)
        try #require(made.status == 0, "\(made.output)")
        let count = try #require(Int(made.output.dropLast()))
        #expect(count == 160)
        for number in 0..<count {
            let content = try Files.read("\(folder.path)/\(number)")
            let (digest, size) = try decode("\(folder.path)/\(number).gz")
            #expect(size == content.count && digest == Digest(of: content), "\(number)")
        }
    }

    /// Members of pigz, of bgzip and of estargz: each a stream of its own, some empty, with extra fields in their headers.
    @Test(.enabled(if: python && Tool.has("pigz", "gzip"), "python3, pigz and gzip are needed"))
    func decodesMembersOfOtherTools() throws {
        let folder = try Folder()
        let content = (0..<5_000_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> (($0 >> 10) % 24)) }
        _ = try folder.file("a", content)
        let made = try Tool.shell(
            """
            set -e
            pigz -kc -p 4 -b 128 a >pigz.gz
            pigz -kc -i -p 4 -b 128 a >independent.gz
            split -b 700000 a part; for part in part*; do gzip -c $part; done >many.gz
            python3 - <<'END'
            import struct, zlib
            content = open("a", "rb").read()
            def member(part, flags, fields):
                packer = zlib.compressobj(6, 8, -15)
                packed = packer.compress(part) + packer.flush()
                header = bytes([31, 139, 8, flags]) + bytes(4) + bytes([0, 255]) + fields(len(packed))
                if flags & 2: header += struct.pack("<H", zlib.crc32(header) & 0xffff)
                return header + packed + struct.pack("<II", zlib.crc32(part), len(part))
            def bgzip(size): return struct.pack("<H2sHH", 6, b"BC", 2, size + 12 + 6 + 8 - 1)
            with open("bgzip.gz", "wb") as file:
                for start in range(0, len(content), 65280): file.write(member(content[start : start + 65280], 4, bgzip))
                file.write(member(b"", 4, bgzip))
            def footer(size): return struct.pack("<H2sH", 26, b"SG", 22) + b"%016xSTARGZ" % 4711
            with open("estargz.gz", "wb") as file:
                for start in range(0, len(content), 400000): file.write(member(content[start : start + 400000], 0, lambda size: b""))
                file.write(member(b"", 4, footer))
            with open("fields.gz", "wb") as file:
                for flags in range(32):
                    part = content[flags * 160000 : (flags + 1) * 160000]
                    extra = struct.pack("<H", flags * 2000) + bytes(flags * 2000) if flags & 4 else b""
                    names = (b"name\\0" if flags & 8 else b"") + (b"a comment\\0" if flags & 16 else b"")
                    file.write(member(part, flags, lambda size: extra + names))
            END
            """, in: folder.path)
        try #require(made.status == 0, "\(made.output)")
        for name in ["pigz", "independent", "many", "bgzip", "estargz", "fields"] {
            let (digest, size) = try decode("\(folder.path)/\(name).gz")
            #expect(size == content.count && digest == Digest(of: content), "\(name)")
        }
    }

    /// Wherever the end is missing it is missed, and wherever a bit is another one that is found, by the checksum at the latest.
    @Test(.enabled(if: python, "python3 is needed"))
    func refusesEveryCutAndEveryChangedBit() throws {
        let folder = try Folder()
        let made = try Tool.shell(
            """
            python3 - <<'END'
            import zlib
            for number, strategy in enumerate((0, 2, 4)):
                packer = zlib.compressobj(9, 8, 31, 9, strategy)
                open(f"{number}.gz", "wb").write(packer.compress(b"all work and no play makes jack a dull boy, " * 3 + bytes(range(60))) + packer.flush())
            END
            """, in: folder.path)
        try #require(made.status == 0, "\(made.output)")
        for number in 0..<3 {
            let whole = try Files.read("\(folder.path)/\(number).gz")
            let content = try Self.content(of: whole)
            // Its first three bytes say that it is gzip.
            for end in 3..<whole.count {
                #expect(throws: ArchiveError.truncated(.gzip), "\(number), \(end)") {
                    try Self.content(of: Array(whole[..<end]))
                }
            }
            // Time, level, system and whether it is a text are nobody's business, nor are the bits that fill the last byte.
            let idle = Set(Array(3..<10) + [whole.count - 9])
            for place in 3..<whole.count {
                for bit in 0..<8 {
                    var changed = whole
                    changed[place] ^= 1 << bit
                    do throws(ArchiveError) {
                        let found = try Self.content(of: changed)
                        #expect(found == content && idle.contains(place), "\(number), \(place), \(bit)")
                    } catch {
                        switch error {
                        case .corrupt(.gzip, _), .truncated(.gzip): break
                        default: Issue.record("\(number), \(place), \(bit): \(error)")
                        }
                    }
                }
            }
        }
    }

    /// What `bytes` decompress to, without a thread.
    private static func content(of bytes: [UInt8]) throws(ArchiveError) -> [UInt8] {
        let file: FileDescriptor
        do throws(SystemError) { file = try MemoryFile.create("gzip", bytes) } catch { throw .unreadable(error) }
        let stream = try DecompressedStream(reading: file.rawValue)
        var content: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let got = try stream.read(into: buffer)
            if got == 0 { return content }
            content += buffer[..<got]
        }
    }

    /// What a file of the format may not say, in bits: blocks after the header of a member without names.
    @Test(arguments: [
        // (RFC 1951, 3.2.3 to 3.2.7; the lowest bit first.)
        ("a block of type 3", "111"),
        ("the length of a stored block and its complement", "100 00000 1010000000000000 1111111111111111"),
        ("a match before the beginning", "110 0000001 00001 00000000"),
        ("a match of the length's symbol 286", "110 11000110 00000"),
        ("a match of the distance's symbol 30", "110 00110000 0000001 11110"),
        ("30 and more codes of distances", "101 00000 01111 0000 000000000000"),
        ("287 and more codes of lengths", "101 01111 00000 0000 000000000000"),
        ("a code of lengths without words", "101 00000 00000 0000 000 000 000 000"),
        ("a code of lengths with too many words", "101 00000 00000 0000 100 100 100 000"),
        ("a code of lengths with too few words", "101 00000 00000 0000 010 010 000 000"),
        ("a repetition of nothing", "101 00000 00000 0000 100 100 000 000 0"),
        // Symbol 17 is 0 and symbol 18 is 1.
        ("more lengths than words", "101 00000 00000 0000 000 100 100 000 1 1111111 1 1111111 1 1111111"),
        ("no word for the end", "101 00000 00000 0000 000 100 100 000 1 1111111 1 1011011"),
    ])
    func refusesWhatTheFormatForbids(what: String, bits: String) throws {
        var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        let digits = bits.utf8.filter { $0 != UInt8(ascii: " ") }
        for start in stride(from: 0, to: digits.count, by: 8) {
            var byte: UInt8 = 0
            for (place, digit) in digits[start..<min(start + 8, digits.count)].enumerated() {
                byte |= (digit - UInt8(ascii: "0")) << place
            }
            bytes.append(byte)
        }
        // So that nothing is missing.
        bytes += [UInt8](repeating: 0, count: 400)
        let folder = try Folder()
        let path = try folder.file("a", bytes)
        let error = #expect(throws: ArchiveError.self) { try decode(path) }
        guard case .corrupt(.gzip, let message) = error else {
            Issue.record("\(what): \(String(describing: error))")
            return
        }
        #expect(message.utf8.count > 10)
    }

    /// Windows of zstd, as `zstd --long` makes them (RFC 8878, 3.1.1.1.2): what is beyond the bound of zstd(1) is refused.
    @Test(arguments: [27, 28, 31])
    func aWindowOfZstdHasABound(logarithm: Int) throws {
        // Without a size of the content; one raw block, which is the last, of three bytes.
        let frame: [UInt8] =
            [0x28, 0xb5, 0x2f, 0xfd, 0, UInt8((logarithm - 10) << 3), 3 << 3 | 1, 0, 0] + Array("abc".utf8)
        guard logarithm > 27 else {
            #expect(try Self.content(of: frame) == Array("abc".utf8))
            return
        }
        let error = #expect(throws: ArchiveError.self) { try Self.content(of: frame) }
        #expect("\(error!)".contains("larger than 128 MiB"), "\(error!)")
    }
}
