import CLinux
package import Glibc

/// Permission bits, or a whole `st_mode` (inode(7)).
package typealias FileMode = UInt32

/// File operations relative to a directory descriptor (AT_FDCWD by default); each throws `SystemError`.
package enum Files {
    /// The whole content of the file at `path`; throws EFBIG past `limit` bytes.
    package static func read(
        _ path: String, in directory: CInt = AT_FDCWD, limit: Int = .max
    ) throws(SystemError) -> [UInt8] {
        try FileDescriptor.open(path, in: directory, O_RDONLY).readAll(limit: limit)
    }

    /// The content of the file at `path` as text; bytes that are no UTF-8 are replaced.
    package static func readText(
        _ path: String, in directory: CInt = AT_FDCWD, limit: Int = .max
    ) throws(SystemError) -> String {
        String(decoding: try read(path, in: directory, limit: limit), as: UTF8.self)
    }

    /// Creates or truncates the file at `path` and writes `bytes`, without any promise about a crash.
    package static func write(
        _ bytes: some Collection<UInt8>, to path: String, in directory: CInt = AT_FDCWD, mode: FileMode = 0o644
    ) throws(SystemError) {
        try FileDescriptor.open(path, in: directory, O_WRONLY | O_CREAT | O_TRUNC, mode: mode).writeAll(bytes)
    }

    /// Writes `text` to a file that exists, in one call: files of /proc and /sys.
    package static func writeControl(_ text: String, to path: String, in directory: CInt = AT_FDCWD) throws(SystemError)
    {
        let file = try FileDescriptor.open(path, in: directory, O_WRONLY)
        var copy = text
        let failed: Errno? = copy.withUTF8 { bytes in
            Glibc.write(file.rawValue, bytes.baseAddress, bytes.count) < 0 ? Errno.current : nil
        }
        if let failed { throw SystemError("write", path, failed) }
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
    package static func syncDirectory(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) {
        try FileDescriptor.open(path, in: directory, O_RDONLY | O_DIRECTORY).sync()
    }

    /// mkdirat(2). Throws EEXIST for a name that is taken.
    package static func makeDirectory(_ path: String, in directory: CInt = AT_FDCWD, mode: FileMode = 0o755)
        throws(SystemError)
    {
        try check("mkdir", path) { mkdirat(directory, path, mode) }
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
        _ source: String, in sourceDirectory: CInt = AT_FDCWD, to target: String, in targetDirectory: CInt = AT_FDCWD
    ) throws(SystemError) {
        try check("rename", source) { renameat(sourceDirectory, source, targetDirectory, target) }
    }

    /// renameat2(2) with RENAME_NOREPLACE: throws EEXIST when `target` is taken.
    package static func renameExclusively(
        _ source: String, in sourceDirectory: CInt = AT_FDCWD, to target: String, in targetDirectory: CInt = AT_FDCWD
    ) throws(SystemError) {
        try check("renameat2", source) { apus_renameat2(sourceDirectory, source, targetDirectory, target, 1) }
    }

    /// Removes the file at `path`; a missing one is no error.
    package static func unlink(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) {
        do throws(SystemError) {
            try check("unlink", path) { unlinkat(directory, path, 0) }
        } catch  where error.errno == .noEntry {}
    }

    /// fstatat(2), following a final symbolic link only if `following`.
    package static func status(
        _ path: String, in directory: CInt = AT_FDCWD, following: Bool = true
    ) throws(SystemError) -> FileStatus {
        var value = stat()
        try check("stat", path) { fstatat(directory, path, &value, following ? 0 : AT_SYMLINK_NOFOLLOW) }
        return FileStatus(value)
    }

    /// Whether anything has the name `path`, a dangling symbolic link included.
    package static func exists(_ path: String, in directory: CInt = AT_FDCWD) -> Bool {
        faccessat(directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// As `exists`, where something depends on the answer "no": throws for what only could not be looked at. A name whose
    /// parent is missing, or no directory, is not there.
    package static func isPresent(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) -> Bool {
        if exists(path, in: directory) { return true }
        let errno = Errno.current
        if errno == .noEntry || errno == .notDirectory { return false }
        throw SystemError("faccessat", path, errno)
    }

    /// The target of the symbolic link at `path`; nil where there is none: no such name, or something else has it.
    package static func linkTarget(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) -> String? {
        do throws(SystemError) { return try readLink(path, in: directory) } catch {
            switch error.errno {
            case .noEntry, .notDirectory, .invalid, .nameTooLong: return nil
            default: throw error
            }
        }
    }

    /// The target of the symbolic link at `path`.
    package static func readLink(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) -> String {
        let room = Int(PATH_MAX)
        var text = ""
        var failed: SystemError?
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: room) { buffer in
            let length = readlinkat(directory, path, buffer.baseAddress!, room)
            if length < 0 {
                failed = SystemError("readlink", path)
            } else {
                text = String(decoding: UnsafeRawBufferPointer(buffer)[..<length], as: UTF8.self)
            }
        }
        if let failed { throw failed }
        return text
    }

    /// The names in the directory at `path`, without "." and "..", in no order. A name that is no UTF-8 is
    /// repaired and so cannot be opened again: use `names(of:)` where such names matter.
    package static func list(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) -> [String] {
        try names(of: path, in: directory).map { String(decoding: $0.dropLast(), as: UTF8.self) }
    }

    /// The names in the directory at `path` as C strings, with their final zero, without "." and "..".
    package static func names(of path: String, in directory: CInt = AT_FDCWD) throws(SystemError) -> [[UInt8]] {
        try names(in: FileDescriptor.open(path, in: directory, O_RDONLY | O_DIRECTORY), path)
    }

    static func names(of folder: borrowing FileDescriptor) throws(SystemError) -> [[UInt8]] {
        try names(in: FileDescriptor.open(".", in: folder.rawValue, O_RDONLY | O_DIRECTORY), nil)
    }

    // `path` is what the directory is called in errors.
    private static func names(in folder: consuming FileDescriptor, _ path: String?) throws(SystemError) -> [[UInt8]] {
        let number = folder.release()
        guard let stream = fdopendir(number) else {
            let failure = SystemError("fdopendir", path)
            close(number)
            throw failure
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = try nextEntry(of: stream, path) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
                    Array(
                        UnsafeBufferPointer(
                            start: bytes, count: strlen(UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self)) + 1
                        ))
                }
            }
            if name == [46, 0] || name == [46, 46, 0] { continue }
            names.append(name)
        }
        return names
    }

    // The end of a directory and a failure to read on are told apart by errno alone (readdir(3)).
    static func nextEntry(
        of stream: OpaquePointer, _ path: String? = nil
    ) throws(SystemError) -> UnsafeMutablePointer<dirent>? {
        Glibc.errno = 0
        if let entry = readdir(stream) { return entry }
        let errno = Errno.current
        if errno.rawValue != 0 { throw SystemError("readdir", path, errno) }
        return nil
    }

    /// Removes what `path` names and everything below it, never following a symbolic link and never
    /// leaving the file system by one; a missing path is no error. Directories that forbid it are opened
    /// up first.
    package static func removeTree(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) {
        var name = Array(path.utf8)
        name.append(0)
        try removeTree(name: name, in: directory)
    }

    static func removeTree(name: [UInt8], in directory: CInt) throws(SystemError) {
        func unlinked(_ flags: CInt) -> Errno? {
            name.withUnsafeBytes {
                unlinkat(directory, $0.assumingMemoryBound(to: CChar.self).baseAddress!, flags) == 0 ? nil : .current
            }
        }
        guard let failure = unlinked(0), failure != .noEntry else { return }
        // Linux says EISDIR, POSIX EPERM, for a directory.
        guard failure == .isDirectory || failure == .notPermitted else {
            throw SystemError("unlink", String(decoding: name.dropLast(), as: UTF8.self), failure)
        }
        guard let again = unlinked(AT_REMOVEDIR), again != .noEntry else { return }
        guard again == .notEmpty || again == .exists || again == .access else {
            throw SystemError("rmdir", String(decoding: name.dropLast(), as: UTF8.self), again)
        }
        let folder = try openForRemoval(name, in: directory)
        for child in try names(of: folder) { try removeTree(name: child, in: folder.rawValue) }
        if let last = unlinked(AT_REMOVEDIR), last != .noEntry {
            throw SystemError("rmdir", String(decoding: name.dropLast(), as: UTF8.self), last)
        }
    }

    private static func openForRemoval(_ name: [UInt8], in directory: CInt) throws(SystemError) -> FileDescriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        func opened() -> CInt {
            name.withUnsafeBytes {
                apus_open(directory, $0.assumingMemoryBound(to: CChar.self).baseAddress!, flags, 0)
            }
        }
        func writable(_ number: CInt) -> Bool { faccessat(number, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0 }
        var number = opened()
        if number < 0 || !writable(number) {
            _ = name.withUnsafeBytes {
                fchmodat(directory, $0.assumingMemoryBound(to: CChar.self).baseAddress!, 0o700, 0)
            }
            if number >= 0 { close(number) }
            number = opened()
        }
        guard number >= 0 else { throw SystemError("open", String(decoding: name.dropLast(), as: UTF8.self)) }
        return FileDescriptor(owning: number)
    }

    /// The directory part and the last component of `path`: ("/a/b", "c") for "/a/b/c", (".", "c") for "c".
    package static func split(_ path: String) -> (parent: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let parent = path[..<slash]
        return (parent.isEmpty ? "/" : String(parent), String(path[path.index(after: slash)...]))
    }
}

