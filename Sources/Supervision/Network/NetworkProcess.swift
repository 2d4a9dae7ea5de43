import Glibc
import Linux
import Networking

/// The process that serves a container's networks beside its supervisor: ports, names and the way out. It is forked when all
/// its sockets are there, ends with the supervisor, and is forked again where it ends by itself: the sockets are still open.
final class NetworkProcess: SupervisedTask {
    private var service: NetworkService
    // The supervisor's end of a pair of sockets that the running process has the other end of.
    private var updates: FileDescriptorBox?
    private var process: ProcessID?
    private var pidfd: FileDescriptorBox?
    private var restarts = 0
    private var started = MonotonicTime.now()
    private(set) var deadline: MonotonicTime?

    /// How long after its end one is forked again, in milliseconds: doubled each time, up to the last.
    private static let firstPause: Int64 = 10
    private static let lastPause: Int64 = 5_000
    /// After how many milliseconds one has not ended at once.
    private static let health: Int64 = 10_000

    /// A process that runs `service` with the service's descriptors, and no others but the standard ones. Throws `SystemError`
    /// where it cannot be forked.
    init(_ service: NetworkService) throws(SystemError) {
        self.service = service
        try start()
    }

    private func start() throws(SystemError) {
        var service = service
        var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
        let theirs = pair.takeSecond()
        service.updates = theirs.rawValue
        let (kept, parent) = (service.descriptors, getpid())
        let child = try fork {
            // A supervisor that was killed before this line leaves its child to somebody else.
            try? Credentials.setParentDeathSignal(SIGKILL)
            guard getppid() == parent else { return 0 }
            // The container's lock, its streams and its clients are the supervisor's alone.
            DescriptorTable.closeAll(from: 3, keeping: kept)
            return service.run()
        }
        endLifetime(theirs)
        updates = FileDescriptorBox(pair.takeFirst())
        process = child
        started = .now()
        pidfd = FileDescriptorBox(try openProcess(child))
        deadline = nil
    }

    /// Tells the process of networks that have changed; one that is forked later knows them from the beginning. Throws
    /// `SystemError` where it does not hear.
    func change(_ update: ServiceUpdate) throws(SystemError) {
        service.apply(update)
        guard let updates, process != nil else { return }
        var encoder = WireEncoder()
        encoder.write(update)
        do throws(SystemError) { try PacketSocket.send(encoder.bytes, to: updates.number) } catch {
            // One that has just ended is forked again with what is known now.
            guard error.errno == .brokenPipe || error.errno == Errno(ECONNRESET) else { throw error }
        }
    }

    /// Serves other sockets from now on: the process is ended, with its connections, and another one forked. Throws
    /// `SystemError` where that cannot be.
    func replace(_ service: NetworkService) throws(SystemError) {
        stop()
        self.service = service
        try start()
    }

    var descriptor: CInt? { pidfd?.number }

    func turn(in container: RunningContainer) {
        if process != nil {
            reap()
            if MonotonicTime.now() - started > Self.health { restarts = 0 }
            tryLater()
        } else if let deadline, deadline.isPast {
            self.deadline = nil
            // Without memory, or with too many processes: there may be room later.
            do throws(SystemError) { try start() } catch { tryLater() }
        }
    }

    private func tryLater() {
        let pause = min(Self.firstPause << Int64(restarts), Self.lastPause)
        deadline = .now().adding(milliseconds: pause)
        if pause < Self.lastPause { restarts += 1 }
    }

    func stop() {
        endSoon()
        reap()
    }

    /// As `stop`, and waits only where it has what others may want next, the host's ports: else that is for `reap()`.
    func endSoon() {
        guard let process else { return }
        kill(process, SIGKILL)
        deadline = nil
        if !service.ports.isEmpty { reap() }
    }

    /// Waits for the end of what has been told to end.
    func reap() {
        if let process { _ = try? waitForExit(of: process) }
        (process, pidfd) = (nil, nil)
    }
}
