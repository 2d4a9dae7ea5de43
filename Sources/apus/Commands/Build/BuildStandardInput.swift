import Build
import Dockerfile
import Errors
import Glibc
import Linux

/// The standard input of a build: a context, or a Dockerfile.
enum BuildStandardInput {
    /// Reads its beginning, and of what is no archive all. Throws `SystemError`, and `OptionError` where that is larger than any Dockerfile, and
    /// once `cancellation` says so: whoever is to write it may never do that.
    static func read(_ cancellation: Cancellation) throws -> BuildInput {
        let input = FileDescriptor(owning: try check("dup") { dup(STDIN_FILENO) })
        var head: [UInt8] = []
        while head.count < ContextContent.blockSize {
            try awaitBytes(input, cancellation)
            let count = try take(input, ContextContent.blockSize - head.count, into: &head)
            if count == 0 { break }
        }
        guard ContextContent.isArchive(head) else {
            while head.count <= SourceText.sizeLimit {
                try awaitBytes(input, cancellation)
                if try take(input, 1 << 16, into: &head) == 0 { return .bytes(head) }
            }
            throw OptionError(
                "failed to solve: the standard input is neither an archive nor a Dockerfile: it is too large")
        }
        // A file can be read again from where it was.
        if lseek(STDIN_FILENO, off_t(-head.count), SEEK_CUR) >= 0 { return .archive(STDIN_FILENO) }
        return .archive(try joined(head, input))
    }

    private static func awaitBytes(_ input: borrowing FileDescriptor, _ cancellation: Cancellation) throws {
        var poll = PollSet()
        poll.add(input.rawValue)
        let end = poll.add(cancellation.number)
        _ = try poll.wait()
        if poll.isReadable(end) { throw OptionError("failed to solve: Canceled: context canceled", .cancelled) }
    }

    private static func take(
        _ input: borrowing FileDescriptor, _ most: Int, into bytes: inout [UInt8]
    ) throws(SystemError) -> Int {
        var chunk = [UInt8](repeating: 0, count: most)
        let number = input.rawValue
        let count = try check("read") { chunk.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, $0.count) } }
        bytes += chunk[..<count]
        return count
    }

    // A pipe that gives what was read already, and then the rest.
    private static func joined(_ head: [UInt8], _ input: borrowing FileDescriptor) throws -> CInt {
        // A build that fails does not read to the end.
        Signals.ignoreBrokenPipe()
        var pipe = try FileDescriptor.pipe()
        let source = try input.duplicate().release()
        let sink = pipe.takeSecond().release()
        _ = try begin {
            let source = FileDescriptor(owning: source)
            let sink = FileDescriptor(owning: sink)
            try sink.writeAll(head)
            var chunk: [UInt8] = []
            while try take(source, 1 << 16, into: &chunk) > 0 {
                try sink.writeAll(chunk)
                chunk.removeAll(keepingCapacity: true)
            }
        }
        return pipe.takeFirst().release()
    }
}
