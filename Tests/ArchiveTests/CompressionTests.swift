import Archive
import Glibc
import Linux
import OCI
import Testing

@Suite struct CompressionTests {
    static let tools = Tool.has("gzip", "zstd", "xz", "bzip2")
    static let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7 &* 31) }

    /// What the file's stream decompresses to, or the error.
    private func decode(_ path: String) throws(ArchiveError) -> (digest: Digest, size: Int, compression: Compression) {
        let file: FileDescriptor
        do throws(SystemError) { file = try .open(path, O_RDONLY) } catch { throw .unreadable(error) }
        let pipeline = try DecodingPipeline(reading: file.rawValue)
        while try !pipeline.next().isEmpty {}
        return pipeline.result!
    }

    @Test func detectsByTheFirstBytesAlone() {
        #expect(Compression.detect([0x1f, 0x8b, 0x08, 0]) == .gzip)
        #expect(Compression.detect([0x28, 0xb5, 0x2f, 0xfd]) == .zstd)
        #expect(Compression.detect([0x5a, 0x2a, 0x4d, 0x18]) == .zstd)
        #expect(Compression.detect([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]) == .xz)
        #expect(Compression.detect(Array("BZh9".utf8)) == .bzip2)
        #expect(Compression.detect(Array("etc/".utf8)) == .none)
        #expect(Compression.detect([0x1f]) == .none)
        #expect(Compression.detect([]) == .none)
    }

    @Test(
        .enabled(if: tools, "gzip, zstd, xz and bzip2 are needed"),
        arguments: [
            ("gzip -c a", Compression.gzip), ("zstd -qc a", .zstd), ("xz -c a", .xz), ("bzip2 -c a", .bzip2),
            ("cat a", .none),
        ])
    func decodesWhatTheToolMade(command: String, compression: Compression) throws {
        let folder = try Folder()
        _ = try folder.file("a", Self.content)
        try #require(try Tool.shell("\(command) > b", in: folder.path).status == 0)
        let result = try decode("\(folder.path)/b")
        #expect(result.digest == Digest(of: Self.content))
        #expect(result.size == Self.content.count)
        #expect(result.compression == compression)
    }

    @Test(
        .enabled(if: tools, "gzip, zstd, xz and bzip2 are needed"),
        arguments: ["gzip -c", "zstd -qc", "xz -c", "bzip2 -c"])
    func decodesSeveralMembersOneAfterTheOther(command: String) throws {
        let folder = try Folder()
        _ = try folder.file("a", Array(Self.content[..<1_000_000]))
        _ = try folder.file("b", Array(Self.content[1_000_000...]))
        try #require(try Tool.shell("(\(command) a; \(command) b) > c", in: folder.path).status == 0)
        #expect(try decode("\(folder.path)/c").digest == Digest(of: Self.content))
    }

    @Test(.enabled(if: tools, "gzip is needed"))
    func zerosAfterGzipArePaddingAndAnythingElseIsNot() throws {
        let folder = try Folder()
        _ = try folder.file("a", Array("text".utf8))
        try #require(
            try Tool.shell(
                "gzip -c a > b; cp b c; head -c 700000 /dev/zero >> b; echo garbage >> c", in: folder.path
            ).status == 0)
        #expect(try decode("\(folder.path)/b").digest == Digest(of: Array("text".utf8)))
        #expect(throws: ArchiveError.self) { try decode("\(folder.path)/c") }
    }

    @Test(
        .enabled(if: tools, "gzip, zstd, xz and bzip2 are needed"),
        arguments: [
            ("gzip -c", Compression.gzip), ("zstd -qc", .zstd), ("xz -c", .xz), ("bzip2 -c", .bzip2),
        ])
    func refusesWhatWasCutOffOrChanged(command: String, compression: Compression) throws {
        let folder = try Folder()
        _ = try folder.file("a", Self.content)
        let script = """
            set -e; \(command) a > b; size=$(stat -c %s b)
            head -c $((size - 5)) b > cut
            cp b changed; printf 'XXXX' | dd of=changed bs=1 seek=$((size / 2)) conv=notrunc status=none
            """
        try #require(try Tool.shell(script, in: folder.path).status == 0)
        #expect(throws: ArchiveError.truncated(compression)) { try decode("\(folder.path)/cut") }
        // A changed length may ask for more than there is.
        let error = #expect(throws: ArchiveError.self) { try decode("\(folder.path)/changed") }
        switch error {
        case .corrupt(compression, _), .truncated(compression): break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test func aReaderThatGivesUpDoesNotWaitForInput() throws {
        var ends = try FileDescriptor.pipe()
        let reader = ends.takeFirst()
        let writer = ends.takeSecond()
        try writer.writeAll(Array("not enough".utf8))
        do {
            let pipeline = try DecodingPipeline(reading: reader.rawValue)
            _ = pipeline.result
        }
        // Were the thread still waiting for the pipe, the pipeline's end would have waited for it, and no
        // instruction after it would run.
        try writer.writeAll([0])
    }

    @Test func readsAPipeThatIsWrittenSlowly() async throws {
        var ends = try FileDescriptor.pipe()
        let reader = ends.takeFirst()
        let writer = ends.takeSecond().release()
        let task = Task.detached {
            for byte in Array("0123456789".utf8) {
                _ = withUnsafePointer(to: byte) { write(writer, $0, 1) }
                await Task.yield()
            }
            close(writer)
        }
        let pipeline = try DecodingPipeline(reading: reader.rawValue)
        while try !pipeline.next().isEmpty {}
        #expect(pipeline.result?.digest == Digest(of: Array("0123456789".utf8)))
        await task.value
    }
}
