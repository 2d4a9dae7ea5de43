import Glibc
import Linux

/// Copies a directory's content into a new file system ("tmpcopyup"): files, directories, links and their owners and
/// modes; other kinds of files where the process may make them.
enum CopyUp {
    static func copy(_ source: borrowing FileDescriptor, to target: borrowing FileDescriptor) throws(SystemError) {
        for name in try Files.list(".", in: source.rawValue) {
            try copy(name, from: source.rawValue, to: target.rawValue)
        }
    }

    private static func copy(_ name: String, from source: CInt, to target: CInt) throws(SystemError) {
        let status = try Files.status(name, in: source, following: false)
        let (user, group) = (status.raw.st_uid, status.raw.st_gid)
        if status.isSymbolicLink {
            let link = try Files.readLink(name, in: source)
            try check("symlink", name) { symlinkat(link, target, name) }
            try check("chown", name) { fchownat(target, name, user, group, AT_SYMLINK_NOFOLLOW) }
            return
        }
        if status.isDirectory {
            try Files.makeDirectory(name, in: target, mode: 0o700)
            let from = try FileDescriptor.open(name, in: source, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            let to = try FileDescriptor.open(name, in: target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            try copy(from, to: to)
        } else if status.isRegular {
            let from = try FileDescriptor.open(name, in: source, O_RDONLY | O_NOFOLLOW)
            let to = try FileDescriptor.open(name, in: target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            try to.writeAll(try from.readAll())
        } else if mknodat(target, name, status.raw.st_mode, status.raw.st_rdev) < 0 {
            if Errno.current == .notPermitted { return }
            throw SystemError("mknod", name)
        }
        // The owner first: a change of it takes away set-user-ID bits.
        try check("chown", name) { fchownat(target, name, user, group, AT_SYMLINK_NOFOLLOW) }
        try check("chmod", name) { fchmodat(target, name, status.permissions, 0) }
    }
}
