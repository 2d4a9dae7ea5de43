import Glibc

/// The writing end of a connection through which one reader gets bytes, as through a pipe: of a reader that has gone one hears no signal.
package final class StreamInput: Sendable {
    private let socket: FileDescriptor

    /// `socket` is connected, and of the type SOCK_STREAM.
    package init(_ socket: consuming FileDescriptor) { self.socket = socket }

    /// Sends all of `bytes`, and waits where the reader is slow. Returns whether he is still there. Throws `SystemError`.
    package func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = Glibc.send(socket.rawValue, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL))
            if sent < 0 {
                if Errno.current == .interrupted { continue }
                if Errno.current == .brokenPipe || Errno.current == Errno(ECONNRESET) { return false }
                throw SystemError("send")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(sent))
        }
        return true
    }

    /// As `send(_:)` of a buffer.
    package func send(_ bytes: [UInt8]) throws(SystemError) -> Bool {
        let outcome = bytes.withUnsafeBytes { buffer in
            Result { () throws(SystemError) in try send(buffer) }
        }
        return try outcome.get()
    }

    /// Says that nothing more comes.
    package func end() { shutdown(socket.rawValue, CInt(SHUT_WR)) }
}
