package import Addresses
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

    /// Whether a filter decides which calls the caller can make (seccomp(2)).
    package static var hasCallFilter: Bool { apus_prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0 }

    /// The number of processors that the machine may have, offline ones included.
    package static func processorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_CONF))) }

    /// The number of processors that are switched on.
    package static func onlineProcessorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The address from which this machine would talk to the world; nil where it has no route. Sends nothing.
    package static func outboundAddress(v4: Bool) -> IPAddress? {
        guard let probe = try? InternetSocket.make(SOCK_DGRAM, v4: v4) else { return nil }
        // Of TEST-NET-1 (RFC 5737) and its like (RFC 3849): only the choice of a route is wanted.
        let somewhere: IPAddress = v4 ? .v4(0xC000_0201) : .v6(0x2001_0db8_0000_0000, 1)
        guard (try? InternetSocket.connect(probe.rawValue, to: SocketAddress(somewhere, port: 9))) != nil,
            let own = try? InternetSocket.localAddress(probe.rawValue).address, !own.isLoopback, !own.isUnspecified
        else { return nil }
        return own
    }
}
