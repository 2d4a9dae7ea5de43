import Glibc
import Linux

/// Counts what a layer takes from the disk, and stops it before the disk is full.
struct UnpackBudget {
    private let bytes: Int
    private let entries: Int
    /// The bytes that the contents take, rounded up to blocks.
    private(set) var usedBytes = 0
    private(set) var usedEntries = 0

    private static let block = 4096

    /// Limits that are nil come from what the file system of `directory` has free, but for a sixteenth or
    /// 256 MiB, whichever is less, which stays free for everybody's sake. Throws `SystemError`.
    init(_ limits: LayerUnpacker.Limits, on directory: CInt) throws(SystemError) {
        var status = statvfs()
        try check("fstatvfs") { fstatvfs(directory, &status) }
        let free = Int(clamping: status.f_bavail.multipliedReportingOverflow(by: status.f_frsize).partialValue)
        bytes = limits.bytes ?? free - min(free / 16, 256 << 20)
        // File systems that make inodes as they need them say that there are none.
        entries = limits.entries ?? (status.f_favail > 0 ? Int(clamping: status.f_favail) : .max)
    }

    /// Throws `ArchiveError.tooManyEntries`.
    mutating func addEntry() throws(ArchiveError) {
        usedEntries += 1
        if usedEntries > entries { throw .tooManyEntries(limit: entries) }
    }

    /// Takes the room of `count` bytes of content. Throws `ArchiveError.tooLarge`.
    mutating func add(_ count: Int) throws(ArchiveError) {
        usedBytes += (count + Self.block - 1) / Self.block * Self.block
        if usedBytes > bytes { throw .tooLarge(limit: bytes) }
    }
}
