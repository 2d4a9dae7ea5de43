import Bytes
import CArchive
import Glibc
import Linux
package import OCI

/// Reads the entries of a tar archive (V7, ustar, PAX, GNU; sparse files in all their forms), compressed or not,
/// in order.
///
/// libarchive parses; what it would let pass is refused by `HeaderCheck`. The stream comes from our own
/// decoding pipeline, because a layer's diff id is the digest of all of it. The process stays in the C locale: names
/// are bytes then.
package final class TarReader {
    private let archive: OpaquePointer
    private let header: OpaquePointer
    private let feed: TarFeed
    private var isOpen = false
    private var isAtEnd = false
    private var content = Content()

    /// What is left of the current entry's content.
    private struct Content {
        /// The size of the file, holes included.
        var size = 0
        /// The bytes that the archive has of it.
        var stored = 0
        /// Where the last part ended, and how many bytes came so far.
        var end = 0
        var read = 0
        var isRead = true
    }

    /// Does now what the libraries need the machine's own file system for. A process that makes a layer its root calls
    /// it before.
    package static func prepare() { ArchiveLibrary.prepare() }

    /// Borrows `descriptor`, which must stay open; `algorithm` is that of `finish`'s digest. Decodes with a share of `memory`, where that is given.
    /// Throws `ArchiveError`.
    package init(
        reading descriptor: CInt, _ algorithm: Digest.Algorithm = .sha256, sharing memory: DecodingMemory? = nil
    ) throws(ArchiveError) {
        ArchiveLibrary.prepare()
        feed = TarFeed(try DecodingPipeline(reading: descriptor, algorithm, sharing: memory))
        guard let archive = archive_read_new(), let header = archive_entry_new2(archive) else {
            fatalError("out of memory")
        }
        self.archive = archive
        self.header = header
        archive_read_support_format_tar(archive)
    }

    deinit {
        archive_entry_free(header)
        archive_read_free(archive)
    }

    /// The next entry, nil at the end of the archive. What was not read of the last one's content is skipped.
    /// Throws `ArchiveError`.
    package func next() throws(ArchiveError) -> TarEntry? {
        if isAtEnd { return nil }
        guard try open() else { return nil }
        try skipContent()
        let start = position
        feed.beginHeader(at: start)
        let result = archive_read_next_header2(archive, header)
        if let failure = feed.failure { throw failure }
        if result == ARCHIVE_EOF {
            try checkEnd(from: start)
            isAtEnd = true
            return nil
        }
        guard result == ARCHIVE_OK || result == ARCHIVE_WARN else { throw damage(result) }
        let end = position
        let check = try feed.endHeader(at: end) { bytes throws(ArchiveError) in try HeaderCheck(bytes) }
        guard result == ARCHIVE_OK || isOnlyOfCharset else { throw damage(result) }
        return try entry(check, headerSize: end - start)
    }

    /// Calls `body` with the parts of the last entry's content and their offsets, in rising order: what lies
    /// between them is a hole. The bytes are valid during the call. Throws `ArchiveError`, or what `body` throws.
    package func readContent(
        _ body: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        while !content.isRead {
            var start: UnsafeRawPointer?
            var count = 0
            var place: Int64 = 0
            let result = archive_read_data_block(archive, &start, &count, &place)
            if let failure = feed.failure { throw failure }
            if result == ARCHIVE_EOF {
                // libarchive goes by the map or by the bytes, whichever ends first, and takes what is left of the
                // content for the next header.
                guard content.read == content.stored else { throw Self.badMap }
                content.isRead = true
                return
            }
            guard result == ARCHIVE_OK else { throw damage(result) }
            let offset = Int(place)
            guard offset >= content.end, offset <= content.size, count <= content.size - offset else {
                throw Self.badMap
            }
            content.end = offset + count
            content.read += count
            try body(UnsafeRawBufferPointer(start: start, count: count), offset)
        }
    }

    /// After the last entry: reads what follows the archive's end, at most `allowance` bytes, because a
    /// layer's diff id is the digest of the whole stream. Returns that digest and the number of bytes.
    /// Throws `ArchiveError`.
    package func finish(allowance: Int = 1 << 30) throws(ArchiveError) -> (digest: Digest, size: Int) {
        if try open() { try skipContent() }
        isAtEnd = true
        return try feed.finish(after: position, allowance: allowance)
    }

    /// The number of bytes of the stream that libarchive has consumed.
    private var position: Int { isOpen ? Int(archive_filter_bytes(archive, 0)) : 0 }

    private static var badMap: ArchiveError { .malformed("the map of a sparse file is invalid") }

    /// False for a stream of no bytes, which is an archive of no entries to us and none at all to libarchive.
    private func open() throws(ArchiveError) -> Bool {
        if isOpen { return true }
        if try feed.isAtEnd(0) {
            isAtEnd = true
            return false
        }
        let result = feed.open(archive)
        if let failure = feed.failure { throw failure }
        guard result == ARCHIVE_OK else { throw damage(result) }
        isOpen = true
        return true
    }

    private func skipContent() throws(ArchiveError) {
        // Not with archive_read_data_skip(3): what is checked of a content is checked of one that nobody wants.
        try readContent { _, _ throws(ArchiveError) in }
    }

    /// Whether the last warning says no more than that a name has other letters than ASCII: those are passed on as
    /// they are. Its text is all that tells it from others, which share its number; in 3.6.2 those that share it are
    /// fatal.
    private var isOnlyOfCharset: Bool {
        archive_errno(archive) == EILSEQ && strstr(archive_error_string(archive), " can't be converted from ") != nil
    }

    /// Two blocks of zeros end an archive, or the end of the stream after one or none; libarchive is content with one.
    private func checkEnd(from start: Int) throws(ArchiveError) {
        let end = position
        let isWhole = try feed.endHeader(at: end) { bytes throws(ArchiveError) in
            bytes.count >= 2 * HeaderCheck.blockSize && bytes.suffix(2 * HeaderCheck.blockSize).allSatisfy { $0 == 0 }
        }
        if isWhole || end == start { return }
        guard try feed.isAtEnd(end) else { throw .malformed("an entry follows a block of zeros") }
    }

    /// What a failure of libarchive's means.
    private func damage(_ result: CInt) -> ArchiveError {
        let message = ArchiveLibrary.message(archive)
        if result == ARCHIVE_RETRY { return .malformed("a header has a wrong checksum") }
        if message.begins(with: "Truncated") { return .malformed("it ends in the middle of an entry") }
        if message == "Unrecognized archive format" { return .malformed("it does not begin with a header") }
        return .malformed(message.isEmpty ? "a header is invalid" : message)
    }

    private func entry(_ check: HeaderCheck, headerSize: Int) throws(ArchiveError) -> TarEntry {
        guard let pathname = archive_entry_pathname(header) else { throw .malformed("an entry has no name") }
        let name = Self.name(pathname)
        let kind = try kind(check, name)
        let size = Int(archive_entry_size(header))
        // The map of a sparse file may be the beginning of its content.
        let map = check.records.mapIsInContent ? headerSize - check.end : 0
        content = Content(size: size, stored: check.size - map, isRead: false)
        switch kind {
        case .regular where !check.records.isSparse && !check.isOldSparse:
            guard size == check.size else { throw .malformed("an entry says twice how large it is") }
        case .regular: guard content.stored >= 0, size >= 0 else { throw Self.badMap }
        // Content that nobody wants: GNU tar's list of a directory's names, and whatever unknown types have.
        case .directory where check.type == UInt8(ascii: "D"), .other: content.size = .max
        // These have no content, whatever their size says: old tars give links the size of their target. libarchive
        // takes the size of a PAX archive's for true, and would pass over the next entries with it.
        default:
            guard check.records.size ?? 0 == 0, size == 0 else {
                throw .malformed("an entry that is no file has content")
            }
            content = Content()
        }
        let modification = Self.time(
            Int(archive_entry_mtime(header)), archive_entry_mtime_nsec(header), check.records.modificationIsNegative)
        let access = check.records.accessIsNegative.map {
            Self.time(Int(archive_entry_atime(header)), archive_entry_atime_nsec(header), $0)
        }
        return TarEntry(
            name: name, kind, mode: FileMode(archive_entry_perm(header)) & 0o7777,
            // Checked by their own numbers to be none below 0, which are 0 here, and none beyond.
            user: UInt32(archive_entry_uid(header)), group: UInt32(archive_entry_gid(header)),
            size: kind == .regular ? size : content.stored, modification: modification, access: access,
            attributes: attributes(check.records))
    }

    private func kind(_ check: HeaderCheck, _ name: RawName) throws(ArchiveError) -> TarEntry.Kind {
        // Not by libarchive's own word: unknown types are files to it, and hard links have none.
        switch check.type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"):
            // Before there was a type for them, directories were files whose names end so.
            return name.dropLast().last == CChar(bitPattern: UInt8(ascii: "/")) ? .directory : .regular
        case UInt8(ascii: "1"): return .hardLink(target: target(archive_entry_hardlink(header), check))
        case UInt8(ascii: "2"): return .symbolicLink(target: target(archive_entry_symlink(header), check))
        case UInt8(ascii: "3"): return .characterDevice(device)
        case UInt8(ascii: "4"): return .blockDevice(device)
        case UInt8(ascii: "5"), UInt8(ascii: "D"): return .directory
        case UInt8(ascii: "6"): return .fifo
        default: return .other
        }
    }

    private func target(_ text: UnsafePointer<CChar>?, _ check: HeaderCheck) -> RawName {
        if let text { return Self.name(text) }
        return (check.linkName ?? []).map(CChar.init(bitPattern:)) + [0]
    }

    private var device: DeviceNumber {
        deviceNumber(
            major: UInt32(truncatingIfNeeded: archive_entry_rdevmajor(header)),
            minor: UInt32(truncatingIfNeeded: archive_entry_rdevminor(header)))
    }

    private func attributes(_ records: RecordCheck) -> [(name: RawName, value: [UInt8])] {
        var attributes: [(name: RawName, value: [UInt8])] = []
        guard archive_entry_xattr_reset(header) > 0 else { return attributes }
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var count = 0
        // The last of the archive is the first here.
        while archive_entry_xattr_next(header, &name, &value, &count) == ARCHIVE_OK, let text = name {
            let raw = Self.name(text)
            if records.hasOnlyOwnLabel && raw == RawName("security.selinux") { continue }
            // bsdtar writes each in two words; the later one counts, at the place of the earlier.
            if let index = attributes.firstIndex(where: { $0.name == raw }) {
                attributes.append((raw, attributes.remove(at: index).value))
            } else {
                attributes.append((raw, [UInt8](UnsafeRawBufferPointer(start: value, count: count))))
            }
        }
        attributes.reverse()
        return attributes
    }

    private static func name(_ text: UnsafePointer<CChar>) -> RawName {
        RawName(UnsafeBufferPointer(start: text, count: strlen(text) + 1))
    }

    /// libarchive reads "-1.25" as one second before 1970 and a quarter of one after that.
    private static func time(_ seconds: Int, _ nanoseconds: Int, _ isNegative: Bool?) -> FileTime {
        guard isNegative == true, nanoseconds > 0 else { return FileTime(seconds: seconds, nanoseconds: nanoseconds) }
        return FileTime(seconds: seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }
}
