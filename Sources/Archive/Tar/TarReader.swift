import Linux
package import OCI

/// Reads the entries of a tar archive (V7, ustar, PAX, GNU; sparse files in all their forms), compressed or not,
/// in order.
///
/// This is no wrapper of libarchive: that converts the names of PAX headers to the locale's charset with iconv(3),
/// which nothing turns off, and a static glibc then reads converters below /usr/lib/gconv: in a process that has
/// made a layer its root, the layer's own. Here names are bytes.
package final class TarReader {
    private var feed: TarFeed
    /// What is left of the current entry's content in the archive, and the padding after it.
    private var left = 0
    private var padding = 0
    private var sparse: SparseMap?
    private var isAtEnd = false

    /// A longer header or name is refused. Linux takes 64 KiB of attributes for a file and names of 4 KiB.
    private static let maximumExtension = 1 << 20

    /// Borrows `descriptor`, which must stay open; `algorithm` is that of `finish`'s digest.
    /// Throws `ArchiveError`.
    package init(reading descriptor: CInt, _ algorithm: Digest.Algorithm = .sha256) throws(ArchiveError) {
        feed = TarFeed(try DecodingPipeline(reading: descriptor, algorithm))
    }

    /// The next entry, nil at the end of the archive. What was not read of the last one's content is skipped.
    /// Throws `ArchiveError`.
    package func next() throws(ArchiveError) -> TarEntry? {
        var extended = PaxRecords()
        var longName: [UInt8]?
        var longLink: [UInt8]?
        while !isAtEnd {
            try skipContent()
            guard let header = try nextHeader() else {
                if longName != nil || longLink != nil || extended.path != nil {
                    throw .malformed("it ends between an extended header and its entry")
                }
                return nil
            }
            switch header.type {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): extended = try PaxRecords(extensionBytes(header))
            // What a global header says, a commit's number as a rule, concerns no file.
            case UInt8(ascii: "g"), UInt8(ascii: "V"): try setContent(header.size)
            case UInt8(ascii: "L"): longName = TarHeader.text(try extensionBytes(header)[...])
            case UInt8(ascii: "K"): longLink = TarHeader.text(try extensionBytes(header)[...])
            default: return try entry(header, extended, longName, longLink)
            }
        }
        return nil
    }

    /// Calls `body` with the parts of the last entry's content and their offsets, in rising order: what lies
    /// between them is a hole. The bytes are valid during the call. Throws `ArchiveError`, or what `body` throws.
    package func readContent(
        _ body: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let parts = sparse?.parts ?? [0..<left]
        for part in parts {
            var offset = part.lowerBound
            try feed.pass(part.count) { bytes throws(ArchiveError) in
                left -= bytes.count
                try body(bytes, offset)
                offset += bytes.count
            }
        }
        sparse = nil
    }

    /// After the last entry: reads what follows the archive's end, at most `allowance` bytes, because a
    /// layer's diff id is the digest of the whole stream. Returns that digest and the number of bytes.
    /// Throws `ArchiveError`.
    package func finish(allowance: Int = 1 << 30) throws(ArchiveError) -> (digest: Digest, size: Int) {
        try skipContent()
        isAtEnd = true
        return try feed.finish(allowance: allowance)
    }

    private func nextHeader() throws(ArchiveError) -> TarHeader? {
        func isZero(_ block: [UInt8]) -> Bool { block.allSatisfy { $0 == 0 } }
        guard let block = try feed.block() else {
            isAtEnd = true
            return nil
        }
        guard isZero(block) else { return try TarHeader(block) }
        // Two blocks of zeros end an archive. What follows them is nobody's.
        if let second = try feed.block(), !isZero(second) { throw .malformed("an entry follows a block of zeros") }
        isAtEnd = true
        return nil
    }

    private func setContent(_ size: Int) throws(ArchiveError) {
        guard size >= 0 else { throw .malformed("an entry has a negative size") }
        left = size
        padding = (TarFeed.blockSize - size % TarFeed.blockSize) % TarFeed.blockSize
        sparse = nil
    }

    private func skipContent() throws(ArchiveError) {
        let (count, overflow) = left.addingReportingOverflow(padding)
        if overflow { throw .malformed("an entry has an impossible size") }
        left = 0
        padding = 0
        try feed.pass(count) { _ throws(ArchiveError) in }
    }

    private func extensionBytes(_ header: TarHeader) throws(ArchiveError) -> [UInt8] {
        let size = try header.size
        guard (0...Self.maximumExtension).contains(size) else { throw .malformed("an extended header is too large") }
        try setContent(size)
        let bytes = try feed.bytes(size)
        left = 0
        return bytes
    }

    private func entry(
        _ header: TarHeader, _ extended: PaxRecords, _ longName: [UInt8]?, _ longLink: [UInt8]?
    ) throws(ArchiveError) -> TarEntry {
        var name = extended.path ?? longName ?? header.name
        let link = extended.linkPath ?? longLink ?? header.linkName
        let target = link.map(CChar.init(bitPattern:)) + [0]
        // Not with `??`: what its right side throws has no type.
        var size = if let size = extended.size { size } else { try header.size }
        let user = if let user = extended.user { user } else { try header.user }
        let group = if let group = extended.group { group } else { try header.group }
        let modification =
            if let time = extended.modification { time } else {
                FileTime(seconds: try header.modification, nanoseconds: 0)
            }
        let kind: TarEntry.Kind
        switch header.type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"):
            // Before there was a type for them, directories were files whose names end so.
            kind = name.last == UInt8(ascii: "/") ? .directory : .regular
        case UInt8(ascii: "1"): kind = .hardLink(target: target)
        case UInt8(ascii: "2"): kind = .symbolicLink(target: target)
        case UInt8(ascii: "3"): kind = .characterDevice(try header.device)
        case UInt8(ascii: "4"): kind = .blockDevice(try header.device)
        case UInt8(ascii: "5"), UInt8(ascii: "D"): kind = .directory
        case UInt8(ascii: "6"): kind = .fifo
        default: kind = .other
        }
        // These have no content, whatever their size says: old tars give links the size of their target.
        if (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(header.type) { size = 0 }
        try setContent(size)
        if let map = try sparseMap(header, extended) {
            if let realName = extended.sparse.name { name = realName }
            size = map.size
            sparse = map
        }
        return TarEntry(
            name: name.map(CChar.init(bitPattern:)) + [0], kind: kind, mode: try header.mode,
            user: try owner(user, name), group: try owner(group, name), size: size, modification: modification,
            access: extended.access, attributes: extended.attributes)
    }

    private func owner(_ id: Int, _ name: [UInt8]) throws(ArchiveError) -> UInt32 {
        // The largest number means "leave it as it is" to chown(2).
        guard let number = UInt32(exactly: id), number != .max else {
            let printable = RawName(name.map(CChar.init(bitPattern:)) + [0]).printable
            throw .malformed("the owner \(id) of \"\(printable)\" is out of range")
        }
        return number
    }

    private func sparseMap(_ header: TarHeader, _ extended: PaxRecords) throws(ArchiveError) -> SparseMap? {
        if header.type == UInt8(ascii: "S") {
            let (numbers, size) = try SparseMap.old(header) { () throws(ArchiveError) in try feed.block() }
            return try SparseMap(numbers, size: size, stored: left)
        }
        guard let size = extended.sparse.realSize else { return nil }
        var numbers = extended.sparse.map
        if extended.sparse.major == 1 {
            // The map comes before the content, in lines, filled up to a block.
            var block = try mapBlock()
            func line() throws(ArchiveError) -> Int {
                var digits: [UInt8] = []
                while true {
                    if block.isEmpty { block = try mapBlock() }
                    let byte = block.removeFirst()
                    if byte == 10 { break }
                    digits.append(byte)
                    if digits.count > 20 { break }
                }
                guard let number = PaxRecords.decimal(digits[...]) else {
                    throw .malformed("the map of a sparse file is invalid")
                }
                return number
            }
            let count = try line()
            guard count <= SparseMap.maximumParts else { throw .malformed("the map of a sparse file is too long") }
            numbers = []
            for _ in 0..<(count * 2) { numbers.append(try line()) }
        }
        return try SparseMap(numbers, size: size, stored: left)
    }

    /// A block of the map that begins the content.
    private func mapBlock() throws(ArchiveError) -> ArraySlice<UInt8> {
        guard left >= TarFeed.blockSize, let block = try feed.block() else {
            throw .malformed("the map of a sparse file is invalid")
        }
        left -= TarFeed.blockSize
        return block[...]
    }
}
