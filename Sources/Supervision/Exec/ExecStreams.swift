import Glibc
import Linux
import Runtime

/// The standard streams of a command in a container, both sides, until it has been started.
struct ExecStreams: ~Copyable {
    private var ours = ProcessStreams()
    private let hasTerminal: Bool
    private var input: FileDescriptor?
    private var output: FileDescriptor?
    private var errorOutput: FileDescriptor?

    /// Pipes, or nothing where nobody sends or reads; a terminal comes of the start itself.
    init(_ request: ExecRequest) throws(SystemError) {
        hasTerminal = request.hasTerminal
        guard !hasTerminal else { return }
        if request.hasInput {
            var pipe = try FileDescriptor.pipe()
            input = pipe.takeFirst()
            ours.input = pipe.takeSecond()
        } else {
            input = try FileDescriptor.open("/dev/null", O_RDONLY)
        }
        if request.hasOutput {
            var pipe = try FileDescriptor.pipe()
            ours.output = pipe.takeFirst()
            output = pipe.takeSecond()
            var errors = try FileDescriptor.pipe()
            ours.errorOutput = errors.takeFirst()
            errorOutput = errors.takeSecond()
        } else {
            output = try FileDescriptor.open("/dev/null", O_WRONLY)
            errorOutput = try FileDescriptor.open("/dev/null", O_WRONLY)
        }
    }

    /// What the command is started with.
    var stdio: Stdio {
        if let input = input.number, let output = output.number, let errorOutput = errorOutput.number {
            return .descriptors(input: input, output: output, error: errorOutput)
        }
        return .terminal
    }

    /// The keeper's side alone, once the command has its own: a pipe's end is seen when its last writer is gone.
    /// `terminal` is the master side that the start has given.
    consuming func keepOurs(_ terminal: consuming FileDescriptor?) -> ProcessStreams {
        var streams = ours
        streams.terminal = terminal
        return streams
    }
}
