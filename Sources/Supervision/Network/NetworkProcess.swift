import Glibc
import Linux

/// The process that serves a container's networks beside its supervisor: ports, names and the way out. It is forked when all
/// its sockets are there, ends with the supervisor, and is forked again where it ends by itself: the sockets are still open.
final class NetworkProcess: SupervisedTask {
    private let kept: [CInt]
    private let body: () -> CInt
    private var process: ProcessID?
    private var pidfd: FileDescriptorBox?
    private var restarts = 0
    private(set) var deadline: MonotonicTime?

    /// How often one that ends at once is forked again, and how long after it ended, in milliseconds: doubled each time.
    private static let patience = 10
    private static let firstPause: Int64 = 10

    /// A process that runs `body` with the descriptors `kept`, and no others but the standard ones. Throws `SystemError` where
    /// it cannot be forked.
    init(keeping kept: [CInt], _ body: @escaping () -> CInt) throws(SystemError) {
        self.kept = kept
        self.body = body
        try start()
    }

    private func start() throws(SystemError) {
        let (kept, body, parent) = (kept, body, getpid())
        let child = try fork {
            // A supervisor that was killed before this line leaves its child to somebody else.
            try? Credentials.setParentDeathSignal(SIGKILL)
            guard getppid() == parent else { return 0 }
            // The container's lock, its streams and its clients are the supervisor's alone.
            DescriptorTable.closeAll(from: 3, keeping: kept)
            return body()
        }
        process = child
        pidfd = FileDescriptorBox(try openProcess(child))
        deadline = nil
    }

    var descriptor: CInt? { pidfd?.number }

    func turn(in container: RunningContainer) {
        if process != nil {
            reap()
            tryLater()
        } else if let deadline, deadline.isPast {
            self.deadline = nil
            // Without memory, or with too many processes: there may be room later.
            do throws(SystemError) { try start() } catch { tryLater() }
        }
    }

    private func tryLater() {
        guard restarts < Self.patience else { return }
        deadline = .now().adding(milliseconds: Self.firstPause << Int64(restarts))
        restarts += 1
    }

    func stop() {
        guard let process else { return }
        kill(process, SIGKILL)
        reap()
        deadline = nil
    }

    private func reap() {
        if let process { _ = try? waitForExit(of: process) }
        (process, pidfd) = (nil, nil)
    }
}
