import Glibc
import Linux
import OCI
import Testing

@testable import Archive

/// What frames of zstd ask for, by zstd's own word, and the share of the memory that they get.
@Suite struct ZstdFrameTests {
    static let tools = Tool.has("zstd", "python3")
    static let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

    @Test(
        .enabled(if: tools, "zstd is needed"),
        arguments: [
            ("cat a | zstd -q -1", UInt64(1) << 19), ("cat a | zstd -q -19", 8 << 20),
            ("cat a | zstd -q --ultra -20", 32 << 20), ("cat a | zstd -q --long=27", 128 << 20),
            ("cat a | zstd -q --long=31", 2 << 30), ("zstd -q --long=27 --content-size -c a", 3_000_000),
            ("cat a | zstd -q --long=27 --stream-size=3000000", 3_000_000),
            ("cat a | zstd -q --no-check --zstd=wlog=10", 1 << 10),
        ])
    func theWindowIsWhatTheToolAskedFor(command: String, window: UInt64) throws {
        let folder = try Folder()
        _ = try folder.file("a", CompressionTests.content)
        let status = try Tool.shell("\(command) > b", in: folder.path).status
        try #require(status == 0)
        let bytes = try Files.read("\(folder.path)/b")
        #expect(ZstdFrame.window(bytes) == window)
        // Whatever is cut off its header is missed.
        var length = 0
        while ZstdFrame.window(bytes.prefix(length)) == nil { length += 1 }
        #expect((6...ZstdFrame.headerLimit).contains(length))
    }

    @Test func headersAreReadToTheLetter() {
        // A window of its own with an eighth more for each of seven, a dictionary's number, and sizes of all lengths.
        #expect(ZstdFrame.window(Self.magic + [0, 17 << 3 | 3]) == UInt64(176) << 20)
        #expect(ZstdFrame.window(Self.magic + [3, 0, 1, 2, 3, 4]) == 1024)
        #expect(ZstdFrame.window(Self.magic + [3, 0, 1, 2, 3]) == nil)
        #expect(ZstdFrame.window(Self.magic + [0x20, 9]) == 9)
        #expect(ZstdFrame.window(Self.magic + [0x60, 1, 1]) == 513)
        #expect(ZstdFrame.window(Self.magic + [0xa0, 0, 0, 0, 1]) == 1 << 24)
        #expect(ZstdFrame.window(Self.magic + [0xe0] + Array(repeating: 0xff, count: 8)) == .max)
        #expect(ZstdFrame.window(Self.magic + [0xc0, 0xff] + Array(repeating: 0xff, count: 8)) == UInt64(15) << 38)
        #expect(ZstdFrame.window([0x5f, 0x2a, 0x4d, 0x18]) == 0)
        #expect(ZstdFrame.window(Self.magic) == nil)
        #expect(ZstdFrame.window([]) == nil)
    }

    /// What a stream decompresses to with a share of the memory that `file` locks.
    private func decode(_ path: String, _ file: CInt, isPatient: Bool) throws(ArchiveError) -> Digest {
        let input: FileDescriptor
        do throws(SystemError) { input = try .open(path, O_RDONLY) } catch { throw .unreadable(error) }
        let pipeline = try DecodingPipeline(
            reading: input.rawValue, sharing: DecodingMemory(lockedBy: file, isPatient: isPatient))
        while try !pipeline.next().isEmpty {}
        return pipeline.result!.digest
    }

    /// Another process that holds a lock on a file, as a word of Python's says, until it is told to end.
    private final class Holder: Sendable {
        private let pid: ProcessID
        private let input: FileDescriptor

        init(_ kind: String, of name: String) throws {
            var inputs = try FileDescriptor.pipe()
            var outputs = try FileDescriptor.pipe()
            let read = inputs.takeFirst()
            let said = outputs.takeSecond()
            let heard = outputs.takeFirst()
            input = inputs.takeSecond()
            let script = """
                import fcntl, os, sys
                f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.\(kind)); os.write(1, b'x'); os.read(0, 1)
                """
            pid = try Spawn("/usr/bin/python3", ["-c", script, name]).start(
                descriptors: [read.rawValue, said.rawValue, 2])
            endLifetime(said)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
            defer { buffer.deallocate() }
            let count = try heard.read(into: buffer)
            #expect(count == 1)
        }

        /// Tells it so.
        func release() { _ = try? input.writeAll([0]) }

        func wait() throws -> Linux.ExitStatus { try waitForExit(of: pid) }
    }

    @Test(.enabled(if: tools, "zstd and python3 are needed"))
    func aLargeWindowIsAloneAndItsTurnComes() throws {
        let folder = try Folder()
        _ = try folder.file("a", CompressionTests.content)
        _ = try folder.file("memory", [])
        let script = """
            zstd -qc a > small; cat a | zstd -q --long=27 > large; xz -c a > a.xz; gzip -c a > a.gz
            printf 'P*M\\030\\004\\000\\000\\000abcd' > skipped
            cat small skipped large small large small > mixed
            cat a a a a a > whole
            """
        let status = try Tool.shell(script, in: folder.path).status
        try #require(status == 0)
        let file = try FileDescriptor.open("\(folder.path)/memory", O_RDWR)
        let number = file.rawValue
        let one = Digest(of: CompressionTests.content)
        let whole = try FileDescriptor.open("\(folder.path)/whole", O_RDONLY)
        let five = try Digest.ofFile(whole).digest
        for patience in [true, false] {
            #expect(try decode("\(folder.path)/mixed", number, isPatient: patience) == five)
            #expect(try decode("\(folder.path)/a.xz", number, isPatient: patience) == one)
        }
        // Beside another with a small one.
        let sharing = try Holder("LOCK_SH", of: "\(folder.path)/memory")
        for name in ["small", "a.gz", "a"] {
            #expect(try decode("\(folder.path)/\(name)", number, isPatient: false) == one)
        }
        for name in ["large", "mixed", "a.xz"] {
            let error = #expect(throws: ArchiveError.self) {
                try decode("\(folder.path)/\(name)", number, isPatient: false)
            }
            guard case .unreadable = error else { throw error! }
        }
        sharing.release()
        #expect(try sharing.wait() == .exited(code: 0))
        // Beside one with a large one there is nobody.
        let alone = try Holder("LOCK_EX", of: "\(folder.path)/memory")
        for name in ["small", "a.gz", "a"] {
            #expect(throws: ArchiveError.self) { try decode("\(folder.path)/\(name)", number, isPatient: false) }
        }
        // Who is patient gets it when the other has gone.
        var thread = pthread_t()
        let held = Unmanaged.passRetained(alone)
        pthread_create(
            &thread, nil,
            { pointer in
                Unmanaged<Holder>.fromOpaque(pointer!).takeRetainedValue().release()
                return nil
            }, held.toOpaque())
        #expect(try decode("\(folder.path)/large", number, isPatient: true) == one)
        pthread_join(thread, nil)
        #expect(try alone.wait() == .exited(code: 0))
    }
}
