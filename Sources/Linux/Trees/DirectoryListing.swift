import CLinux
import Glibc

/// A name in a directory, and what the directory itself says of it.
struct DirectoryEntry {
    let name: RawName
    /// Whether it is a directory; false also where the file system keeps that elsewhere. Something else may have the name by now.
    let isDirectory: Bool
}

/// The names of a directory as the kernel lists them (getdents64(2)), without "." and "..", to be taken one by one.
///
/// A class: the runtime has a type for arrays of those already.
final class DirectoryListing {
    // struct linux_dirent64: inode and offset of 8 bytes each, the record's length, a byte for the type, the name.
    private static let lengthOffset = 16
    private static let typeOffset = 18
    private static let nameOffset = 19

    private var records: [UInt8] = []
    private var place = 0
    private var previous = 0

    /// One without names.
    init() {}

    /// Reads what the open directory has behind its file offset: all of it, where it was opened for this. `path` is what it is
    /// called in errors. Throws `SystemError`.
    init(_ directory: CInt, _ path: @autoclosure () -> String? = nil) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 10, alignment: 8)
        defer { buffer.deallocate() }
        while true {
            let got = apus_getdents(directory, buffer.baseAddress, buffer.count)
            if got < 0 {
                switch Errno.current {
                case .interrupted: continue
                // Removed since it was opened: it has no names (readdir(3) says the same).
                case .noEntry: return
                case let errno: throw SystemError("readdir", path(), errno)
                }
            }
            if got == 0 { return }
            records.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        }
    }

    /// The next of them; nil behind the last.
    func next() -> DirectoryEntry? {
        while place + Self.nameOffset < records.count {
            previous = place
            let entry = records.withUnsafeBytes { records -> DirectoryEntry? in
                let record = UnsafeRawBufferPointer(rebasing: records[place...])
                let length = Int(record.loadUnaligned(fromByteOffset: Self.lengthOffset, as: UInt16.self))
                // What is no record ends the list.
                guard length > Self.nameOffset + 2, length <= record.count else {
                    place = records.count
                    return nil
                }
                place += length
                let name = UnsafeRawBufferPointer(rebasing: record[Self.nameOffset..<length])
                let dot = UInt8(ascii: ".")
                if name[0] == dot, name[1] == 0 || name[1] == dot && name[2] == 0 { return nil }
                let first = name.baseAddress!.assumingMemoryBound(to: CChar.self)
                let count = strnlen(first, name.count - 1)
                var bytes = RawName(UnsafeBufferPointer(start: first, count: count + 1))
                bytes[count] = 0
                return DirectoryEntry(name: bytes, isDirectory: record[Self.typeOffset] == UInt8(DT_DIR))
            }
            if let entry { return entry }
        }
        return nil
    }

    /// Has `next` return its last one again.
    func goBack() { place = previous }
}
