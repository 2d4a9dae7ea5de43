import CLinux
import Glibc

/// A network namespace that no process is in yet.
package enum NetworkNamespace {
    /// Makes one, owned by the caller's user namespace, with loopback up. Another process makes it: the caller could
    /// not return to its own. For a process with one thread. With `owner` the namespace belongs to that user
    /// namespace, one below the caller's.
    package static func create(owner: CInt? = nil) throws(SystemError) -> FileDescriptor {
        var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
        let ours = pair.takeFirst()
        let theirs = pair.takeSecond()
        let child = try fork {
            do throws(SystemError) {
                if let owner { try NamespaceSet.user.enter(owner) }
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

    /// A namespace that is being made.
    package struct Beginning: Sendable {
        fileprivate let process: ProcessID

        /// Waits for the namespace, with loopback up. Once.
        package func finish() throws(SystemError) -> FileDescriptor {
            let status = try waitForExit(of: process)
            guard status == .exited(code: 0) else { throw SystemError("unshare", "network", .io) }
            let number = apus_network_namespace_result()
            guard number >= 0 else { throw SystemError("unshare", "network", Errno(-number)) }
            return FileDescriptor(owning: number)
        }
    }

    /// Begins to make a namespace as `create()` does, while the caller does something else that takes the kernel as long.
    /// One at a time; `finish()` has to follow.
    package static func begin() throws(SystemError) -> Beginning {
        let process = apus_network_namespace_begin()
        if process < 0 { throw SystemError("clone") }
        return Beginning(process: process)
    }
}
