import CLinux
import Glibc

/// Kinds of namespaces, as clone(2) flags.
package struct NamespaceSet: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The union of `elements`. The standard library's own is unspecialised here, and looks for conformances.
    package init(arrayLiteral elements: NamespaceSet...) {
        var bits: UInt64 = 0
        for element in elements { bits |= element.rawValue }
        self.init(rawValue: bits)
    }

    package static let mount = NamespaceSet(rawValue: 0x0002_0000)
    package static let cgroup = NamespaceSet(rawValue: 0x0200_0000)
    package static let uts = NamespaceSet(rawValue: 0x0400_0000)
    package static let ipc = NamespaceSet(rawValue: 0x0800_0000)
    package static let user = NamespaceSet(rawValue: 0x1000_0000)
    package static let pid = NamespaceSet(rawValue: 0x2000_0000)
    package static let network = NamespaceSet(rawValue: 0x4000_0000)
    /// Linux 5.6; only for unshare(2) and setns(2), not for clone3(2) before 5.7.
    package static let time = NamespaceSet(rawValue: 0x0000_0080)
}

extension NamespaceSet {
    /// unshare(2). A user namespace needs a process with one thread.
    package func unshare() throws(SystemError) {
        try check("unshare") { apus_unshare(rawValue) }
    }

    /// setns(2): enters these namespaces of the process behind `descriptor` (a pidfd, Linux 5.8), or the one
    /// namespace whose file it is.
    package func enter(_ descriptor: borrowing FileDescriptor) throws(SystemError) {
        try enter(descriptor.rawValue)
    }

    /// As `enter`, by the number of a descriptor that the caller owns.
    package func enter(_ number: CInt) throws(SystemError) {
        try check("setns") { apus_setns(number, CInt(truncatingIfNeeded: rawValue)) }
    }
}
