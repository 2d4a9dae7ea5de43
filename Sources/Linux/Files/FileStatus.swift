import CLinux
package import Glibc

/// What stat(2) says of a file.
package struct FileStatus: Sendable {
    package let raw: stat
    package init(_ raw: stat) { self.raw = raw }

    package var isDirectory: Bool { type == S_IFDIR }
    package var isRegular: Bool { type == S_IFREG }
    package var isSymbolicLink: Bool { type == S_IFLNK }
    package var isSocket: Bool { type == S_IFSOCK }
    /// Whether this is an overlay whiteout: the character device 0:0 stands for a name that the layer
    /// removes (overlayfs.rst).
    package var isWhiteout: Bool { type == S_IFCHR && raw.st_rdev == 0 }
    /// The type bits of `st_mode`.
    package var type: FileMode { raw.st_mode & S_IFMT }
    /// The permission bits with set-user-ID, set-group-ID and sticky.
    package var permissions: FileMode { raw.st_mode & 0o7777 }
    /// The size in bytes.
    package var size: Int { Int(raw.st_size) }
    /// The bytes of content that the disk gets back when the last name of the file goes: those of a file without its holes,
    /// or of a link's target.
    package var reclaimableBytes: Int64 {
        // In units of 512 bytes, whatever the file system's blocks are (stat(3type)).
        if isRegular { return min(Int64(raw.st_size), Int64(raw.st_blocks) * 512) }
        return isSymbolicLink ? Int64(raw.st_size) : 0
    }
    package var user: UInt32 { raw.st_uid }
    package var group: UInt32 { raw.st_gid }
    package var device: DeviceNumber { raw.st_rdev }
    /// The two parts of `device` (makedev(3)).
    package var deviceParts: (major: UInt32, minor: UInt32) { Self.parts(of: device) }
    /// The number of the file system and of the inode: what is equal here is one file.
    package var identity: FileIdentity { FileIdentity(fileSystem: raw.st_dev, inode: raw.st_ino) }
    static func parts(of device: DeviceNumber) -> (major: UInt32, minor: UInt32) {
        (apus_major(device), apus_minor(device))
    }
    package var linkCount: Int { Int(raw.st_nlink) }
    package var accessTime: FileTime { FileTime(seconds: raw.st_atim.tv_sec, nanoseconds: raw.st_atim.tv_nsec) }
    package var modificationTime: FileTime {
        FileTime(seconds: raw.st_mtim.tv_sec, nanoseconds: raw.st_mtim.tv_nsec)
    }
}

extension Files {
    /// fstat(2).
    package static func status(of descriptor: CInt) throws(SystemError) -> FileStatus {
        var value = stat()
        try check("fstat") { fstat(descriptor, &value) }
        return FileStatus(value)
    }
}

/// What tells one file from another while both exist.
package struct FileIdentity: Hashable, Sendable {
    package let fileSystem: UInt
    package let inode: UInt
}

/// A time of a file: seconds since 1970, and nanoseconds.
package struct FileTime: Sendable, Equatable, Comparable {
    package let seconds: Int
    package let nanoseconds: Int

    package init(seconds: Int, nanoseconds: Int) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    var raw: timespec { timespec(tv_sec: seconds, tv_nsec: nanoseconds) }

    package static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

/// A device's number as `st_rdev` has it (makedev(3)).
package typealias DeviceNumber = UInt

/// The number of the device with these parts (makedev(3)).
package func deviceNumber(major: UInt32, minor: UInt32) -> DeviceNumber { apus_makedev(major, minor) }
