import Bytes
import Glibc
package import Linux

/// Directories that were taken out of the store and wait for their removal: each lies beside those in use, as `.dead.NAME`.
///
/// Whoever removes one holds its lock (flock(2)) meanwhile. So a look at the store can tell a removal that is going on from
/// what a killed process has left, wherever the directory can be opened. That decides nothing else: any number may remove
/// the same tree at once.
package enum RetiredTree {
    static let prefix = ".dead."

    /// The path that the directory `name` of `folder` is renamed to.
    package static func path(_ name: some StringProtocol, in folder: String) -> String { "\(folder)/\(prefix)\(name)" }

    /// Whether an entry of the store's directories has the name of one.
    package static func isOne(_ name: String) -> Bool { name.begins(with: prefix) }

    /// What followed `.dead.` in the last component of `path`; nil for any other directory.
    package static func name(ofPath path: String) -> Substring? {
        guard let name = path.split(on: "/").last, name.begins(with: prefix) else { return nil }
        return name.dropping(prefix.utf8.count)
    }

    /// Removes `path` and all below it, as `Files.removeTree` does, and adds the bytes that the disk has got back to `freed`.
    package static func remove(_ path: String, freed: inout Int64) throws(SystemError) {
        // Without the lock, where somebody else has it or the directory forbids to be opened, it goes as well.
        guard let root = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else {
            return try Files.removeTree(path, freed: &freed)
        }
        _ = try? root.lock(waiting: false)
        try Files.removeTree(path, freed: &freed)
        endLifetime(root)
    }

    /// Whether somebody removes it just now, or has done so. False where that cannot be seen.
    package static func isBeingRemoved(_ path: String) -> Bool {
        do throws(SystemError) {
            let root = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            return try !root.lock(.shared, waiting: false)
        } catch { return error.errno == .noEntry }
    }
}
