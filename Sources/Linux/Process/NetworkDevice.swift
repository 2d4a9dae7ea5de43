import CLinux
import Glibc

/// Network devices that change their namespace (rtnetlink(7)).
package enum NetworkDevice {
    /// Whether the kernel takes `name` for one: 1 to 15 bytes, without "/", ":" and blanks, and neither "." nor "..".
    package static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        if bytes.isEmpty || bytes.count > 15 || bytes == [46] || bytes == [46, 46] { return false }
        return bytes.allSatisfy { $0 > 32 && $0 != 127 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
    }

    /// Moves the device `name` of the caller's network namespace into `namespace`, as `newName`, with its permanent addresses
    /// of global scope, and sets it up there. The calling process has one thread. Throws `SystemError`: ENODEV where there is
    /// no such device, EEXIST where the name is taken.
    package static func move(
        _ name: String, to namespace: borrowing FileDescriptor, as newName: String
    ) throws(SystemError) {
        let index = apus_link_index(name)
        guard index > 0 else { throw SystemError("if_nametoindex", name) }
        var addresses = [apus_address](repeating: apus_address(), count: 256)
        let count = try check("netlink RTM_GETADDR", name) {
            apus_link_addresses(index, &addresses, CInt(addresses.count))
        }
        let target = namespace.rawValue
        // After the move it would be too late.
        try inside(target, newName) { apus_link_index(newName) > 0 ? EEXIST : 0 }
        try check("netlink RTM_NEWLINK", name) { apus_link_move(index, target, newName) }
        try inside(target, newName) {
            let moved = apus_link_index(newName)
            for place in 0..<Int(count) where apus_address_add(moved, &addresses[place]) < 0 { return Glibc.errno }
            return apus_interface_up(newName) < 0 ? Glibc.errno : 0
        }
    }

    // In a process of its own: the caller stays where it is. `body` gives an error number.
    private static func inside(_ namespace: CInt, _ name: String, _ body: () -> CInt) throws(SystemError) {
        let child = try fork {
            do throws(SystemError) { try NamespaceSet.network.enter(namespace) } catch { return error.errno.rawValue }
            return body()
        }
        let status = try waitForExit(of: child)
        guard case .exited(let code) = status else { throw SystemError("netlink", name, .io) }
        if code != 0 { throw SystemError("netlink", name, Errno(code)) }
    }
}
