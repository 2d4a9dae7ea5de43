import CLinux
import Glibc

/// A file that has no name and lives in memory (memfd_create(2)).
package enum MemoryFile {
    /// A new one, close-on-exec, with `content`, to be read from its beginning.
    package static func create(_ name: String, _ content: [UInt8] = []) throws(SystemError) -> FileDescriptor {
        let file = FileDescriptor(owning: try check("memfd_create", name) { apus_memfd(name) })
        if content.isEmpty { return file }
        try file.writeAll(content)
        try file.rewind()
        return file
    }
}

extension FileDescriptor {
    /// The next read(2) or write(2) starts at the beginning of the file again, for all who share the open file.
    package func rewind() throws(SystemError) { try check("lseek") { lseek(rawValue, 0, SEEK_SET) } }
}
