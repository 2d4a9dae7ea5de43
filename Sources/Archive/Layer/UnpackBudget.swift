import Glibc
import Linux

/// Counts what a layer takes from the disk, and stops it before the disk is full.
struct UnpackBudget {
    private let bytes: Int
    private let entries: Int
    /// The bytes that the contents take, rounded up to blocks.
    private(set) var usedBytes = 0
    /// The sizes of the files.
    private(set) var contentBytes = 0
    private(set) var usedEntries = 0

    private static let block = 4096

    /// Limits that are nil come from what the file system of `directory` has free, but for a sixteenth or
    /// 256 MiB, whichever is less, which stays free for everybody's sake. A file system that has no blocks at all does not
    /// count them (ramfs, many of FUSE's): there the disk says when it is full. Throws `SystemError`.
    init(_ limits: LayerUnpacker.Limits, on directory: CInt) throws(SystemError) {
        var status = statvfs()
        try check("fstatvfs") { fstatvfs(directory, &status) }
        bytes = limits.bytes ?? (status.f_blocks > 0 ? Self.room(status.f_bavail, status.f_frsize) : .max)
        // File systems that make inodes as they need them say that there are none.
        entries = limits.entries ?? (status.f_favail > 0 ? Int(clamping: status.f_favail) : .max)
    }

    private static func room(_ blocks: UInt, _ size: UInt) -> Int {
        let (product, isTooMuch) = blocks.multipliedReportingOverflow(by: size)
        let free = isTooMuch ? Int.max : Int(clamping: product)
        return free - min(free / 16, 256 << 20)
    }

    /// Throws `ArchiveError.tooManyEntries`.
    mutating func addEntry() throws(ArchiveError) {
        usedEntries += 1
        if usedEntries > entries { throw .tooManyEntries(limit: entries) }
    }

    /// Counts `size` bytes as a file's own size, holes included.
    mutating func count(content size: Int) {
        let (sum, isTooMuch) = contentBytes.addingReportingOverflow(max(0, size))
        contentBytes = isTooMuch ? .max : sum
    }

    /// Takes the room of `count` bytes of content. Throws `ArchiveError.tooLarge`.
    mutating func add(_ count: Int) throws(ArchiveError) {
        // By what is left, which no number overflows: entries say of themselves how large they are.
        let left = bytes - usedBytes
        let padding = (Self.block - count % Self.block) % Self.block
        guard count <= left, padding <= left - count else { throw .tooLarge(limit: bytes) }
        usedBytes += count + padding
    }
}
