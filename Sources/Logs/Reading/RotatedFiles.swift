import Glibc
package import Linux

/// A file of a rotated series, held open: what becomes of its name does not matter to who reads it.
final class SeriesFile {
    let file: FileDescriptor
    let identity: FileIdentity

    init(_ file: consuming FileDescriptor) throws(SystemError) {
        identity = try file.status().identity
        self.file = file
    }

    var size: Int { (try? file.status().size) ?? 0 }
}

/// The files NAME, NAME.1, NAME.2 … of a directory, as they are written by somebody who goes on and rotates them.
///
/// Nothing of the series is missed or seen twice: files are known by inode, each is opened before the one that it
/// follows is given up, and no writer touches a file once there is a newer one.
package struct RotatedFiles: ~Copyable {
    private let directory: FileDescriptor
    private let name: String
    /// The oldest first. The last is kept, however far it has been read.
    private(set) var files: [SeriesFile] = []

    /// Opens what is there of the series `name` in the directory at `path`. Throws `SystemError` where there is no such
    /// directory; no file at all is no error.
    package init(_ name: String, in path: String) throws(SystemError) {
        directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        self.name = name
        refresh()
    }

    /// Opens what has come since.
    mutating func refresh() {
        while true {
            let current = identity(of: name)
            if let newest = files.last?.identity, current == newest { return }
            let found = walk()
            // Somebody rotated meanwhile, and the walk may have missed what moved behind its back.
            if identity(of: name) == current {
                files += found.reversed()
                return
            }
        }
    }

    /// Gives up the oldest file.
    mutating func dropFirst() { files.removeFirst() }

    private func identity(of name: String) -> FileIdentity? {
        (try? Files.status(name, in: directory.rawValue, following: false))?.identity
    }

    // What is newer than what is held, the newest first. In the middle of a rotation one name of the series is missing,
    // and a file may be met a second time under its next name: never are two missing, and never is one passed over.
    private func walk() -> [SeriesFile] {
        var found: [SeriesFile] = []
        var missing = 0
        var number = 0
        while missing < 2 {
            let name = number == 0 ? name : "\(name).\(number)"
            number += 1
            guard
                let opened = try? FileDescriptor.open(
                    name, in: directory.rawValue, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
                let file = try? SeriesFile(opened)
            else {
                missing += 1
                continue
            }
            missing = 0
            if files.contains(where: { $0.identity == file.identity }) { break }
            if !found.contains(where: { $0.identity == file.identity }) { found.append(file) }
        }
        return found
    }
}
