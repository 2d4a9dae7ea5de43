import CLinux
import Glibc

/// Permission bits, or a whole `st_mode` (inode(7)).
package typealias FileMode = UInt32

/// File operations relative to a directory descriptor (AT_FDCWD by default); each throws `SystemError`.
///
/// A name is what the kernel takes, bytes with a final zero: a `String` and a `RawName` can both be passed.
package enum Files {
    /// The whole content of the regular file at `path`; throws EFBIG past `limit` bytes, and `Errno.notRegular` for a pipe or a
    /// device, which nobody may ever write to.
    package static func read(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD, limit: Int = .max
    ) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, in: directory, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        let status = try file.status()
        guard status.isRegular || status.isDirectory else { throw SystemError("read", printable(path), .notRegular) }
        return try file.readAll(limit: limit, expecting: Int(status.size))
    }

    /// As `read`, of whatever the user named: a pipe is waited for, as those are that a shell makes of `<(…)`.
    package static func readGiven(_ path: UnsafePointer<CChar>, limit: Int) throws(SystemError) -> [UInt8] {
        try FileDescriptor.open(path, O_RDONLY | O_NOCTTY).readAll(limit: limit)
    }

    /// The content of the file at `path` as text; bytes that are no UTF-8 are replaced.
    package static func readText(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD, limit: Int = .max
    ) throws(SystemError) -> String {
        String(decoding: try read(path, in: directory, limit: limit), as: UTF8.self)
    }

    /// The content of a file of /proc or /sys, which exists and has lines of less than 2 KB: without a look at its status, and
    /// without a further call for an end that shows.
    package static func readControl(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD
    ) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, in: directory, O_RDONLY)
        var bytes: [UInt8] = []
        var failure: SystemError?
        var got = 0
        repeat {
            withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { chunk in
                do throws(SystemError) {
                    got = try file.read(into: chunk)
                    bytes.append(contentsOf: chunk[..<got])
                } catch { failure = error }
            }
            if let failure { throw failure }
            // The kernel gives as many whole lines as it has room for (seq_file.rst).
        } while got >= 2048
        return bytes
    }

    /// Creates or truncates the file at `path` and writes `bytes`, without any promise about a crash. Throws ENXIO for a pipe
    /// that nobody reads.
    package static func write(
        _ bytes: some Collection<UInt8>, to path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD,
        mode: FileMode = 0o644
    ) throws(SystemError) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY
        try FileDescriptor.open(path, in: directory, flags, mode: mode).writeAll(bytes)
    }

    /// Writes `text` to a file that exists, in one call: files of /proc and /sys.
    package static func writeControl(
        _ text: String, to path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD
    ) throws(SystemError) {
        let file = try FileDescriptor.open(path, in: directory, O_WRONLY)
        var copy = text
        let failed: Errno? = copy.withUTF8 { bytes in
            Glibc.write(file.rawValue, bytes.baseAddress, bytes.count) < 0 ? Errno.current : nil
        }
        if let failed { throw SystemError("write", printable(path), failed) }
    }

    /// Replaces the file at `path` so that after a crash either the old or the new content is there:
    /// temporary name, fsync, rename, fsync of the directory. `durable: false` leaves the fsyncs out.
    package static func replace(
        _ path: String, in directory: CInt = AT_FDCWD, with bytes: some Collection<UInt8>, mode: FileMode = 0o644,
        durable: Bool = true
    ) throws(SystemError) {
        let (parent, name) = split(path)
        let folder = try FileDescriptor.open(parent, in: directory, O_RDONLY | O_DIRECTORY)
        let temporary = ".\(name).\(getpid()).\(randomHex(bytes: 4)).tmp"
        do throws(SystemError) {
            let file = try FileDescriptor.open(
                temporary, in: folder.rawValue, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
            try file.writeAll(bytes)
            if durable { try file.sync() }
            try rename(temporary, in: folder.rawValue, to: name, in: folder.rawValue)
        } catch {
            unlinkat(folder.rawValue, temporary, 0)
            throw error
        }
        if durable { try folder.sync() }
    }

    /// fsync of the directory at `path`, so that names created or removed in it survive a crash.
    package static func syncDirectory(_ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD) throws(SystemError) {
        try FileDescriptor.open(path, in: directory, O_RDONLY | O_DIRECTORY).sync()
    }

    /// mkdirat(2). Throws EEXIST for a name that is taken.
    package static func makeDirectory(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD, mode: FileMode = 0o755
    ) throws(SystemError) {
        try check("mkdir", printable(path)) { mkdirat(directory, path, mode) }
    }

    /// Creates the directory at `path` and its missing parents; one that exists is left as it is.
    package static func makeDirectories(_ path: String, in directory: CInt = AT_FDCWD, mode: FileMode = 0o755)
        throws(SystemError)
    {
        do throws(SystemError) {
            try makeDirectory(path, in: directory, mode: mode)
        } catch {
            switch error.errno {
            case .exists:
                if try status(path, in: directory).isDirectory { return }
                throw SystemError("mkdir", path, .notDirectory)
            case .noEntry:
                let (parent, _) = split(path)
                if parent == path || parent == "." { throw error }
                try makeDirectories(parent, in: directory, mode: mode)
                // Where the parent exists, ENOENT is the file system's last word: /proc says it of every new name.
                do throws(SystemError) {
                    try makeDirectory(path, in: directory, mode: mode)
                } catch  where error.errno == .exists {
                    guard try status(path, in: directory).isDirectory else {
                        throw SystemError("mkdir", path, .notDirectory)
                    }
                }
            default: throw error
            }
        }
    }

    /// renameat(2): replaces what `target` names.
    package static func rename(
        _ source: UnsafePointer<CChar>, in sourceDirectory: CInt = AT_FDCWD, to target: UnsafePointer<CChar>,
        in targetDirectory: CInt = AT_FDCWD
    ) throws(SystemError) {
        try check("rename", printable(source)) { renameat(sourceDirectory, source, targetDirectory, target) }
    }

    /// renameat2(2) with RENAME_NOREPLACE: throws EEXIST when `target` is taken.
    package static func renameExclusively(
        _ source: UnsafePointer<CChar>, in sourceDirectory: CInt = AT_FDCWD, to target: UnsafePointer<CChar>,
        in targetDirectory: CInt = AT_FDCWD
    ) throws(SystemError) {
        try check("renameat2", printable(source)) {
            apus_renameat2(sourceDirectory, source, targetDirectory, target, 1)
        }
    }

    /// renameat2(2) with RENAME_EXCHANGE: each of the two gets the other's name, at once.
    package static func exchange(
        _ one: UnsafePointer<CChar>, _ other: UnsafePointer<CChar>
    ) throws(SystemError) {
        try check("renameat2", printable(one)) { apus_renameat2(AT_FDCWD, one, AT_FDCWD, other, 2) }
    }

    /// unlinkat(2) of what is no directory; a missing name is no error.
    package static func unlink(_ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD) throws(SystemError) {
        do throws(SystemError) {
            try check("unlink", printable(path)) { unlinkat(directory, path, 0) }
        } catch  where error.errno == .noEntry {}
    }

    /// fstatat(2), following a final symbolic link only if `following`.
    package static func status(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD, following: Bool = true
    ) throws(SystemError) -> FileStatus {
        var value = stat()
        try check("stat", printable(path)) {
            fstatat(directory, path, &value, following ? 0 : AT_SYMLINK_NOFOLLOW)
        }
        return FileStatus(value)
    }

    /// Why the calling process may not execute the file at `path`, asked with the rights that it acts with, and not with
    /// those of its real user; nil where it may. A filter that refuses the question is no answer: execve(2) gives that.
    package static func mayExecute(_ path: UnsafePointer<CChar>) -> Errno? {
        if faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 { return nil }
        let errno = Errno.current
        guard errno == .notPermitted || errno == .notImplemented else { return errno }
        return access(path, F_OK) == 0 ? nil : .current
    }

    /// Throws EACCES, EROFS or whatever else forbids this process what `mode` (W_OK, X_OK) asks for (faccessat(2)), ENOENT for what is not there.
    package static func checkAccess(_ path: String, _ mode: CInt) throws(SystemError) {
        guard faccessat(AT_FDCWD, path, mode, AT_EACCESS) != 0 else { return }
        let errno = Errno.current
        // Before Linux 5.8, and below seccomp filters that do not know the call, the real ids are asked.
        guard errno == .notImplemented, access(path, mode) == 0 else { throw SystemError("access", path, errno) }
    }

    /// Whether anything has the name `path`, a dangling symbolic link included.
    package static func exists(_ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD) -> Bool {
        faccessat(directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// As `exists`, where something depends on the answer "no": throws for what only could not be looked at. A name whose
    /// parent is missing, or no directory, is not there.
    package static func isPresent(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD
    ) throws(SystemError) -> Bool {
        if exists(path, in: directory) { return true }
        let errno = Errno.current
        if errno == .noEntry || errno == .notDirectory { return false }
        throw SystemError("faccessat", printable(path), errno)
    }

    /// The target of the symbolic link at `path`; nil where there is none: no such name, or something else has it.
    package static func linkTarget(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD
    ) throws(SystemError) -> String? {
        do throws(SystemError) { return try readLink(path, in: directory) } catch {
            switch error.errno {
            case .noEntry, .notDirectory, .invalid, .nameTooLong: return nil
            default: throw error
            }
        }
    }

    /// The target of the symbolic link at `path`; bytes that are no UTF-8 are replaced.
    package static func readLink(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD
    ) throws(SystemError) -> String {
        String(decoding: try readLink(raw: path, in: directory).bytes, as: UTF8.self)
    }

    /// The target of the symbolic link `name`, or of `directory` itself (O_PATH) where `name` is empty.
    package static func readLink(raw name: UnsafePointer<CChar>, in directory: CInt) throws(SystemError) -> RawName {
        var target: RawName = []
        var failure: SystemError?
        let room = Int(PATH_MAX)
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: room) { buffer in
            do throws(SystemError) {
                let length = try check("readlink", printable(name)) {
                    readlinkat(directory, name, buffer.baseAddress!, room)
                }
                target.reserveCapacity(length + 1)
                target.append(contentsOf: buffer[..<length])
                target.append(0)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return target
    }

    /// What open(2) makes a file without a name by, in the directory that it is given (O_TMPFILE).
    package static let unnamed: CInt = 0o20000000 | O_DIRECTORY

    /// Gives the open file, which has no name (`unnamed`), the name `path`. Throws `SystemError`: EEXIST for a name that is
    /// taken.
    package static func name(_ file: borrowing FileDescriptor, _ path: String) throws(SystemError) {
        try check("linkat", path) {
            linkat(AT_FDCWD, "/proc/self/fd/\(file.rawValue)", AT_FDCWD, path, AT_SYMLINK_FOLLOW)
        }
    }

    /// The directory part and the last component of `path`: ("/a/b", "c") for "/a/b/c", (".", "c") for "c".
    package static func split(_ path: String) -> (parent: String, name: String) {
        // By bytes: a "/" that a combining character follows is no Character "/", but it is a separator.
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let parent = path[..<slash]
        return (parent.isEmpty ? "/" : String(parent), String(path[path.utf8.index(after: slash)...]))
    }

    /// A name as messages show it.
    static func printable(_ name: UnsafePointer<CChar>) -> String {
        RawName(UnsafeBufferPointer(start: name, count: strlen(name) + 1)).printable
    }
}
