import Bytes
import CArchive
import Glibc
package import Linux
package import OCI

/// Writes a tar archive in the PAX format, entry by entry in the caller's order.
///
/// The same entries give the same bytes, on any machine: nothing is in the archive but what the entries say,
/// attributes are in the order of their names, and an extended header is written where the plain one has no room.
/// libarchive formats; what it would write otherwise than it was given is refused. Names with other letters than ASCII
/// are bytes, which the archive says of them (`hdrcharset=BINARY`).
package final class TarWriter {
    /// Which times of modification the archive gets.
    package enum Times: Sendable, Equatable {
        /// Those of the entries.
        case own
        /// None later than this (reproducible-builds.org, SOURCE_DATE_EPOCH).
        case notAfter(FileTime)
        /// This one for all.
        case all(FileTime)
    }

    private let archive: OpaquePointer
    private let header: OpaquePointer
    private let sink: Sink
    private let times: Times
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)

    /// Bytes that stand for holes. Nobody reads them, so they take no memory.
    private static let zeros = 1 << 24
    // A container can make names that no path reaches; what is read back has a mebibyte for all of an entry.
    private static let maximumPath = 50_000
    private static let maximumAttributes = 900_000

    /// What the callback of libarchive needs.
    private final class Sink {
        let write: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
        var hasher: DigestHasher
        /// The first failure: nothing is written after it.
        private(set) var failure: ArchiveError?
        /// Whether nobody wants the rest.
        var isAbandoned = false

        init(
            _ algorithm: Digest.Algorithm, _ write: @escaping (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
        ) {
            self.write = write
            hasher = DigestHasher(algorithm)
        }

        func take(_ bytes: UnsafeRawBufferPointer) {
            guard failure == nil, !isAbandoned else { return }
            do throws(ArchiveError) {
                try write(bytes)
                hasher.update(bytes)
            } catch { failure = error }
        }
    }

    /// Gives the archive to `output` in parts of up to 256 KiB, which are valid during the call; what it throws is
    /// thrown on by the call of this writer that caused it, after which nothing more can be written. `algorithm` is
    /// that of `finish`'s digest.
    package init(
        _ algorithm: Digest.Algorithm = .sha256, times: Times = .own,
        to output: @escaping (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) {
        ArchiveLibrary.prepare()
        guard let archive = archive_write_new(), let header = archive_entry_new2(archive) else {
            fatalError("out of memory")
        }
        self.archive = archive
        self.header = header
        self.times = times
        sink = Sink(algorithm, output)
        archive_write_set_format_pax(archive)
        // In one word only, that of star, GNU tar and Docker.
        archive_write_set_format_option(archive, "pax", "xattrheader", "SCHILY")
        archive_write_set_bytes_per_block(archive, 1 << 18)
        // The last block is as long as it is.
        archive_write_set_bytes_in_last_block(archive, 1)
        archive_write_open(
            archive, Unmanaged.passUnretained(sink).toOpaque(), nil,
            { _, sink, start, count in
                // It never fails for libarchive, which frees all it has only where nothing did.
                Unmanaged<Sink>.fromOpaque(sink!).takeUnretainedValue()
                    .take(UnsafeRawBufferPointer(start: start, count: count))
                return count
            }, nil)
    }

    /// Writes the archive to `descriptor`, which is borrowed and must stay open; otherwise as the other `init`.
    /// Failures are `ArchiveError.unwritable`.
    package convenience init(
        to descriptor: CInt, _ algorithm: Digest.Algorithm = .sha256, times: Times = .own
    ) {
        self.init(algorithm, times: times) { bytes throws(ArchiveError) in
            var rest = bytes
            while !rest.isEmpty {
                let part = rest
                let count: Int
                do throws(SystemError) {
                    count = try Linux.check("write") { Glibc.write(descriptor, part.baseAddress, part.count) }
                } catch { throw .unwritable(error) }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    deinit {
        // archive_write_free(3) writes an end to an archive that has none.
        sink.isAbandoned = true
        archive_entry_free(header)
        archive_write_free(archive)
        buffer.deallocate()
    }

    /// Adds an entry that has no content, whatever its size says, or an empty file. Throws `ArchiveError`: `badEntry`
    /// for one that the format cannot hold (the archive goes on without it), or what the output threw.
    package func add(_ entry: TarEntry) throws(ArchiveError) {
        var entry = entry
        entry.size = 0
        try write(entry, holes: nil)
        try finishEntry()
    }

    /// Adds a file with the content `bytes`; the entry's size is theirs. Throws as `add(_:)`.
    package func add(_ entry: TarEntry, content bytes: [UInt8]) throws(ArchiveError) {
        try checkIsFile(entry)
        var entry = entry
        entry.size = bytes.count
        try write(entry, holes: nil)
        var failure: ArchiveError?
        bytes.withUnsafeBytes { bytes in
            do throws(ArchiveError) { try write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try finishEntry()
    }

    /// Adds a file with the first `entry.size` bytes of the regular file `file`. Its holes
    /// (lseek(2), SEEK_HOLE) are holes in the archive, in GNU tar's format 1.0, unless `keepsHoles` is false: where
    /// holes are depends on the file system, and so do the archive's bytes. Throws as `add(_:)`, and
    /// `ArchiveError.unreadable` and, unless `padsShortFiles` has zeros stand for what a file has lost meanwhile, `changed`,
    /// after which the archive is incomplete and no good.
    package func add(
        _ entry: TarEntry, from file: borrowing FileDescriptor, keepsHoles: Bool = true, padsShortFiles: Bool = false
    ) throws(ArchiveError) {
        try checkIsFile(entry)
        guard entry.size >= 0 else { throw Self.bad(entry, "its size is negative") }
        let data: [Range<Int>]
        do throws(SystemError) {
            // Zeros of a hole are written without being read; so are those behind an end, which is an error otherwise.
            data = keepsHoles || padsShortFiles ? try Self.data(of: file, size: entry.size) : [0..<entry.size]
        } catch { throw .unreadable(error) }
        let isWhole = entry.size == 0 || data == [0..<entry.size]
        try write(entry, holes: isWhole || !keepsHoles ? nil : data)
        var end = 0
        for part in isWhole ? [0..<entry.size] : data {
            try skip(part.lowerBound - end)
            try copy(part, of: file, entry, pads: padsShortFiles)
            end = part.upperBound
        }
        try skip(entry.size - end)
        try finishEntry()
    }

    /// Ends the archive; returns the digest and the size of all of it. Throws what the output threw. Nothing can be
    /// added afterwards.
    package func finish() throws(ArchiveError) -> (digest: Digest, size: Int) {
        try succeed(archive_write_close(archive))
        return (sink.hasher.current(), sink.hasher.count)
    }

    private static func bad(_ entry: TarEntry, _ reason: String) -> ArchiveError {
        .badEntry(entry.name.printable, reason)
    }

    private func checkIsFile(_ entry: TarEntry) throws(ArchiveError) {
        guard entry.kind == .regular else { throw Self.bad(entry, "only files have content") }
    }

    /// Throws where libarchive failed, what the output threw if that was why.
    private func succeed(_ result: CInt) throws(ArchiveError) {
        if let failure = sink.failure { throw failure }
        if result == ARCHIVE_OK { return }
        // A name with other letters than ASCII is written as it is. That it was about a name is in the text alone.
        let message = ArchiveLibrary.message(archive)
        if result == ARCHIVE_WARN && message.begins(with: "Can't translate ") { return }
        throw .unwritable(SystemError("archive_write", message, .invalid))
    }

    private func finishEntry() throws(ArchiveError) { try succeed(archive_write_finish_entry(archive)) }
}

// MARK: - Headers

extension TarWriter {
    private func write(_ entry: TarEntry, holes data: [Range<Int>]?) throws(ArchiveError) {
        try check(entry)
        archive_entry_clear(header)
        copy(entry.name, archive_entry_copy_pathname)
        archive_entry_set_perm(header, entry.mode & 0o7777)
        archive_entry_set_uid(header, Int64(entry.user))
        archive_entry_set_gid(header, Int64(entry.group))
        archive_entry_set_size(header, Int64(entry.size))
        switch entry.kind {
        case .regular: archive_entry_set_filetype(header, UInt32(Glibc.S_IFREG))
        case .directory: archive_entry_set_filetype(header, UInt32(Glibc.S_IFDIR))
        case .fifo: archive_entry_set_filetype(header, UInt32(Glibc.S_IFIFO))
        case .symbolicLink(let target):
            archive_entry_set_filetype(header, UInt32(Glibc.S_IFLNK))
            copy(target, archive_entry_copy_symlink)
        case .hardLink(let target):
            archive_entry_set_filetype(header, UInt32(Glibc.S_IFREG))
            copy(target, archive_entry_copy_hardlink)
        case .characterDevice(let device): setDevice(device, Glibc.S_IFCHR)
        case .blockDevice(let device): setDevice(device, Glibc.S_IFBLK)
        case .other: break
        }
        setTime(entry.modification)
        // The list is written from its last to its first.
        for (name, value) in entry.attributes.sorted(by: { $0.name.bytes.lexicographicallyPrecedes($1.name.bytes) })
            .reversed()
        {
            name.withUnsafeBufferPointer { name in
                value.withUnsafeBytes { value in
                    archive_entry_xattr_add_entry(header, name.baseAddress, value.baseAddress, value.count)
                }
            }
        }
        if let data {
            for part in data { archive_entry_sparse_add_entry(header, Int64(part.lowerBound), Int64(part.count)) }
            // Nothing but a hole: without a part it would be a file like any other.
            if data.isEmpty { archive_entry_sparse_add_entry(header, Int64(entry.size), 0) }
        }
        try succeed(archive_write_header(archive, header))
    }

    private func copy(_ name: RawName, _ set: (OpaquePointer?, UnsafePointer<CChar>?) -> Void) {
        name.withUnsafeBufferPointer { set(header, $0.baseAddress) }
    }

    private func setDevice(_ device: DeviceNumber, _ type: mode_t) {
        archive_entry_set_filetype(header, UInt32(type))
        archive_entry_set_rdev(header, dev_t(device))
    }

    private func setTime(_ own: FileTime) {
        let time =
            switch times {
            case .own: own
            case .notAfter(let latest): min(own, latest)
            case .all(let time): time
            }
        if time.seconds >= 0 || time.nanoseconds == 0 {
            archive_entry_set_mtime(header, time.seconds, time.nanoseconds)
        } else if time.seconds < -1 {
            // libarchive puts a sign before seconds and fraction: -1.25 is one second and a quarter, both before 1970.
            archive_entry_set_mtime(header, time.seconds + 1, 1_000_000_000 - time.nanoseconds)
        } else {
            // It has no way to say -0.25.
            archive_entry_set_mtime(header, -1, 0)
        }
    }

    private func check(_ entry: TarEntry) throws(ArchiveError) {
        try checkName(entry.name, entry, "its name")
        switch entry.kind {
        case .symbolicLink(let target), .hardLink(let target): try checkName(target, entry, "the name that it links to")
        case .other: throw Self.bad(entry, "an archive has no such type")
        default: break
        }
        var size = 0
        for (name, value) in entry.attributes {
            // The others come out as "%20", which only some read back.
            guard Self.canHold(attribute: name) else {
                throw Self.bad(entry, "its attribute \"\(name.printable)\" has a name that an archive cannot hold")
            }
            size += name.count + value.count
        }
        // What reads it back takes a mebibyte for the whole extended header.
        guard size <= Self.maximumAttributes else { throw Self.bad(entry, "its attributes are too large") }
    }

    /// Whether an attribute of this name comes back under it.
    static func canHold(attribute name: RawName) -> Bool {
        name.count > 1 && name.bytes.allSatisfy { (33...126).contains($0) && $0 != 37 && $0 != 61 }
    }

    private func checkName(_ name: RawName, _ entry: TarEntry, _ what: String) throws(ArchiveError) {
        guard name.count > 1 else { throw Self.bad(entry, "\(what) is empty") }
        guard name.count <= Self.maximumPath else {
            throw Self.bad(entry, "\(what) is longer than \(Self.maximumPath - 1) bytes")
        }
        guard name.last == 0, !name.dropLast().contains(0) else { throw Self.bad(entry, "\(what) holds a zero byte") }
    }
}

// MARK: - Content

extension TarWriter {
    private func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = archive_write_data(archive, rest.baseAddress, rest.count)
            guard count > 0 else { return try succeed(CInt(clamping: count == 0 ? Int(ARCHIVE_FATAL) : count)) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Passes over a hole: libarchive counts its bytes and leaves them out.
    private func skip(_ count: Int) throws(ArchiveError) {
        guard count > 0 else { return }
        guard let zeros = calloc(1, min(count, Self.zeros)) else { fatalError("out of memory") }
        defer { free(zeros) }
        var left = count
        while left > 0 {
            let part = min(left, Self.zeros)
            try write(UnsafeRawBufferPointer(start: zeros, count: part))
            left -= part
        }
    }

    private func copy(
        _ part: Range<Int>, of file: borrowing FileDescriptor, _ entry: TarEntry, pads: Bool
    ) throws(ArchiveError) {
        var offset = part.lowerBound
        while offset < part.upperBound {
            let room = min(buffer.count, part.upperBound - offset)
            let got: Int
            do throws(SystemError) {
                got = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]), at: offset)
            } catch { throw .unreadable(error) }
            if got == 0 {
                guard pads else { throw .changed(entry.name.printable) }
                return try skip(part.upperBound - offset)
            }
            try write(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            offset += got
        }
    }

    /// The parts of the file's first `size` bytes that are no holes.
    private static func data(of file: borrowing FileDescriptor, size: Int) throws(SystemError) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var offset = 0
        while offset < size, let part = try file.nextData(from: offset) {
            guard part.lowerBound < size else { break }
            // A file system may give pieces of what is one.
            let end = min(part.upperBound, size)
            if let last = parts.last, last.upperBound == part.lowerBound {
                parts[parts.count - 1] = last.lowerBound..<end
            } else {
                parts.append(part.lowerBound..<end)
            }
            offset = end
        }
        return parts
    }
}
