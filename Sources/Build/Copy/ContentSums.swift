import Archive
import Glibc
import Linux
import OCI

/// Checksums of files' contents that are known from former builds: `cache/build/contents` of the store.
///
/// The file is replaced as a whole: a first line, records of the same size in the order of device and inode, and the SHA-256 of all
/// that. One that is damaged is as none; it holds nothing that cannot be computed again.
final class ContentSums {
    /// How many files are remembered; those that were used last stay.
    static let limit = 500_000
    static let magic = Array("apus-contents-1\n".utf8)
    static let recordSize = 80
    private static let sumSize = 32
    // Of the last word: the day of the last use, and whether the file has extended attributes.
    private static let attributesFlag: UInt64 = 1 << 63
    private static let day: Int64 = 86_400_000_000_000
    /// After so many days the use of a record is written down.
    private static let renewal: UInt64 = 7

    /// What is known of a file.
    struct Known {
        let sum: ContentSum
        /// Whether it has extended attributes.
        let hasAttributes: Bool
    }

    private let directory: String
    private var table: [UInt8]
    private var fresh: [FileStamp: Known] = [:]
    // Those of the table that are in use and have not been for long.
    private var renewed: [FileStamp: Known] = [:]
    private let today: UInt64

    /// Reads the checksums in the directory `directory`, which may be missing. Throws `SystemError` where they cannot be read.
    init(in directory: String) throws(SystemError) {
        self.directory = directory
        today = UInt64(max(0, FileStamp.now() / Self.day))
        table = try Self.read(directory)
    }

