import CLinux
import Glibc

/// A pseudo-terminal (pty(7)): the side that shows and types, and the path of the side that programs use.
package struct PseudoTerminal: ~Copyable, Sendable {
    /// The side that reads what programs write, and writes what they read; close-on-exec.
    package let master: FileDescriptor
    /// The path of the programs' side in `/dev/pts`.
    package let path: String

    /// A new pseudo-terminal of `multiplexer`, which is the `ptmx` of the devpts instance that shall hold it.
    package init(multiplexer: String = "/dev/ptmx") throws(SystemError) {
        let master = try FileDescriptor.open(multiplexer, O_RDWR | O_NOCTTY)
        let number = master.rawValue
        var unlocked: CInt = 0
        var index: CUnsignedInt = 0
        try check("ioctl TIOCSPTLCK", multiplexer) { apus_ioctl_pointer(number, 0x4004_5431, &unlocked) }
        try check("ioctl TIOCGPTN", multiplexer) { apus_ioctl_pointer(number, 0x8004_5430, &index) }
        self.master = master
        path = "/dev/pts/\(index)"
    }
}
