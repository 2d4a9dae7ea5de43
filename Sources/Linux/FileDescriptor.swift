import CLinux
import Glibc

/// A file descriptor that has one owner and is closed with it.
///
/// A close that fails with EBADF traps: somebody else closed what we own, and the number may already
/// mean another file.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor's number, for a call that borrows it.
    package let rawValue: CInt

    /// Takes ownership of `rawValue`.
    package init(owning rawValue: CInt) { self.rawValue = rawValue }

    deinit {
        if Glibc.close(rawValue) < 0 && Glibc.errno == EBADF {
            fatalError("descriptor \(rawValue) was closed by somebody else")
        }
    }

    /// Gives the ownership away: the caller closes the number.
    package consuming func release() -> CInt {
        let number = rawValue
        discard self
        return number
    }

    /// A second descriptor of the same open file, close-on-exec, with a number of at least `minimum`.
    package func duplicate(atLeast minimum: CInt = 3) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try check("fcntl") { apus_fcntl_set(rawValue, F_DUPFD_CLOEXEC, minimum) })
    }
}

/// Two descriptors that came of one call, each of which can be taken out once. What is not taken is closed.
package struct DescriptorPair: ~Copyable {
    private var first: FileDescriptor?
    private var second: FileDescriptor?

    package init(_ first: consuming FileDescriptor, _ second: consuming FileDescriptor) {
        self.first = consume first
        self.second = consume second
    }

    /// Takes the first out; of a pipe, the end to read from.
    package mutating func takeFirst() -> FileDescriptor { first.take()! }

    /// Takes the second out; of a pipe, the end to write to.
    package mutating func takeSecond() -> FileDescriptor { second.take()! }
}

extension FileDescriptor {
    /// O_PATH of open(2), which the C library hides without _GNU_SOURCE: a place in the file tree, nothing to read.
    package static let pathOnly: CInt = 0o10_000_000

    /// openat(2); `flags` get O_CLOEXEC. Throws `SystemError`.
    package static func open(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD, _ flags: CInt, mode: FileMode = 0o666
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try check("open", Files.printable(path)) { apus_open(directory, path, flags | O_CLOEXEC, mode) })
    }

    /// A pipe (pipe2(2)), the end to read first; both ends close-on-exec.
    package static func pipe() throws(SystemError) -> DescriptorPair {
        var ends: (CInt, CInt) = (-1, -1)
        try check("pipe2") {
            withUnsafeMutablePointer(to: &ends) {
                $0.withMemoryRebound(to: CInt.self, capacity: 2) { apus_pipe($0) }
            }
        }
        return DescriptorPair(FileDescriptor(owning: ends.0), FileDescriptor(owning: ends.1))
    }

    /// A connected pair of unix sockets (socketpair(2)), close-on-exec; `type` is SOCK_STREAM or SOCK_SEQPACKET.
    package static func socketPair(type: CInt) throws(SystemError) -> DescriptorPair {
        var ends: (CInt, CInt) = (-1, -1)
        try check("socketpair") {
            withUnsafeMutablePointer(to: &ends) {
                $0.withMemoryRebound(to: CInt.self, capacity: 2) {
                    socketpair(AF_UNIX, type | CInt(SOCK_CLOEXEC.rawValue), 0, $0)
                }
            }
        }
        return DescriptorPair(FileDescriptor(owning: ends.0), FileDescriptor(owning: ends.1))
    }
}

extension FileDescriptor {
    /// One read(2) into `buffer`; 0 at the end of the file.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try check("read") { Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
    }

    /// Everything up to the end of the file; throws EFBIG past `limit` bytes.
    package func readAll(limit: Int = .max) throws(SystemError) -> [UInt8] {
        var status = stat()
        return try readAll(limit: limit, expecting: fstat(rawValue, &status) == 0 ? Int(status.st_size) : 0)
    }

    /// As `readAll(limit:)`, of a file whose status gave `size`.
    package func readAll(limit: Int, expecting size: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        if size > 0, size <= limit { bytes.reserveCapacity(size + 1) }
        var failure: SystemError?
        while true {
            var got = 0
            withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 16) { chunk in
                do throws(SystemError) {
                    got = try read(into: chunk)
                    bytes.append(contentsOf: chunk[..<got])
                } catch { failure = error }
            }
            if let failure { throw failure }
            if got == 0 { return bytes }
            if bytes.count > limit { throw SystemError("read", nil, Errno(EFBIG)) }
        }
    }

    /// Writes all of `bytes`, in as many calls as it takes.
    package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = try check("write") { Glibc.write(rawValue, rest.baseAddress, rest.count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Writes all of `bytes`, in as many calls as it takes.
    package func writeAll(_ bytes: some Collection<UInt8>) throws(SystemError) {
        let array = Array(bytes)
        var failure: SystemError?
        array.withUnsafeBytes { buffer in
            do throws(SystemError) { try writeAll(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// fsync(2).
    package func sync() throws(SystemError) { try check("fsync") { fsync(rawValue) } }
}

extension FileDescriptor? {
    /// The descriptor's number where there is one.
    package var number: CInt? {
        switch self {
        case .some(let descriptor): descriptor.rawValue
        case .none: nil
        }
    }
}
