import CLinux
import Glibc

// The calls that a start makes most, for names that are texts: a text as the argument of a function that takes a pointer becomes
// an array first, which costs more than the look at a file does.

extension FileDescriptor {
    /// openat(2); `flags` get O_CLOEXEC. Throws `SystemError`.
    package static func open(
        _ path: String, in directory: CInt = AT_FDCWD, _ flags: CInt, mode: FileMode = 0o666
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try check("open", path.withCString { Files.printable($0) }) {
                path.withCString { apus_open(directory, $0, flags | O_CLOEXEC, mode) }
            })
    }
}

extension Files {
    /// fstatat(2), following a final symbolic link only if `following`.
    package static func status(
        _ path: String, in directory: CInt = AT_FDCWD, following: Bool = true
    ) throws(SystemError) -> FileStatus {
        var value = stat()
        try check("stat", path.withCString { printable($0) }) {
            path.withCString { fstatat(directory, $0, &value, following ? 0 : AT_SYMLINK_NOFOLLOW) }
        }
        return FileStatus(value)
    }

    /// As for a name in bytes.
    package static func exists(_ path: String, in directory: CInt = AT_FDCWD) -> Bool {
        path.withCString { exists($0, in: directory) }
    }

    /// As for a name in bytes.
    package static func mayExecute(_ path: String) -> Errno? {
        path.withCString { mayExecute($0) }
    }
}
