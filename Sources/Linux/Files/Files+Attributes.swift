import CLinux
import Glibc

/// Owners, modes and times, set without following a symbolic link; each throws `SystemError`.
extension Files {
    /// fchownat(2) of `name`, or of `directory` itself where `name` is empty.
    package static func setOwner(
        raw name: UnsafePointer<CChar>, in directory: CInt, user: UInt32, group: UInt32
    ) throws(SystemError) {
        // AT_EMPTY_PATH, which the C library declares for GNU programs alone.
        let flags = AT_SYMLINK_NOFOLLOW | (name.pointee == 0 ? 0x1000 : 0)
        try check("chown", printable(name)) { fchownat(directory, name, user, group, flags) }
    }

    /// fchmodat(2). `name` is known to be no symbolic link: Linux could not leave one unfollowed before 6.6.
    package static func setMode(
        raw name: UnsafePointer<CChar>, in directory: CInt, _ mode: FileMode
    ) throws(SystemError) {
        try check("chmod", printable(name)) { fchmodat(directory, name, mode, 0) }
    }

    /// Takes off `name`, if it is a file or a directory, and off `directory` what keeps even root from removing and changing
    /// them (ioctl_iflags(2): FS_IMMUTABLE_FL, FS_APPEND_FL). Returns whether there was something to take off.
    package static func allowRemoval(raw name: UnsafePointer<CChar>, in directory: CInt) -> Bool {
        var isChanged = allowChange(directory)
        // Opening a device may do something to it, and a pipe waits.
        if let status = try? status(raw: name, in: directory), status.isRegular || status.isDirectory,
            let file = try? open(raw: name, in: directory, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        {
            isChanged = allowChange(file.rawValue) || isChanged
        }
        return isChanged
    }

    private static func allowChange(_ file: CInt) -> Bool {
        // FS_IOC_GETFLAGS and FS_IOC_SETFLAGS, which are declared with a long and read and write an int.
        var flags: CInt = 0
        guard apus_ioctl_pointer(file, 0x8008_6601, &flags) == 0, flags & 0x30 != 0 else { return false }
        flags &= ~0x30
        return apus_ioctl_pointer(file, 0x4008_6602, &flags) == 0
    }

    /// fchmod(2).
    package static func setMode(of descriptor: CInt, _ mode: FileMode) throws(SystemError) {
        try check("fchmod") { fchmod(descriptor, mode) }
    }

    /// utimensat(2): the times of access and of change, to the nanosecond.
    package static func setTimes(
        raw name: UnsafePointer<CChar>, in directory: CInt, access: FileTime, modification: FileTime
    ) throws(SystemError) {
        var times = (access.raw, modification.raw)
        try check("utimensat", printable(name)) {
            withUnsafePointer(to: &times) {
                $0.withMemoryRebound(to: timespec.self, capacity: 2) {
                    utimensat(directory, name, $0, AT_SYMLINK_NOFOLLOW)
                }
            }
        }
    }

    /// futimens(3).
    package static func setTimes(
        of descriptor: CInt, access: FileTime, modification: FileTime
    ) throws(SystemError) {
        var times = (access.raw, modification.raw)
        try check("futimens") {
            withUnsafePointer(to: &times) {
                $0.withMemoryRebound(to: timespec.self, capacity: 2) { futimens(descriptor, $0) }
            }
        }
    }

    /// syncfs(2): everything that was written to the file system of `descriptor` is on its device.
    package static func syncFileSystem(of descriptor: CInt) throws(SystemError) {
        try check("syncfs") { apus_syncfs(descriptor) }
    }
}
