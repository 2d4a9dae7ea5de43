import CArchive
import Glibc
import Linux
package import OCI

/// Reads the entries of a tar archive (ustar, PAX, GNU, V7), compressed or not, in order, through libarchive.
///
/// Names come as bytes: the reader is told that headers are binary, so that no charset is converted and no
/// module of iconv is loaded.
package final class TarReader {
    private let archive: OpaquePointer
    private let source: Source

    /// What libarchive calls back; kept apart so that it can be passed without a cycle.
    private final class Source {
        let pipeline: DecodingPipeline
        var failure: ArchiveError?
        init(_ pipeline: DecodingPipeline) { self.pipeline = pipeline }
    }

    /// Borrows `descriptor`, which must stay open; `algorithm` is that of `finish`'s digest.
    /// Throws `ArchiveError`.
    package init(reading descriptor: CInt, _ algorithm: Digest.Algorithm = .sha256) throws(ArchiveError) {
        source = Source(try DecodingPipeline(reading: descriptor, algorithm))
        guard let archive = archive_read_new() else { fatalError("out of memory") }
        self.archive = archive
        // An archive of no bytes at all is one without entries.
        archive_read_support_format_empty(archive)
        archive_read_support_format_tar(archive)
        archive_read_set_option(archive, "tar", "hdrcharset", "BINARY")
        archive_read_set_callback_data(archive, Unmanaged.passUnretained(source).toOpaque())
        archive_read_set_read_callback(archive) { _, client, buffer in
            let source = Unmanaged<Source>.fromOpaque(client!).takeUnretainedValue()
            do throws(ArchiveError) {
                let bytes = try source.pipeline.next()
                buffer!.pointee = bytes.baseAddress
                return bytes.count
            } catch {
                source.failure = error
                return la_ssize_t(ARCHIVE_FATAL)
            }
        }
        try verify(archive_read_open1(archive))
    }

    deinit { archive_read_free(archive) }

    /// The next entry, nil at the end of the archive. What was not read of the last one's content is skipped.
    /// Throws `ArchiveError`.
    package func next() throws(ArchiveError) -> TarEntry? {
        var header: OpaquePointer?
        let status = archive_read_next_header(archive, &header)
        if status == ARCHIVE_EOF { return nil }
        if status == ARCHIVE_WARN && isAboutACL { return entry(header!) }
        try verify(status)
        return entry(header!)
    }

    /// Calls `body` with the parts of the last entry's content and their offsets, in rising order: what lies
    /// between them is a hole. The bytes are valid during the call. Throws `ArchiveError`, or what `body` throws.
    package func readContent(
        _ body: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var start: UnsafeRawPointer?
        var length = 0
        var offset: la_int64_t = 0
        while true {
            let status = archive_read_data_block(archive, &start, &length, &offset)
            if status == ARCHIVE_EOF { return }
            try verify(status)
            if length > 0 { try body(UnsafeRawBufferPointer(start: start, count: length), Int(offset)) }
        }
    }

    /// After the last entry: reads what follows the archive's end, at most `allowance` bytes, because a
    /// layer's diff id is the digest of the whole stream. Returns that digest and the number of bytes.
    /// Throws `ArchiveError`.
    package func finish(allowance: Int = 1 << 30) throws(ArchiveError) -> (digest: Digest, size: Int) {
        var rest = 0
        while true {
            let count = try source.pipeline.next().count
            if count == 0 { break }
            rest += count
            if rest > allowance { throw .malformed("more than \(allowance) bytes follow its end") }
        }
        let result = source.pipeline.result!
        return (result.digest, result.size)
    }

    /// ACLs are not unpacked, as Docker does not: one that libarchive cannot read is no reason to stop.
    private var isAboutACL: Bool { message.contains("SCHILY.acl") }

    private var message: String {
        guard let text = archive_error_string(archive) else { return "it cannot be read" }
        let sentence = String(cString: text)
        return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }

    private func verify(_ status: CInt) throws(ArchiveError) {
        if status == ARCHIVE_OK { return }
        if let failure = source.failure { throw failure }
        throw .malformed(message)
    }

    private func entry(_ header: OpaquePointer) -> TarEntry {
        func text(_ pointer: UnsafePointer<CChar>?) -> RawName {
            guard let pointer else { return [0] }
            return RawName(UnsafeBufferPointer(start: pointer, count: strlen(pointer) + 1))
        }
        let kind: TarEntry.Kind
        if let target = archive_entry_hardlink(header) {
            kind = .hardLink(target: text(target))
        } else {
            switch archive_entry_filetype(header) {
            case S_IFREG: kind = .regular
            case S_IFDIR: kind = .directory
            case S_IFLNK: kind = .symbolicLink(target: text(archive_entry_symlink(header)))
            case S_IFIFO: kind = .fifo
            case S_IFCHR: kind = .characterDevice(archive_entry_rdev(header))
            case S_IFBLK: kind = .blockDevice(archive_entry_rdev(header))
            default: kind = .other
            }
        }
        var attributes: [(name: RawName, value: [UInt8])] = []
        if archive_entry_xattr_reset(header) > 0 {
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            while archive_entry_xattr_next(header, &name, &value, &size) == ARCHIVE_OK {
                attributes.append((text(name), Array(UnsafeRawBufferPointer(start: value, count: size))))
            }
        }
        let access =
            archive_entry_atime_is_set(header) == 0
            ? nil : FileTime(seconds: archive_entry_atime(header), nanoseconds: archive_entry_atime_nsec(header))
        return TarEntry(
            name: text(archive_entry_pathname(header)), kind: kind, mode: archive_entry_mode(header) & 0o7777,
            user: UInt32(truncatingIfNeeded: archive_entry_uid(header)),
            group: UInt32(truncatingIfNeeded: archive_entry_gid(header)), size: Int(archive_entry_size(header)),
            modification: FileTime(
                seconds: archive_entry_mtime(header), nanoseconds: archive_entry_mtime_nsec(header)),
            access: access, attributes: attributes)
    }
}
