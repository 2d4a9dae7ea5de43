package import Addresses
package import Glibc

/// Where a socket of the internet protocols is: an address and a port (ip(7), ipv6(7)).
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    package var address: IPAddress
    package var port: UInt16
    /// The number of the interface that a link-local address of version 6 is on; 0 where none is named.
    package var scope: UInt32

    package init(_ address: IPAddress, port: UInt16, scope: UInt32 = 0) {
        self.address = address
        self.port = port
        self.scope = scope
    }

    /// The address in `storage` of the kernel; nil for one of another family.
    package init?(_ storage: sockaddr_storage) {
        var storage = storage
        switch CInt(storage.ss_family) {
        case AF_INET:
            let inner = withUnsafeBytes(of: &storage) { $0.load(as: sockaddr_in.self) }
            self.init(.v4(UInt32(bigEndian: inner.sin_addr.s_addr)), port: UInt16(bigEndian: inner.sin_port))
        case AF_INET6:
            var inner = withUnsafeBytes(of: &storage) { $0.load(as: sockaddr_in6.self) }
            let halves = withUnsafeBytes(of: &inner.sin6_addr) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            self.init(
                .v6(UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1)), port: UInt16(bigEndian: inner.sin6_port),
                scope: inner.sin6_scope_id)
        default: return nil
        }
    }

    /// Calls `body` with the address as the kernel takes it.
    package func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length: Int
        switch address {
        case .v4(let number):
            var inner = sockaddr_in()
            inner.sin_family = sa_family_t(AF_INET)
            inner.sin_port = port.bigEndian
            inner.sin_addr.s_addr = number.bigEndian
            length = MemoryLayout<sockaddr_in>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: inner, as: sockaddr_in.self) }
        case .v6(let high, let low):
            var inner = sockaddr_in6()
            inner.sin6_family = sa_family_t(AF_INET6)
            inner.sin6_port = port.bigEndian
            inner.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &inner.sin6_addr) {
                $0.storeBytes(of: high.bigEndian, as: UInt64.self)
                $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            length = MemoryLayout<sockaddr_in6>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: inner, as: sockaddr_in6.self) }
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    /// `address:port`, an address of version 6 in brackets.
    package var description: String { address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
