import CLinux
import Glibc

/// A pipe by which bytes go from one socket to another without being copied (splice(2)).
package final class SplicePipe {
    private let input: FileDescriptor
    private let output: FileDescriptor
    /// How many bytes are in it.
    package private(set) var pending = 0

    // Sixteen times as much as pipes have: as much as a process may take without rights (pipe(7)).
    private static let size: CInt = 1 << 20

    /// Throws `SystemError` where there is no descriptor for it.
    package init() throws(SystemError) {
        var pair = try FileDescriptor.pipe()
        output = pair.takeFirst()
        input = pair.takeSecond()
        // A user who has many large ones gets no more: the usual size does.
        _ = apus_set_pipe_size(input.rawValue, Self.size)
    }

    /// What a call came to.
    package enum Outcome: Sendable {
        case moved(Int)
        /// Nothing waits in the source, or the target has no room.
        case waiting
        /// The source has come to its end.
        case ended
        case failed
    }

    /// Takes what waits in the socket `source` into the pipe, which is empty.
    package func fill(from source: CInt) -> Outcome {
        let count = apus_splice(source, input.rawValue, Int(Self.size))
        guard count >= 0 else { return Self.failure }
        pending += count
        return count == 0 ? .ended : .moved(count)
    }

    /// Gives what is in the pipe to the socket `target`, as far as it has room.
    package func drain(to target: CInt) -> Outcome {
        let count = apus_splice(output.rawValue, target, pending)
        guard count > 0 else { return count == 0 ? .waiting : Self.failure }
        pending -= count
        return .moved(count)
    }

    // Of the last call.
    private static var failure: Outcome {
        let errno = Errno.current
        if errno == .interrupted { return .moved(0) }
        return errno == .again ? .waiting : .failed
    }
}
