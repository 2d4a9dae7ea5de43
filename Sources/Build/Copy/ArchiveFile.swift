import Archive
import Glibc
import Linux

/// A file that may be an archive, as ADD asks it: by its content, whatever it is called.
enum ArchiveFile {
    /// Whether the regular file `name` is a tar archive with something in it, compressed or not. Throws `SystemError` where it cannot be read.
    static func isArchive(_ name: RawName, in directory: CInt) throws(SystemError) -> Bool {
        let file = try Files.open(raw: name, in: directory, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        return try isArchive(file)
    }

    /// The same of an open file, which is read from where it stands.
    static func isArchive(_ file: borrowing FileDescriptor) throws(SystemError) -> Bool {
        do throws(ArchiveError) { return try TarReader(reading: file.rawValue).next() != nil } catch {
            if case .unreadable(let cause) = error { throw cause }
            return false
        }
    }
}
