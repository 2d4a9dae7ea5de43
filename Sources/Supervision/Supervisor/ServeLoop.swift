import ContainerSpec
import Glibc
import Linux
import Logs
import Runtime

/// What a supervisor does while its container runs: moves bytes between the container and its clients, hears the user's
/// other commands, and notices the end. It outlives the container's process where that is started again.
struct ServeLoop: ~Copyable {
    /// The facts of the container that hold for all its runs.
    struct Settings {
        /// Whether the input ends with the first client that had it (Docker's StdinOnce).
        var inputEndsWithClient: Bool
        var stopSignal: CInt
        /// Whether user or image have chosen the stop signal.
        var hasOwnStopSignal: Bool
        /// In seconds; negative: wait without end.
        var stopTimeout: Int
        var restartPolicy: RestartPolicy
        /// Whether the container is killed when a client leaves, in whatever way: only who asked for it knows it.
        var endsWithClient = false
    }

    var settings: Settings
    let journal: ContainerJournal
    var tasks: [any SupervisedTask] = []
    /// The container's networks, which commands may change; nil where it is on none.
    var networks: ContainerNetworks?
    /// Children of ours that end by themselves, after the container.
    var spared: [ProcessID] = []
    /// What the user has asked for since the container was started.
    var wishes = Wishes()
    private(set) var container: RunningContainer?
    var streams = ProcessStreams()
    /// Who has sent what the container has not taken yet, in order: of each client at most AttachFrame.inputWindow frames.
    var senders: [ControlClient] = []
    var killAt: MonotonicTime?
    /// nil where none is kept.
    var log: ContainerLog?
    /// What is told of the container's next start in front of `start`, and behind it.
    var prologue: [LifeEvent] = []
    var epilogue: [LifeEvent] = []
    private(set) var clients: [ControlClient] = []
    private var listener: ControlListener?
    private let signals: SignalDescriptor
    private var keepers: [(pid: ProcessID, pidfd: FileDescriptorBox)] = []
    private var dormancy = Dormancy()

    struct Wishes {
        /// That it end, and not come back by itself.
        var end = false
        /// That it end by `stop`.
        var stop = false
        /// That it be started again after its end.
        var restart = false
        /// The supervisor was told to end.
        var isSignalled = false
    }

