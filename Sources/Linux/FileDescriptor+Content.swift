import CLinux
import Glibc

/// Contents of regular files: written in place, with holes, and copied without passing through the process.
extension FileDescriptor {
    /// Writes all of `bytes` at `offset` (pwrite(2)), in as many calls as it takes. Throws `SystemError`.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            written += try check("write") {
                pwrite(rawValue, bytes.baseAddress! + written, bytes.count - written, off_t(offset + written))
            }
        }
    }

    /// Makes the file `size` bytes long (ftruncate(2)); what is new is a hole. Throws `SystemError`.
    package func setSize(_ size: Int) throws(SystemError) {
        try check("ftruncate") { ftruncate(rawValue, off_t(size)) }
    }

    /// Makes this file share the blocks of `source` (ioctl_ficlone(2)). Throws `SystemError`: EOPNOTSUPP, EXDEV
    /// or EINVAL where the file systems cannot.
    package func share(blocksOf source: borrowing FileDescriptor) throws(SystemError) {
        try check("ficlone") { apus_clone_file(source.rawValue, rawValue) }
    }

    /// Copies up to `length` bytes at `offset` of `source` to the same place here, in the kernel
    /// (copy_file_range(2)); returns the number copied, 0 at the end of `source`. Throws `SystemError`.
    package func copyRange(
        from source: borrowing FileDescriptor, at offset: Int, length: Int
    ) throws(SystemError) -> Int {
        var from = Int64(offset)
        var to = from
        return try check("copy_file_range") {
            apus_copy_file_range(source.rawValue, &from, rawValue, &to, length)
        }
    }

    /// One pread(2) at `offset`; 0 at the end of the file. Throws `SystemError`.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try check("read") { pread(rawValue, buffer.baseAddress, buffer.count, off_t(offset)) }
    }

    /// The next range of data at or after `offset` (lseek(2), SEEK_DATA and SEEK_HOLE), in bytes; nil where only
    /// a hole follows. Throws `SystemError`.
    package func nextData(from offset: Int) throws(SystemError) -> Range<Int>? {
        do throws(SystemError) {
            let start = try check("lseek") { apus_seek_data(rawValue, Int64(offset)) }
            let end = try check("lseek") { apus_seek_hole(rawValue, start) }
            return Int(start)..<Int(end)
        } catch  where error.errno == Errno(ENXIO) {
            return nil
        }
    }
}
