import CLinux
import Glibc

/// What the running kernel and the calling process say of themselves.
package enum KernelFacts {
    /// The host's name, the kernel's release and the kind of machine, "x86_64" (uname(2)).
    package static func names() -> (host: String, release: String, hardware: String) {
        var names = utsname()
        guard uname(&names) == 0 else { return ("localhost", "", "") }
        func text(_ bytes: UnsafeRawBufferPointer) -> String {
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return (
            withUnsafeBytes(of: names.nodename, text), withUnsafeBytes(of: names.release, text),
            withUnsafeBytes(of: names.machine, text)
        )
    }

    /// The soft and hard limit of a resource by its number (getrlimit(2), RLIMIT_…); UInt64.max is no limit.
    package static func limit(of resource: Int32) -> (soft: UInt64, hard: UInt64)? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(resource)), &limit) == 0 else { return nil }
        return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
    }

    /// Whether capability `number` is in the caller's bounding set; nil for one that the kernel does not know.
    package static func isBounding(_ number: UInt8) -> Bool? {
        let answer = apus_prctl(PR_CAPBSET_READ, UInt(number), 0, 0, 0)
        return answer < 0 ? nil : answer == 1
    }

    /// The number of processors that the machine may have, offline ones included.
    package static func processorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_CONF))) }

    /// The number of processors that are switched on.
    package static func onlineProcessorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The IPv4 address from which this machine would talk to the world; nil where it has no route. Sends nothing.
    package static func outboundAddress() -> String? {
        let number = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return nil }
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(9).bigEndian
        // Of TEST-NET-1 (RFC 5737): only the choice of a route is wanted.
        address.sin_addr.s_addr = UInt32(0xC000_0201).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let answered = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                connect(number, generic, length) == 0 && getsockname(number, generic, &length) == 0
            }
        }
        guard answered else { return nil }
        let own = UInt32(bigEndian: address.sin_addr.s_addr)
        return "\(own >> 24).\(own >> 16 & 255).\(own >> 8 & 255).\(own & 255)"
    }
}
