import CLinux
import Glibc

/// Both sides of a new pseudo-terminal, opened without any path: for a process whose /dev an image may have arranged.
package struct TerminalPair: ~Copyable {
    package let master: FileDescriptor
    package let slave: FileDescriptor

    /// Takes over an open multiplexer (`ptmx`), which is the master side from now on.
    package init(_ multiplexer: consuming FileDescriptor) throws(SystemError) {
        slave = try Self.peer(multiplexer)
        master = multiplexer
    }

    private static func peer(_ multiplexer: borrowing FileDescriptor) throws(SystemError) -> FileDescriptor {
        let number = multiplexer.rawValue
        var unlocked: CInt = 0
        try check("ioctl TIOCSPTLCK") { apus_ioctl_pointer(number, 0x4004_5431, &unlocked) }
        // TIOCGPTPEER, Linux 4.13
        return FileDescriptor(
            owning: try check("ioctl TIOCGPTPEER") {
                apus_ioctl(number, 0x5441, UInt(O_RDWR | O_NOCTTY | O_CLOEXEC))
            })
    }

    /// Keeps the slave side alone.
    package consuming func takeSlave() -> FileDescriptor { slave }
}

extension Terminal {
    /// Makes `descriptor` the controlling terminal of the calling process, a session's leader without one (TIOCSCTTY).
    package static func makeControlling(_ descriptor: CInt) throws(SystemError) {
        try check("ioctl TIOCSCTTY") { apus_ioctl(descriptor, 0x540e, 0) }
    }
}
