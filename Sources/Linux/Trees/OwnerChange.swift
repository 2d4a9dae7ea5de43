import Glibc

/// Gives a file, or a directory and everything below it, one owner and one group.
package struct OwnerChange {
    private let user: UInt32
    private let group: UInt32
    private let crossesMounts: Bool

    /// `user` and `group` are numbers of the calling process's user namespace; `crossesMounts` says whether what is mounted
    /// below the tree is changed as well.
    package init(user: UInt32, group: UInt32, crossesMounts: Bool) {
        self.user = user
        self.group = group
        self.crossesMounts = crossesMounts
    }

    /// Changes the tree at `root`, which need not be open for reading. No link is followed, and what has the owner already is
    /// left alone, so that a change that was interrupted may be begun anew. Throws `SystemError`, whose object is the path
    /// below `root`; nil for `root` itself. What was changed by then stays so.
    package func apply(to root: borrowing FileDescriptor) throws(SystemError) {
        let status = try root.status()
        if !has(status) {
            do throws(SystemError) { try Files.setOwner(raw: [0], in: root.rawValue, user: user, group: group) } catch {
                throw SystemError(error.call, nil, error.errno)
            }
        }
        guard status.isDirectory else { return }
        let directory = try Files.open(raw: RawName("."), in: root.rawValue, O_RDONLY | O_DIRECTORY)
        try Files.walk(below: directory.rawValue) { (directory, name) throws(SystemError) in
            guard let found = try Files.status(raw: name, in: directory) else { return false }
            // A mount on the same file system is told by nothing that is cheap: it is in the tree's own keeping then.
            if !crossesMounts, found.identity.fileSystem != status.identity.fileSystem { return false }
            if !has(found) { try Files.setOwner(raw: name, in: directory, user: user, group: group) }
            return found.isDirectory
        }
    }

    private func has(_ status: FileStatus) -> Bool { status.user == user && status.group == group }
}
