import CLinux
import Glibc

/// A file that has no name and lives in memory (memfd_create(2)).
package enum MemoryFile {
    /// An empty one, close-on-exec, that may be executed and sealed. With vm.memfd_noexec=2 there is none: throws EACCES,
    /// with that setting in its words.
    static func executable(_ name: String) throws(SystemError) -> FileDescriptor {
        let number = apus_memfd_executable(name)
        if number < 0, Errno.current == .access {
            throw SystemError("memfd_create", "\(name), which vm.memfd_noexec forbids to execute", .access)
        }
        return FileDescriptor(owning: try check("memfd_create", name) { number })
    }

    /// A sealed one with the ELF file that `image` writes into a buffer of a given size.
    static func program(
        _ name: String, _ image: (UnsafeMutableRawPointer, Int) -> Int
    ) throws(SystemError) -> FileDescriptor {
        let file = try executable(name)
        var failure: SystemError?
        withUnsafeTemporaryAllocation(byteCount: 8192, alignment: 16) { buffer in
            do throws(SystemError) {
                let size = image(buffer.baseAddress!, buffer.count)
                try file.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<size]))
                let number = file.rawValue
                try check("fcntl F_ADD_SEALS") { apus_memfd_seal(number) }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return file
    }

    /// A new one for data, close-on-exec and never to be executed (MFD_NOEXEC_SEAL, Linux 6.3), with `content`, to be read from its beginning.
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