/// What stat(2) says of a file.
package struct FileStatus: Sendable {
    package let raw: stat
    package init(_ raw: stat) { self.raw = raw }

    package var isDirectory: Bool { raw.st_mode & S_IFMT == S_IFDIR }
    package var isRegular: Bool { raw.st_mode & S_IFMT == S_IFREG }
    package var isSymbolicLink: Bool { raw.st_mode & S_IFMT == S_IFLNK }
    package var isSocket: Bool { raw.st_mode & S_IFMT == S_IFSOCK }
    /// The size in bytes.
    package var size: Int { Int(raw.st_size) }
    /// The permission bits with set-user-ID, set-group-ID and sticky.
    package var permissions: FileMode { raw.st_mode & 0o7777 }
}

/// `bytes` random bytes of the kernel (getrandom(2)) as lowercase hexadecimal digits.
package func randomHex(bytes: Int) -> String {
    var random = [UInt8](repeating: 0, count: bytes)
    random.withUnsafeMutableBytes { buffer in
        var filled = 0
        while filled < buffer.count {
            let got = apus_getrandom(buffer.baseAddress! + filled, buffer.count - filled)
            if got > 0 { filled += got }
        }
    }
    return hex(random)
}

/// Whether `text` consists of lowercase hexadecimal digits, as `hex` writes them, at least one.
@inlinable
package func isHex(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}

/// Lowercase hexadecimal digits of `bytes`.
@inlinable
package func hex(_ bytes: some Sequence<UInt8>) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digit(byte >> 4))
        text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}
