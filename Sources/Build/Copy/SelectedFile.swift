import Glibc
import Linux

/// What says that a file is as it was: what has the same is not looked into again.
struct FileStamp: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: UInt64
    /// Nanoseconds since 1970, of which the highest bits do not count.
    let modified: Int64
    /// The same, of the last change of anything about it, which nobody can set.
    let changed: Int64

    init(device: UInt64, inode: UInt64, size: UInt64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    init(_ status: FileStatus) {
        device = UInt64(status.raw.st_dev)
        inode = UInt64(status.raw.st_ino)
        size = UInt64(bitPattern: Int64(status.raw.st_size))
        modified = Self.nanoseconds(status.raw.st_mtim)
        changed = Self.nanoseconds(status.raw.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Now, on the clock of the times of files.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time)
    }
}

/// The SHA-256 of a file's content.
struct ContentSum: Hashable, Sendable {
    /// Its bytes, eight in each, the first the lowest.
    let words: (UInt64, UInt64, UInt64, UInt64)

    static let none = ContentSum((0, 0, 0, 0))

    init(_ words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    static func == (left: ContentSum, right: ContentSum) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// One file that COPY takes.
struct SelectedFile: Sendable {
    /// What it is; the types of inode(7), and another name of a file that came before.
    enum Kind: UInt8, Sendable { case directory, regular, symbolicLink, hardLink, fifo, characterDevice, blockDevice }

    /// Its path below what the source names, with slashes; empty for that itself.
    var path: RawName
    var kind: Kind
    var mode: FileMode
    var user: UInt32
    var group: UInt32
    var device: UInt64 = 0
    var modification: FileTime
    /// The target of a symbolic link, or the path of the file that a hard link is another name of.
    var target: RawName = []
    var attributes: [Attribute] = []
    /// Of a regular file.
    var stamp: FileStamp
    /// Of a regular file.
    var sum = ContentSum.none
    /// Whether it was written so shortly before it was read that another change might not show.
    var isFresh = false

    /// An extended attribute.
    struct Attribute: Sendable {
        let name: RawName
        let value: [UInt8]
    }
}

/// What one source of a COPY, or one match of a wildcard, comes to.
struct SelectedGroup: Sendable {
    /// In which of the roots it is; -1 for a file that stands in the Dockerfile.
    var root: Int
    /// The way to it, without links; empty for the root itself.
    var top: [RawName]
    /// What it is called at a destination that is a directory: its name as it was asked for.
    var name: RawName
    var isDirectory: Bool
    /// Whether it is an archive whose files are taken.
    var isArchive = false
    /// It, where it is no directory; a directory itself, with an empty path, and all that is taken of it, each directory before what is in
    /// it.
    var files: [SelectedFile] = []
    /// The content of a file that stands in the Dockerfile.
    var content: [UInt8] = []
}