    /// `first` is the command that started the container, which is served `streams`. Throws `SystemError`.
    init(
        _ settings: Settings, journal: ContainerJournal, first: consuming FileDescriptor, streams: AttachedStreams
    ) throws(SystemError) {
        self.settings = settings
        self.journal = journal
        signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP, SIGQUIT])
        clients.append(ControlClient(first, .attached(streams)))
    }

    /// Lets other commands connect. Throws `SystemError`.
    mutating func listen(runDirectory: String) throws(SystemError) {
        guard listenerNumber == nil else { return }
        listener = try ControlListener(runDirectory: runDirectory)
    }

    /// Tells the command that starts the container of something that is not as it should be.
    func warn(_ message: String) { clients.first?.post(.errorOutput(Array("WARNING: \(message)\r\n".utf8))) }

    private var listenerNumber: CInt? {
        switch listener {
        case .some(let listener): listener.number
        case .none: nil
        }
    }

    // MARK: the life of the container

    /// Serves a container until it has ended; what it wrote last is in the clients' hands or outboxes then.
    mutating func serve(_ container: RunningContainer, _ streams: consuming ProcessStreams) -> ExitStatus {
        self.streams = streams
        self.streams.makeNonBlocking()
        self.container = container
        container.journal = journal
        senders.removeAll()
        wishes = Wishes()
        killAt = nil
        for client in clients {
            switch client.role {
            case .attached: client.post(.started)
            case .restarting: client.post(last: .started)
            case .new, .waiting, .holding, .leaving: continue
            }
        }
        journal.noteStart()
        for event in prologue { journal.note(event) }
        journal.note(.start)
        for event in epilogue { journal.note(event) }
        (prologue, epilogue) = ([], [])
        // Who waits for a short command waits for this process, too: events are written when there is time.
        let patience = MonotonicTime.now().adding(milliseconds: 5)
        while !turn(until: journal.isBehind ? patience : nil) {
            if journal.isBehind, patience.isPast { journal.flush() }
        }
        for task in tasks { task.stop() }
        let status = (try? waitForExit(of: container.pid)) ?? .exited(code: 125)
        for chunk in self.streams.drain() { deliver(chunk) }
        log?.finish()
        self.container = nil
        return status
    }

    /// Serves the commands of the user until `moment`, while the container waits to be started again. False when the
    /// user does not want it any more.
    mutating func rest(until moment: MonotonicTime) -> Bool {
        streams = ProcessStreams()
        while !wishes.end, !wishes.restart, !moment.isPast { _ = turn(until: moment) }
        return wishes.restart || !wishes.end
    }

    /// Tells all that wait for it that the container has ended. With `final` nobody is heard any more; `failure` is why it
    /// could not be started again.
    mutating func tellEnd(_ code: CInt, final: Bool, _ failure: SupervisorFailure? = nil) {
        if final { stopListening() }
        for client in clients {
            switch client.role {
            case .attached, .waiting: client.post(last: .exited(code: code))
            case .restarting:
                guard final else { continue }
                let message = failure?.message ?? "it was stopped before it ran again"
                client.post(last: .failed(code: failure?.exitCode ?? 1, message: message))
            // What it held has ended.
            case .holding: client.post(last: .done)
            case .new, .leaving: continue
            }
        }
    }

    /// Tells the command that started the container, and whoever waits for it, that it could not be started.
    mutating func tellFailure(_ failure: SupervisorFailure) {
        stopListening()
        for client in clients { client.post(last: .failed(code: failure.exitCode, message: failure.message)) }
    }

    /// Waits until every client has read what is its own, or has gone.
    mutating func deliver() {
        while true {
            var poll = PollSet()
            for client in clients where client.isBehind { poll.add(client.number, reading: false, writing: true) }
            guard isAnyClientBehind, (try? poll.wait()) != nil else { break }
            for client in clients where client.isBehind { client.flush() }
        }
        clients.removeAll()
    }

    private mutating func stopListening() {
        let last = listener.take()
        switch consume last {
        case .some(let open): open.close()
        case .none: break
        }
    }

    // MARK: one turn

    /// Where the descriptors of one turn are in its poll set.
    private struct Places {
        var end: Int?
        var signal = 0
        var newcomers: Int?
        /// One for each client, keeper and task that there was when the turn began.
        var clients: [Int] = []
        var keepers: [Int] = []
        var tasks: [Int?] = []
        var streams = ProcessStreams.Places()
    }

    // True when the container has ended. Plain loops, here and below: the first use of a generic algorithm with a type
    // of ours costs 50 µs, and every container has its supervisor.
    private mutating func turn(until moment: MonotonicTime?) -> Bool {
        var poll = PollSet()
        let places = watch(&poll)
        guard (try? dormancy.wait(&poll, milliseconds: patience(until: moment))) != nil else { return false }

        if poll.isReadable(places.signal) { hearOwnSignals() }
        for index in 0..<places.clients.count { attend(to: clients[index], at: places.clients[index], poll) }
        if let place = places.newcomers, poll.isReadable(place) { welcome() }
        let moved = streams.move(places.streams, poll)
        acknowledge(moved.taken)
        for chunk in moved.chunks { deliver(chunk) }
        for index in 0..<places.tasks.count {
            guard let container else { break }
            let isAwaited = if let place = places.tasks[index] { poll.isReadable(place) } else { false }
            if isAwaited || tasks[index].deadline?.isPast ?? false { tasks[index].turn(in: container) }
        }
        for index in (0..<places.keepers.count).reversed() where poll.isReadable(places.keepers[index]) { reap(index) }
        dismissGoneClients()
        if let moment = killAt, moment.isPast {
            killAt = nil
            try? container?.send(SIGKILL)
        }
        return if let end = places.end { poll.isReadable(end) } else { false }
    }

    private mutating func watch(_ poll: inout PollSet) -> Places {
        var places = Places()
        if let container { places.end = poll.add(container.pidfd.rawValue) }
        places.signal = poll.add(signals.descriptor.rawValue)
        if let number = listenerNumber { places.newcomers = poll.add(number) }
        for client in clients { places.clients.append(poll.add(client.number, writing: client.isBehind)) }
        for keeper in keepers { places.keepers.append(poll.add(keeper.pidfd.number)) }
        for task in tasks {
            let place: Int? = if let number = task.descriptor { poll.add(number) } else { nil }
            places.tasks.append(place)
        }
        // A client that does not keep up holds the container up as a full pipe would.
        places.streams = streams.watch(in: &poll, output: !isAnyClientBehind)
        return places
    }

    private var isAnyClientBehind: Bool {
        for client in clients where client.isBehind { return true }
        return false
    }

    private mutating func attend(to client: ControlClient, at place: Int, _ poll: PollSet) {
        if poll.isWritable(place) { client.flush() }
        if poll.isReadable(place) { hear(client) }
    }

    private mutating func dismissGoneClients() {
        var index = 0
        while index < clients.count {
            guard clients[index].isGone else {
                index += 1
                continue
            }
            clientLeft(clients.remove(at: index))
        }
    }

    private func patience(until moment: MonotonicTime?) -> CInt {
        var earliest = moment
        func consider(_ other: MonotonicTime?) {
            guard let other else { return }
            if let known = earliest, known <= other { return }
            earliest = other
        }
        consider(killAt)
        consider(streams.restsUntil)
        if container != nil { for task in tasks { consider(task.deadline) } }
        return earliest?.millisecondsLeft ?? -1
    }

    private mutating func welcome() {
        switch listener {
        case .some(let open):
            while let connection = open.accept() {
                clients.append(ControlClient(FileDescriptor(owning: connection), .new))
            }
        case .none: return
        }
    }

    private mutating func hear(_ client: ControlClient) {
        guard client.role == .new else { return receive(from: client) }
        switch ControlReception.read(from: client.number) {
        case .request(let request): serve(request, of: client)
        case .unreadable:
            client.post(
                last: .failed(
                    code: 1, message: "the container was started by another version of this program: restart it"))
        case .end: client.leave()
        }
    }

    // What the container has written goes to the log, and to every client that wants it.
    private mutating func deliver(_ chunk: ProcessStreams.Chunk) {
        log?.append(chunk.source == .errorOutput ? .errorOutput : .output, chunk.data)
        let packet = AttachFrame(chunk).bytes
        for client in clients where client.wants(chunk.source) { client.post(packet) }
    }

    // MARK: other processes in the container

    /// Takes over a keeper, which is reaped when it ends.
    mutating func keep(_ keeper: ProcessID) {
        if let pidfd = try? openProcess(keeper) { keepers.append((keeper, FileDescriptorBox(pidfd))) }
    }

    /// Ends what the container has left behind among others' processes. Keepers end their commands themselves, and tell
    /// their clients; they have two seconds for it.
    mutating func endStragglers() {
        let deadline = MonotonicTime.now().adding(milliseconds: 2000)
        while !keepers.isEmpty, !deadline.isPast {
            Reaper.endChildren(besides: keepers.map(\.pid) + spared)
            var poll = PollSet()
            poll.add(keepers[0].pidfd.number)
            if (try? poll.wait(milliseconds: 20)) ?? true { reap(0) }
        }
        Reaper.endChildren(besides: spared)
    }

    private mutating func reap(_ place: Int) {
        _ = try? waitForExit(of: keepers[place].pid)
        keepers.remove(at: place)
    }

    // A supervisor that is asked to end stops its container first. It has no terminal whose hang-up would concern it:
    // SIGHUP comes beside SIGTERM when a session ends (systemd.kill(5), SendSIGHUP=), and alone it asks for nothing.
    private mutating func hearOwnSignals() {
        while let (signal, sender) = signals.nextWithSender() {
            if signal != SIGHUP { stopForSignal(of: sender) }
        }
    }
}

/// A descriptor in a place where only copies can be.
final class FileDescriptorBox {
    private let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    var number: CInt { descriptor.rawValue }
}
