import Errors
import Glibc
import Linux

/// A buffered writer on a descriptor that somebody else owns: standard output or standard error.
final class Output {
    private let descriptor: CInt
    private var buffer: [UInt8] = []
    private let limit: Int
    private let isForEyes: Bool

    /// Writes to `descriptor` whenever more than `limit` bytes have gathered; 0 writes each text at once. What only people
    /// read (`forEyes`) is written without the control characters that others may have brought into it.
    init(_ descriptor: CInt, limit: Int, forEyes: Bool = false) {
        self.descriptor = descriptor
        self.limit = limit
        isForEyes = forEyes
    }

    /// The standard error, for eyes and unbuffered.
    static var standardError: Output { Output(STDERR_FILENO, limit: 0, forEyes: true) }

    /// Appends `text`.
    func write(_ text: String) throws {
        buffer.append(contentsOf: (isForEyes ? VisibleText.escaped(text, keeping: "\t\n") : text).utf8)
        if buffer.count > limit { try flush() }
    }

    /// Appends `bytes` as they are.
    func write(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count > limit { try flush() }
    }

    /// Appends `text` and a line feed.
    func line(_ text: String) throws { try write(text + "\n") }

    /// Writes out what has gathered. Throws `ClosedPipe` when nobody reads any more, `SystemError` otherwise.
    func flush() throws {
        if buffer.isEmpty { return }
        let bytes = buffer
        buffer.removeAll(keepingCapacity: true)
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
                continue
            }
            switch Errno.current {
            case .interrupted: continue
            case .brokenPipe: throw ClosedPipe()
            case .again:
                // Somebody who shares the descriptor made it non-blocking: wait for room.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, -1)
            case let errno: throw SystemError("write", nil, errno)
            }
        }
    }
}

/// The reader of our output went away; the command ends without a word, as by SIGPIPE.
struct ClosedPipe: Error {}
