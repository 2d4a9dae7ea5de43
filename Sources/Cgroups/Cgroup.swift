import Bytes
import Glibc
package import Linux

/// A control group of version 2: a directory below `/sys/fs/cgroup`, and the processes in it.
///
/// Closing it does not remove it: that is `remove()`, or systemd's work for a scope.
package struct Cgroup: ~Copyable, Sendable {
    /// The directory's absolute path.
    package let path: String
    /// The directory, for CLONE_INTO_CGROUP and as the place of its files.
    package let directory: FileDescriptor
    /// The systemd unit that it belongs to; nil where it was made directly.
    package let scope: SystemdScope?

    init(path: String, directory: consuming FileDescriptor, scope: SystemdScope? = nil) {
        self.path = path
        self.directory = directory
        self.scope = scope
    }

    /// The cgroup at `path`, a directory. Throws `CgroupError`: ENOENT where it is gone, and for what is no cgroup of
    /// version 2.
    package static func open(_ path: String, scope: SystemdScope? = nil) throws(CgroupError) -> Cgroup {
        let directory = try doing { () throws(SystemError) in
            try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        }
        guard try doing({ () throws(SystemError) in try directory.fileSystemType() }) == .cgroup2 else {
            throw .invalid("\(path) is no control group of version 2")
        }
        return Cgroup(path: path, directory: directory, scope: scope)
    }

    /// The controllers that it has.
    package var controllers: Controllers { Controllers(text("cgroup.controllers") ?? "") }

    /// Removes it and what was made below it. Processes that are just ending are waited for, about a second. Throws
    /// `CgroupError` where others are in it; one that is gone is no error.
    package func remove() throws(CgroupError) { try Cgroup.remove(path) }

    /// Removes it where no process is in it and no cgroup below it, without waiting; false where it is still there.
    package func removeEmpty() -> Bool { rmdir(path) == 0 }

    /// `remove()` by the directory's path.
    package static func remove(_ path: String) throws(CgroupError) {
        try patiently { () throws(SystemError) in try removeTree(path) }
    }

    /// Removes what was made below the cgroup whose directory is open, as `remove` does.
    static func removeChildren(of directory: CInt) throws(CgroupError) {
        try patiently { () throws(SystemError) in _ = try removeBelow(directory) }
    }

    private static func patiently(_ removal: () throws(SystemError) -> Void) throws(CgroupError) {
        // What ends leaves its cgroup a moment after its parent has heard of it.
        var patience = 100
        while true {
            do throws(SystemError) {
                try removal()
                return
            } catch {
                guard error.errno == .busy, patience > 0 else { throw .failed(error) }
                patience -= 1
                usleep(10_000)
            }
        }
    }

    // rmdir(2) does it, whatever files the directory shows.
    private static func removeTree(_ path: String) throws(SystemError) {
        if rmdir(path) == 0 { return }
        let failure = SystemError("rmdir", path)
        if failure.errno == .noEntry { return }
        do throws(SystemError) {
            let root = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            guard try removeBelow(root.rawValue) else { throw failure }
        } catch {
            if error == failure { throw error }
            if error.errno == .noEntry { return }
            throw SystemError(error.call, error.object.map { "\(path)/\($0)" } ?? path, error.errno)
        }
        if rmdir(path) < 0, Errno.current != .noEntry { throw SystemError("rmdir", path) }
    }

    // Whether there was anything to remove.
    private static func removeBelow(_ directory: CInt) throws(SystemError) -> Bool {
        var found = false
        try Files.walk(below: directory) { (parent, name) throws(SystemError) in
            guard try isCgroup(name, in: parent) else { return false }
            found = true
            return unlinkat(parent, name, AT_REMOVEDIR) != 0 && Errno.current != .noEntry
        } leave: { (parent, name) throws(SystemError) in
            if unlinkat(parent, name, AT_REMOVEDIR) != 0, Errno.current != .noEntry {
                throw SystemError("rmdir", name.printable)
            }
        }
        return found
    }

    /// Whether the name is that of a cgroup, and not of one of its files; false for one that goes meanwhile.
    static func isCgroup(_ name: RawName, in directory: CInt) throws(SystemError) -> Bool {
        // Asking for each would take a call; most files are of these.
        if name.bytes.starts(with: "cgroup.".utf8) { return false }
        return try orGone(false) { () throws(SystemError) in
            try Files.status(name, in: directory, following: false).isDirectory
        }
    }

    /// The names of the cgroups directly below the directory `path`, of those that are UTF-8; none where that is gone.
    static func childDirectories(of path: String) throws(SystemError) -> [String] {
        try orGone([]) { () throws(SystemError) in
            let folder = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            var found: [String] = []
            for name in try Files.rawNames(of: folder.rawValue) where try isCgroup(name, in: folder.rawValue) {
                if let text = String(validating: name.bytes, as: UTF8.self) { found.append(text) }
            }
            return found
        }
    }

    /// What `body` says, or `none` for a cgroup that goes meanwhile: its name is not there, and its files say ENODEV.
    static func orGone<T>(_ none: T, _ body: () throws(SystemError) -> T) throws(SystemError) -> T {
        do throws(SystemError) { return try body() } catch {
            if error.errno == .noEntry || error.errno == Errno(ENODEV) { return none }
            throw error
        }
    }

    // MARK: files

    /// The content of one of its files; nil where it has no such file, or it cannot be read.
    func text(_ file: String) -> String? { try? Files.readText(file, in: directory.rawValue, limit: 1 << 20) }

    /// A file that holds one number; nil for "max" and for no file.
    func number(_ file: String) -> UInt64? {
        text(file).flatMap { UInt64($0.prefix { $0 != "\n" }) }
    }

    /// The value of `key` in a file of lines "KEY VALUE"; nil where either is not there.
    func value(_ key: String, of file: String) -> UInt64? {
        text(file).flatMap { FlatKeys($0)[key] }
    }

    func write(_ value: String, to file: String) throws(SystemError) {
        try Files.writeControl(value, to: file, in: directory.rawValue)
    }
}

/// A file of lines "KEY VALUE" (cgroup-v2.rst, Flat keyed).
struct FlatKeys {
    private let text: String

    init(_ text: String) { self.text = text }

    subscript(_ key: String) -> UInt64? {
        for line in text.split(on: "\n") where line.begins(with: key) {
            let rest = line.dropping(key.utf8.count)
            if rest.begins(with: " ") { return UInt64(rest.dropping(1)) }
        }
        return nil
    }
}
