import Glibc
import Linux

/// One check of a container's health while it runs: a command in the container, and the other end of its keeper's
/// connection.
final class HealthProbe {
    /// How many bytes of what a check writes are kept.
    static let outputLimit = 4096

    /// How the check ended.
    struct Ending {
        let exitCode: CInt
        /// What it wrote, or why it could not be run.
        let output: String
    }

    let connection: FileDescriptor
    let started = MonotonicTime.now()
    let startedAt = Timestamp.now().rfc3339
    /// When the monitor loses its patience.
    var deadline: MonotonicTime
    private let keeper: ProcessID
    private var output: [UInt8] = []
    private var isCut = false
    private var timesKilled = 0

    /// Runs `command` in `container`. Throws `SupervisorFailure` where there can be no keeper.
    init(_ command: [String], timeout: Int64, in container: RunningContainer) throws(SupervisorFailure) {
        var pair: DescriptorPair
        do throws(SystemError) { pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue)) } catch {
            throw SupervisorFailure(error)
        }
        let theirs = pair.takeSecond()
        keeper = try ExecSession.spawn(ExecRequest(command), connection: theirs.rawValue, in: container)
        connection = pair.takeFirst()
        deadline = started.adding(milliseconds: timeout)
    }

    /// Whether its time was over before it ended.
    var isOverdue: Bool { timesKilled > 0 }

    /// What the check wrote so far.
    var outputText: String { String(decoding: output, as: UTF8.self) + (isCut ? "..." : "") }

    /// Reads what is there of the keeper's frames, without waiting; the ending where the check has ended. Its keeper is
    /// reaped then.
    func advance() -> Ending? {
        while true {
            var poll = PollSet()
            poll.add(connection.rawValue)
            guard (try? poll.wait(milliseconds: 0)) ?? false else { return nil }
            switch AttachChannel.receive(from: connection.rawValue) {
            case .output(let bytes)?, .errorOutput(let bytes)?: append(bytes)
            case .exited(let code)?: return ended(code, outputText)
            case .failed(_, let message)?: return ended(-1, message)
            case nil: return ended(-1, "the check's keeper ended without a word")
            default: continue
            }
        }
    }

    private func append(_ bytes: [UInt8]) {
        let room = Self.outputLimit - output.count
        output += bytes.prefix(room)
        if bytes.count > room { isCut = true }
    }

    private func ended(_ exitCode: CInt, _ output: String) -> Ending {
        _ = try? waitForExit(of: keeper)
        return Ending(exitCode: exitCode, output: output)
    }

    /// Ends the check; a keeper that does not get it done is ended itself the next time, and the command with it.
    func kill() {
        timesKilled += 1
        deadline = MonotonicTime.now().adding(milliseconds: 5_000)
        if timesKilled == 1 {
            _ = AttachChannel.send(AttachFrame.signal(SIGKILL).bytes, to: connection.rawValue, waiting: false)
        } else {
            Glibc.kill(keeper, SIGKILL)
        }
    }

    /// Ends and reaps the keeper, and the command with it.
    func abandon() {
        Glibc.kill(keeper, SIGKILL)
        _ = try? waitForExit(of: keeper)
    }
}
