import Glibc

/// The addresses of unix sockets (unix(7)).
enum UnixAddress {
    // sun_path has 108 bytes, the final zero counted.
    private static let capacity = 107

    /// Calls `body` with the address of the socket at `path`, or, with an @ in front, of one of the abstract namespace. A
    /// path that is too long for an address is reached through a descriptor of its folder. Throws `SystemError`:
    /// ENAMETOOLONG for a name that no address holds, ENOENT for an empty one, and what `body` throws.
    static func with(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) {
        var name = Array(path.utf8)
        // All zeros would be an abstract name.
        if name.isEmpty { throw SystemError("connect", path, .noEntry) }
        if name[0] == UInt8(ascii: "@") {
            name[0] = 0
            guard name.count <= capacity + 1 else { throw SystemError("connect", path, .nameTooLong) }
            // An abstract name is all of the address.
            return try with(name, body)
        }
        if name.count <= capacity { return try with(name + [0], body) }
        let (parent, last) = Files.split(path)
        let folder = try FileDescriptor.open(parent, FileDescriptor.pathOnly | O_DIRECTORY)
        let short = Array("/proc/self/fd/\(folder.rawValue)/\(last)".utf8)
        guard short.count <= capacity else { throw SystemError("connect", path, .nameTooLong) }
        try with(short + [0], body)
    }

    private static func with(
        _ name: [UInt8], _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        var failure: SystemError?
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                do throws(SystemError) { try body(generic, length) } catch { failure = error }
            }
        }
        if let failure { throw failure }
    }
}