    /// The records of the file, without what is around them.
    private static func read(_ directory: String) throws(SystemError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Files.read(directory + "/contents", limit: magic.count + limit * recordSize + sumSize)
        } catch {
            // Too large, or no file at all: not ours, and in the next moment it is.
            if error.errno == .noEntry || error.errno == Errno(EFBIG) || error.errno == .notDirectory { return [] }
            throw error
        }
        let count = bytes.count - magic.count - sumSize
        guard count >= 0, count % recordSize == 0, bytes.starts(with: magic) else { return [] }
        let end = magic.count + count
        guard sum(Array(bytes[..<end])) == Array(bytes[end...]) else { return [] }
        return Array(bytes[magic.count..<end])
    }

    private static func sum(_ bytes: [UInt8]) -> [UInt8] { ContentSum(Digest(of: bytes)).bytes }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ record: Int, _ place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: record * recordSize + place * 8, as: UInt64.self))
    }

    private static func stamp(_ bytes: UnsafeRawBufferPointer, _ record: Int) -> FileStamp {
        FileStamp(
            device: word(bytes, record, 0), inode: word(bytes, record, 1), size: word(bytes, record, 2),
            modified: Int64(bitPattern: word(bytes, record, 3)), changed: Int64(bitPattern: word(bytes, record, 4)))
    }

    /// What is known of the file with this stamp; nil where nothing is.
    func known(_ stamp: FileStamp) -> Known? {
        if let known = fresh[stamp] { return known }
        let found: (known: Known, used: UInt64)? = table.withUnsafeBytes { bytes in
            var (low, high) = (0, bytes.count / Self.recordSize)
            while low < high {
                let middle = (low + high) / 2
                let (device, inode) = (Self.word(bytes, middle, 0), Self.word(bytes, middle, 1))
                if (device, inode) < (stamp.device, stamp.inode) { low = middle + 1 } else { high = middle }
            }
            guard low < bytes.count / Self.recordSize, Self.stamp(bytes, low) == stamp else { return nil }
            let last = Self.word(bytes, low, 9)
            let sum = ContentSum(
                (
                    Self.word(bytes, low, 5), Self.word(bytes, low, 6), Self.word(bytes, low, 7),
                    Self.word(bytes, low, 8)
                ))
            return (
                Known(sum: sum, hasAttributes: last & Self.attributesFlag != 0), last & ~Self.attributesFlag
            )
        }
        guard let found else { return nil }
        if found.used > today || today - found.used >= Self.renewal { renewed[stamp] = found.known }
        return found.known
    }

    /// Remembers the sum of a file that was whole and is not going to change unseen.
    func remember(_ stamp: FileStamp, _ known: Known) { fresh[stamp] = known }

    /// Writes what is new. Throws `SystemError`; the file is then what it was.
    func save() throws(SystemError) {
        guard !fresh.isEmpty || !renewed.isEmpty else { return }
        try Files.makeDirectories(directory, mode: 0o700)
        let lock = try FileDescriptor.open(directory + "/contents.lock", O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        try lock.lock()
        defer { lock.unlock() }
        // Other builds have written since.
        let content = merged(try Self.read(directory))
        let temporary = directory + "/contents.tmp"
        try Files.unlink(temporary)
        let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        try file.writeAll(content)
        try Files.rename(temporary, to: directory + "/contents")
        table = Array(content[Self.magic.count..<(content.count - Self.sumSize)])
        fresh = [:]
        renewed = [:]
    }

    private struct Place: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private struct Record {
        let stamp: FileStamp
        let known: Known
        let used: UInt64
    }

    private func merged(_ old: [UInt8]) -> [UInt8] {
        var records: [Place: Record] = [:]
        old.withUnsafeBytes { bytes in
            for index in 0..<(bytes.count / Self.recordSize) {
                let stamp = Self.stamp(bytes, index)
                let last = Self.word(bytes, index, 9)
                let sum = ContentSum(
                    (
                        Self.word(bytes, index, 5), Self.word(bytes, index, 6), Self.word(bytes, index, 7),
                        Self.word(bytes, index, 8)
                    ))
                let known = Known(sum: sum, hasAttributes: last & Self.attributesFlag != 0)
                records[Place(device: stamp.device, inode: stamp.inode)] = Record(
                    stamp: stamp, known: known, used: last & ~Self.attributesFlag)
            }
        }
        for (stamp, known) in renewed {
            records[Place(device: stamp.device, inode: stamp.inode)] = Record(stamp: stamp, known: known, used: today)
        }
        for (stamp, known) in fresh {
            records[Place(device: stamp.device, inode: stamp.inode)] = Record(stamp: stamp, known: known, used: today)
        }
        var kept = Array(records.values)
        if kept.count > Self.limit {
            kept.sort { $0.used > $1.used }
            kept.removeSubrange(Self.limit...)
        }
        kept.sort { ($0.stamp.device, $0.stamp.inode) < ($1.stamp.device, $1.stamp.inode) }
        var encoder = WireEncoder()
        for record in kept {
            encoder.write(record.stamp)
            encoder.write(record.known.sum)
            encoder.writeInteger(record.used | (record.known.hasAttributes ? Self.attributesFlag : 0))
        }
        let content = Self.magic + encoder.bytes
        return content + Self.sum(content)
    }
}

extension ContentSum {
    /// Of a SHA-256.
    init(_ digest: Digest) {
        var bytes = [UInt8](repeating: 0, count: 32)
        let hex = Array(digest.hex.utf8)
        func nibble(_ byte: UInt8) -> UInt8 {
            byte >= UInt8(ascii: "a") ? byte - UInt8(ascii: "a") + 10 : byte - UInt8(ascii: "0")
        }
        for place in 0..<min(32, hex.count / 2) {
            bytes[place] = nibble(hex[place * 2]) << 4 | nibble(hex[place * 2 + 1])
        }
        words = bytes.withUnsafeBytes { bytes in
            func word(_ place: Int) -> UInt64 {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
    }

    /// All 32.
    var bytes: [UInt8] {
        var encoder = WireEncoder()
        encoder.write(self)
        return encoder.bytes
    }

    /// The sum of all that can be read from the beginning of the open file `file`. Throws `SystemError`.
    static func of(_ file: borrowing FileDescriptor) throws(SystemError) -> ContentSum {
        var hasher = DigestHasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = 0
        while true {
            let got = try file.read(into: buffer, at: offset)
            if got == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            offset += got
        }
        return ContentSum(hasher.finish())
    }
}
