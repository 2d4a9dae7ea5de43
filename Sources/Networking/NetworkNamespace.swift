import CLinux
import Glibc
package import Linux

/// A network namespace that no process is in yet.
package enum NetworkNamespace {
    /// Makes one, owned by the caller's user namespace, with loopback up. Another process makes it: the caller could
    /// not return to its own. For a process with one thread.
    package static func create() throws(SystemError) -> FileDescriptor {
        var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
        let ours = pair.takeFirst()
        let theirs = pair.takeSecond()
        let child = try fork {
            do throws(SystemError) {
                try NamespaceSet.network.unshare()
                try check("ioctl", "lo") { apus_interface_up("lo") }
                var number = try FileDescriptor.open("/proc/self/ns/net", O_RDONLY).release()
                var byte: UInt8 = 0
                try check("sendmsg") { apus_send_fds(theirs.rawValue, &byte, 1, &number, 1) }
                return 0
            } catch {
                return error.errno.rawValue
            }
        }
        var number: CInt = -1
        var count: CInt = 1
        var byte: UInt8 = 0
        close(theirs.release())
        let got = apus_recv_fds(ours.rawValue, &byte, 1, &number, &count)
        let status = try waitForExit(of: child)
        guard got == 1, count == 1 else {
            guard case .exited(let code) = status, code > 0 else { throw SystemError("unshare", "network", .io) }
            throw SystemError("unshare", "network", Errno(code))
        }
        return FileDescriptor(owning: number)
    }
}
