import Archive
import Errors
import Glibc
import Linux
import Trees

/// Copies by way of an archive: the two ends that read or write one.
enum TarStreams {
    /// A consumer of entries that writes them to `writer`, as Docker does: times in whole seconds, no holes.
    static func consumer(_ writer: TarWriter) -> TreeSource.Consumer {
        { (entry, file) throws(EngineError) in
            var entry = entry
            entry.modification = FileTime(seconds: entry.modification.seconds, nanoseconds: 0)
            do throws(ArchiveError) {
                guard file >= 0 else { return try writer.add(entry) }
                try writer.add(entry, from: try duplicate(file), keepsHoles: false)
            } catch {
                if case .unwritable(let cause) = error { throw EngineError("write: \(cause.errno)") }
                throw EngineError("\(error)")
            }
        }
    }

    private static func duplicate(_ file: CInt) throws(ArchiveError) -> FileDescriptor {
        do throws(SystemError) {
            return FileDescriptor(owning: try check("dup") { dup(file) })
        } catch { throw .unreadable(error) }
    }

    /// Gives all entries of the archive that is read from `descriptor` to `sink`; returns the bytes of the archive.
    static func extract(from descriptor: CInt, into sink: inout TreeSink) throws(EngineError) -> Int {
        let reader = try archive { () throws(ArchiveError) in try TarReader(reading: descriptor) }
        while let entry = try archive({ () throws(ArchiveError) in try reader.next() }) {
            try sink.add(entry, nil, nil, from: reader)
        }
        let size = try archive { () throws(ArchiveError) in try reader.finish().size }
        try sink.finish()
        return size
    }

    private static func archive<T>(_ body: () throws(ArchiveError) -> T) throws(EngineError) -> T {
        do throws(ArchiveError) { return try body() } catch { throw EngineError("\(error)", .invalid) }
    }

    private static let block = 512

    /// The bytes that `entry` takes in an archive of Docker's: what its client counts. `longer`: by how many bytes its name is
    /// longer there.
    static func size(of entry: TarEntry, longer: Int = 0) -> Int {
        func padded(_ count: Int) -> Int { (count / block + (count % block == 0 ? 0 : 1)) * block }
        var records = 0
        func record(_ key: String, _ value: Int) {
            // "LENGTH KEY=VALUE\n", where the length counts its own digits.
            let rest = key.utf8.count + value + 3
            var length = rest + String(rest).utf8.count
            if String(length).utf8.count > String(rest).utf8.count { length = rest + String(length).utf8.count }
            records += length
        }
        let name = entry.name.count - 1 + longer + (entry.kind == .directory ? 1 : 0)
        if name > 100 || entry.name.contains(where: { $0 < 0 }) { record("path", name) }
        switch entry.kind {
        case .symbolicLink(let target), .hardLink(let target):
            if target.count - 1 > 100 || target.contains(where: { $0 < 0 }) { record("linkpath", target.count - 1) }
        default: break
        }
        for (name, value) in entry.attributes where name == RawName("security.capability") {
            record("SCHILY.xattr.security.capability", value.count)
        }
        if entry.size >= 1 << 33 { record("size", String(entry.size).utf8.count) }
        if entry.user >= 1 << 21 { record("uid", String(entry.user).utf8.count) }
        if entry.group >= 1 << 21 { record("gid", String(entry.group).utf8.count) }
        let content = entry.kind == .regular ? min(entry.size, 1 << 60) : 0
        return block + padded(content) + (records > 0 ? block + padded(records) : 0)
    }

    /// What ends an archive.
    static let end = 2 * block
}
