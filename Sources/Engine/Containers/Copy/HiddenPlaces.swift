import Glibc
import Linux

/// What is no part of a container's files, although it is in the tree of a running one: the kernel's own file systems, and the
/// device nodes that the engine makes. Docker does not see them either.
enum HiddenPlaces {
    private static let types: [FileSystemType] = [
        .proc, .sysfs, .cgroup2,
        // cgroup, devpts, mqueue, securityfs, debugfs, tracefs, bpf, nsfs (linux/magic.h)
        FileSystemType(magic: 0x27e0eb), FileSystemType(magic: 0x1cd1), FileSystemType(magic: 0x1980_0202),
        FileSystemType(magic: 0x7363_6673), FileSystemType(magic: 0x6462_6720), FileSystemType(magic: 0x7472_6163),
        FileSystemType(magic: 0xcafe_4a11), FileSystemType(magic: 0x6e73_6673),
    ]

    /// `hides` for the directory that was named itself: the devices are seen there.
    static func hidesNamed(_ directory: CInt) throws(SystemError) -> Bool {
        let handle = try Files.open(raw: [46, 0], in: directory, FileDescriptor.pathOnly)
        return types.contains(try handle.fileSystemType())
    }

    /// Whether what is in the open directory at `path`, another mount than what it is in, is left out when that is copied.
    static func hides(_ directory: CInt, _ path: [UInt8]) throws(SystemError) -> Bool {
        if path == Array("/dev".utf8) { return true }
        return try hidesNamed(directory)
    }

    /// Whether `file` is one of the kernel's own, and not the place where they begin.
    static func isInside(_ file: borrowing FileDescriptor) throws(SystemError) -> Bool {
        guard types.contains(try file.fileSystemType()) else { return false }
        let status = try file.status()
        guard status.isDirectory else { return true }
        return try Files.status("..", in: file.rawValue).raw.st_dev == status.raw.st_dev
    }
}
