import CLinux
import Glibc

/// A session with a container that has no terminal, as a process serves it that has given its memory away (`depart`).
package struct PlainSession {
    /// The first bytes of the packets that both ends send.
    package struct Kinds {
        package var input, inputEnd, signal: UInt8
        package var started, output, errorOutput, inputTaken, exited, failed: UInt8

        package init(
            input: UInt8, inputEnd: UInt8, signal: UInt8, started: UInt8, output: UInt8, errorOutput: UInt8,
            inputTaken: UInt8, exited: UInt8, failed: UInt8
        ) {
            (self.input, self.inputEnd, self.signal) = (input, inputEnd, signal)
            (self.started, self.output, self.errorOutput) = (started, output, errorOutput)
            (self.inputTaken, self.exited, self.failed) = (inputTaken, exited, failed)
        }
    }

    package let kinds: Kinds
    /// The client's end of a SOCK_SEQPACKET pair.
    package let socket: CInt
    /// Of `SignalDescriptor`; nil: no signal is passed on.
    package var signals: CInt?
    /// The process's own streams; nil: nothing is read, and what comes is dropped.
    package var input, output, errorOutput: CInt?
    /// How many bytes of input go into a packet, and how many packets are sent before the first is taken.
    package var largestInput = 0, window = 0
    /// Descriptors that are not the session's: at most four.
    package var closed: [CInt] = []
    /// What is being made for the container: reaped when that runs, or at the end.
    package var helper: Preparation.Helper?

    package init(kinds: Kinds, socket: CInt) {
        self.kinds = kinds
        self.socket = socket
    }
}

/// How a process ends that has given its memory away.
package struct Departure: Sendable {
    /// The process's own name, and the hidden verb that gets an exit code and a message to print: the process becomes that where the
    /// container could not be started.
    package let program: String
    package let verb: String
    /// What is said of a supervisor that ends without a word, and the exit code then.
    package let lost: String
    package let lostCode: CInt

    package init(program: String, verb: String, lost: String, lostCode: CInt) {
        self.program = program
        self.verb = verb
        self.lost = lost
        self.lostCode = lostCode
    }
}

/// The calling process goes on as its own child: what follows this call is done there, with all the memory that there is. The caller
/// serves `session` and ends as the container does, or as `departure` says.
///
/// That saves what a fork takes, and each page that both would write to afterwards (clone(2), CLONE_VM). The process must have one
/// thread and nothing left to write. Returns true in the child; false in the caller, which has lost nothing, where there cannot be one
/// (qemu-user and valgrind know such processes as threads alone).
package func depart(serving session: PlainSession, _ departure: Departure) -> Bool {
    var plain = apus_session()
    plain.socket = session.socket
    plain.signals = session.signals ?? -1
    plain.input = session.input ?? -1
    plain.output = session.output ?? -1
    plain.error_output = session.errorOutput ?? -1
    plain.closed_count = withUnsafeMutableBytes(of: &plain.closed) { store(session.closed, in: $0) }
    if let helper = session.helper {
        plain.helper = helper.process
        plain.helper_file_count = withUnsafeMutableBytes(of: &plain.helper_files) { store(helper.files, in: $0) }
    }
    let kinds = session.kinds
    plain.kinds = apus_frame_kinds(
        input: kinds.input, input_end: kinds.inputEnd, signal: kinds.signal, started: kinds.started,
        output: kinds.output, error_output: kinds.errorOutput, input_taken: kinds.inputTaken, exited: kinds.exited,
        failed: kinds.failed)
    plain.most = CInt(session.largestInput)
    plain.window = CInt(session.window)
    plain.lost_code = departure.lostCode
    // Copied by the call, so they end with it in both processes.
    return departure.program.withCString { program in
        departure.verb.withCString { verb in
            departure.lost.withCString { lost in
                (plain.program, plain.worker, plain.lost) = (program, verb, lost)
                return apus_go_on_as_child(&plain) == 0
            }
        }
    }
}

// Returns how many they are: more than there is room for, and the call refuses them.
private func store(_ numbers: [CInt], in room: UnsafeMutableRawBufferPointer) -> CInt {
    let stride = MemoryLayout<CInt>.stride
    for place in 0..<min(numbers.count, room.count / stride) {
        room.storeBytes(of: numbers[place], toByteOffset: place * stride, as: CInt.self)
    }
    return CInt(numbers.count)
}
