import Glibc

/// A file that is written whole, or not at all. What has no name yet is gone with the process.
package struct WholeFile: ~Copyable {
    /// The file, to write to.
    package var descriptor: FileDescriptor { _read { yield file } }
    private let file: FileDescriptor
    private let path: String
    /// The name that the file has until it is whole; nil where it has none, or is no file of ours.
    private let temporary: String?
    private let isOurs: Bool

    /// Opens what has the name `path` where that is a device or a FIFO; otherwise a new file beside it. Throws `SystemError`:
    /// EISDIR for a directory.
    package init(_ path: String) throws(SystemError) {
        var temporary: String?
        var isOurs = true
        file = try Self.open(path, &temporary, &isOurs)
        self.path = path
        self.temporary = temporary
        self.isOurs = isOurs
    }

    private static func open(
        _ path: String, _ temporary: inout String?, _ isOurs: inout Bool
    ) throws(SystemError) -> FileDescriptor {
        if let status = try status(path), !status.isRegular {
            guard !status.isDirectory else { throw SystemError("open", path, .isDirectory) }
            isOurs = false
            return try FileDescriptor.open(path, O_WRONLY | O_NOCTTY)
        }
        let folder = Files.split(path).parent
        do throws(SystemError) {
            return try FileDescriptor.open(folder, O_WRONLY | Files.unnamed, mode: 0o600)
        } catch  where error.errno == .notSupported || error.errno == .isDirectory || error.errno == .invalid {
            let name = "\(folder)/.apus.\(getpid()).\(randomHex(bytes: 6))"
            let file = try FileDescriptor.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            temporary = name
            return file
        }
    }

    deinit { if let temporary { unlink(temporary) } }

    /// The descriptor to write to, which is this value's.
    package var number: CInt { file.rawValue }

    /// Gives the file its name, in the place of what had it. Throws `SystemError`; nothing is left then.
    package func keep() throws(SystemError) {
        guard isOurs else { return }
        try file.sync()
        if let temporary { return try Files.rename(temporary, to: path) }
        let name = "\(Files.split(path).parent)/.apus.\(getpid()).\(randomHex(bytes: 6))"
        try Files.name(file, name)
        do throws(SystemError) { try Files.rename(name, to: path) } catch {
            unlink(name)
            throw error
        }
    }

    // nil where nothing has the name.
    private static func status(_ path: String) throws(SystemError) -> FileStatus? {
        do throws(SystemError) { return try Files.status(path) } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
    }
}
