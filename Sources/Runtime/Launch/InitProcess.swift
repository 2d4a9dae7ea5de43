import Glibc
package import Linux
import OCI

/// A container's first process, from its clone(2) until it executes its command. After that, its pidfd is all that
/// matters of it: whoever launched it waits for its exit (waitpid(2)).
package struct InitProcess: ~Copyable {
    /// Its number where the caller lives.
    package private(set) var pid: ProcessID
    /// A pidfd of it.
    package private(set) var pidfd: FileDescriptor
    private var terminal: FileDescriptor?
    private var attached: FileDescriptor?
    private var network: FileDescriptor?
    private var isReaped = false
    private var socket: PacketSocket?
    private var talk: ChildProtocol
    /// Network devices of the caller's that move into its namespace, and their names there.
    private var devices: [(name: String, inside: String)] = []
    /// The process that entered namespaces on behalf of this one, until it is reaped.
    private var stage: ProcessID?

    /// Starts the process and returns at once, or, where it needs help with its namespaces, after that. Its setup goes
    /// on at the same time; `complete()` waits for it.
    package static func begin(_ request: borrowing LaunchRequest) throws(LaunchError) -> InitProcess {
        let plan = try LaunchPlan(request)
        defer { plan.earlyMounts.close() }
        let talk = ChildProtocol(
            staged: plan.namespaces.isStaged, needsMaps: plan.namespaces.created.contains(.user),
            hasTerminal: plan.hasTerminal, waitsForStart: !request.startImmediately, needsHooks: request.hasHooks,
            needsListener: SystemCallFilter.hasListener(request.seccompProgram, request.seccompFlags),
            mayHaveListener: request.identity != nil, needsDevices: !plan.devices.isEmpty,
            announcesNetwork: request.announcesNetwork)
        var process = try begin(talk, cloning: plan.namespaces.cloned, cgroup: request.cgroupNumber) {
            control, cgroup in
            ContainerInit.run(request, plan, control: control, cgroup: cgroup)
        }
        process.devices = plan.devices
        try process.leaveStage(plan.maps)
        return process
    }

    /// Starts a process that joins a container; as `begin(_:)`.
    package static func begin(joining request: borrowing JoinRequest) throws(LaunchError) -> InitProcess {
        guard request.process.args?.isEmpty == false else {
            throw LaunchError(.request, sentence: "cannot run a process in the container: no command is given")
        }
        let hasTerminal = if case .terminal = request.stdio { true } else { false }
        let talk = ChildProtocol(
            staged: request.isStaged, needsMaps: false, hasTerminal: hasTerminal, waitsForStart: false,
            needsListener: SystemCallFilter.hasListener(request.seccompProgram, request.seccompFlags),
            mayHaveListener: request.identity != nil)
        var process = try begin(talk, cloning: [], cgroup: request.cgroupNumber) { control, cgroup in
            ContainerJoin.run(request, control: control, cgroup: cgroup)
        }
        try process.leaveStage(IDMap(users: [], groups: []))
        return process
    }

    private static func begin(
        _ talk: ChildProtocol, cloning namespaces: NamespaceSet, cgroup: CInt?,
        child: (_ control: CInt, _ cgroup: CInt?) -> Never
    ) throws(LaunchError) -> InitProcess {
        var pair = try step(.process) { () throws(SystemError) in
            try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
        }
        let parentEnd = PacketSocket(owning: pair.takeFirst())
        let childEnd = pair.takeSecond()
        var placed = false
        let clone = try step(.process) { () throws(SystemError) in
            try cloneProcess(into: namespaces, cgroup: cgroup, placed: &placed)
        }
        switch consume clone {
        case .child:
            // The parent's end has to be its only one, or nobody sees it close.
            endLifetime(parentEnd)
            child(childEnd.release(), placed ? nil : cgroup)
        case .parent(let pid, let pidfd):
            endLifetime(childEnd)
            var stage: ProcessID?
            if case .staging = talk.state { stage = pid }
            return InitProcess(pid: pid, pidfd: pidfd, socket: parentEnd, talk: talk, stage: stage)
        }
    }

    private init(
        pid: ProcessID, pidfd: consuming FileDescriptor, socket: consuming PacketSocket, talk: ChildProtocol,
        stage: ProcessID?
    ) {
        self.pid = pid
        self.pidfd = pidfd
        self.terminal = nil
        self.attached = nil
        self.network = nil
        self.socket = consume socket
        self.talk = talk
        self.stage = stage
    }

    /// Hands over the root file system that the request left for later; the descriptor stays the caller's. `supply(owner:)`
    /// follows.
    package mutating func provide(root: borrowing FileDescriptor) throws(LaunchError) {
        do throws(SystemError) { try send(Frame.encode(ParentMessage.root), attachment: root) } catch {
            throw try ownFailure(error)
        }
    }

    /// Says that what the process binds into a root that was handed over is there, and with `owner` who the process is, whatever
    /// the specification says.
    package mutating func supply(owner: ProcessOwner? = nil) throws(LaunchError) {
        do throws(SystemError) {
            let message = Frame.encode(ParentMessage.supplied(owner))
            if message.count <= Self.messageRoom { return try send(frame: message) }
            var encoder = WireEncoder()
            owner?.encode(to: &encoder)
            let file = try MemoryFile.create("apus-owner", encoder.bytes)
            try send(Frame.encode(ParentMessage.supplied(nil)), attachment: file)
        } catch { throw try ownFailure(error) }
    }

    // Of the 64 KB that are received at once.
    private static let messageRoom = 32 << 10

    // It may have failed already: its own message says why, and a broken pipe does not. Throws that.
    private mutating func ownFailure(_ error: SystemError) throws(LaunchError) -> LaunchError {
        if error.errno == .brokenPipe || error.errno == Errno(ECONNRESET) { try complete() }
        return abort(LaunchError(.communication, error))
    }

    /// Waits until the process is in its network namespace, and returns that; for a request that announces it. Once. Throws
    /// what the process failed with; it is reaped then.
    package mutating func awaitNetwork() throws(LaunchError) -> FileDescriptor {
        while true {
            if let namespace = network.take() { return namespace }
            switch talk.state {
            case .failed(let error): throw error
            case .settingUp where !talk.networked: try advance()
            default:
                throw abort(LaunchError(.communication, sentence: "the container's process sent no network namespace"))
            }
        }
    }

    /// Waits until the process has executed its command, or, where it is to wait for its start, is ready for it. Throws
    /// what it failed with; it is reaped then.
    ///
    /// For a request with hooks or with a filter that has a listener use `nextPause()`.
    package mutating func complete() throws(LaunchError) {
        if try nextPause() != nil {
            throw abort(LaunchError(.request, sentence: "cannot start the container: nobody runs its hooks"))
        }
    }

    /// A moment at which the process waits for its caller.
    package enum Pause: Equatable, Sendable {
        /// Its namespaces and mounts are made, and its root is the caller's: prestart and createRuntime hooks run now.
        /// `resume(creating:created:)` ends it.
        case mounted
        /// Its filter has a listener: `takeListener()`, and then `resume()`.
        case listener
    }

    /// As `complete()`, but returns at each moment at which the process waits for something; nil at the end.
    package mutating func nextPause() throws(LaunchError) -> Pause? {
        while true {
            switch talk.state {
            case .created, .running: return nil
            case .networked: try moveDevices()
            case .mounted: return .mounted
            case .listening: return .listener
            case .failed(let error): throw error
            case .staging, .settingUp, .starting, .executing: try advance()
            }
        }
    }

    /// Lets a process go on that waits for hooks, and gives it the container's state for those that it runs itself:
    /// createContainer hooks get `creating`, startContainer hooks `created`.
    package mutating func resume(creating: [UInt8], created: [UInt8]) throws(LaunchError) {
        do throws(SystemError) {
            let file = try MemoryFile.create("apus-state", HookInput.bytes(creating: creating, created: created))
            try send(Frame.encode(ParentMessage.hooked), attachment: file)
        } catch { throw abort(LaunchError(.communication, error)) }
        talk.resume()
    }

    /// The listener of the process's filter.
    package mutating func takeListener() throws(LaunchError) -> FileDescriptor {
        guard case .listening(let number) = talk.state else {
            throw LaunchError(.seccomp, sentence: "the container's process has no listener to give")
        }
        if let listener = try? fetchDescriptor(number, of: pidfd) { return listener }
        // Not ours to trace: it has to send it, which its own filter may forbid.
        do throws(SystemError) { try send(.attachListener) } catch { throw abort(LaunchError(.communication, error)) }
        try advance()
        if case .failed(let error) = talk.state { throw error }
        guard let listener = attached.take() else {
            throw abort(LaunchError(.seccomp, sentence: "the container's process sent no listener"))
        }
        return listener
    }

    /// Lets a process go on whose listener is served.
    package mutating func resume() throws(LaunchError) {
        do throws(SystemError) { try send(.served) } catch { throw abort(LaunchError(.communication, error)) }
        talk.resume()
    }

    /// Tells a created process with a gate that its creation is recorded: it outlives the caller from here on.
    package mutating func part() throws(LaunchError) {
        do throws(SystemError) { try send(.parted) } catch { throw abort(LaunchError(.communication, error)) }
    }

    /// Ends the process and reaps it: a start that is given up. Nothing is done where it is reaped already.
    package mutating func kill() { _ = abort(LaunchError(.request, sentence: "")) }

    /// Lets a created container execute its command, and waits until it has.
    ///
    /// A process that has neither hooks nor a listener can be told before it is ready, and then does not wait when it is.
    package mutating func start() throws(LaunchError) {
        let isAhead = talk.takesStartAhead
        if !isAhead, talk.state != .created { try complete() }
        do throws(SystemError) { try send(.start) } catch {
            if isAhead { throw try ownFailure(error) }
            throw abort(LaunchError(.communication, error))
        }
        talk.start()
        try complete()
    }

    /// The master side of the terminal, once; nil where the container has none. After `complete()`.
    package mutating func takeTerminal() -> FileDescriptor? { terminal.take() }

    // MARK: the conversation

    private mutating func leaveStage(_ maps: IDMap) throws(LaunchError) {
        while true {
            switch talk.state {
            case .staging(mapped: false): try advance()
            case .staging(mapped: true):
                try map(maps)
                try advance()
            case .failed(let error): throw error
            default: return
            }
        }
    }

    private mutating func map(_ maps: IDMap) throws(LaunchError) {
        do throws(LaunchError) {
            try UserNamespace.writeMaps(of: pid, maps)
            try step(.userMapping) { () throws(SystemError) in try send(.mapped) }
        } catch {
            throw abort(error)
        }
    }

    private mutating func moveDevices() throws(LaunchError) {
        do throws(LaunchError) {
            let namespace = try step(.networkDevice) { () throws(SystemError) in
                try FileDescriptor.open("/proc/\(pid)/ns/net", O_RDONLY)
            }
            for (name, inside) in devices {
                try step(.networkDevice, name) { () throws(SystemError) in
                    try NetworkDevice.move(name, to: namespace, as: inside)
                }
            }
            try step(.communication) { () throws(SystemError) in try send(.moved) }
        } catch { throw abort(error) }
        talk.resume()
    }

    /// Takes one message.
    private mutating func advance() throws(LaunchError) {
        do throws(ProtocolFailure) {
            try receive()
        } catch {
            throw abort(LaunchError(.communication, sentence: error.description))
        }
        if case .failed = talk.state { reap() }
    }

    private struct ProtocolFailure: Error { let description: String }

    private mutating func receive() throws(ProtocolFailure) {
        guard var packet = try packet() else {
            do throws(ChildProtocol.Violation) { try talk.close() } catch {
                throw ProtocolFailure(description: error.description)
            }
            socket = nil
            return
        }
        let message: ChildMessage
        do throws(WireError) { message = try Frame.decode(packet.bytes) } catch {
            throw ProtocolFailure(description: "the container's process sent a malformed message: \(error)")
        }
        do throws(ChildProtocol.Violation) { try talk.receive(message) } catch {
            throw ProtocolFailure(description: error.description)
        }
        switch message {
        case .forked(let sibling):
            guard let next = packet.attachment.take() else {
                throw ProtocolFailure(description: "the container's process ended before it could execute its command")
            }
            if let stage { _ = try? waitForExit(of: stage) }
            stage = nil
            pid = sibling
            pidfd = next
        case .terminal:
            guard let master = packet.attachment.take() else {
                throw ProtocolFailure(description: "the container's process sent no terminal")
            }
            terminal = consume master
        case .listenerAttached: attached = packet.attachment.take()
        case .networked: network = packet.attachment.take()
        default: break
        }
    }

    private borrowing func packet() throws(ProtocolFailure) -> PacketSocket.Packet? {
        switch socket {
        case .some(let socket):
            do throws(SystemError) {
                return try socket.receive()
            } catch {
                throw ProtocolFailure(description: "cannot hear the container's process: \(error)")
            }
        case nil: return nil
        }
    }

    private borrowing func send(_ message: ParentMessage) throws(SystemError) { try send(frame: Frame.encode(message)) }

    private borrowing func send(frame: [UInt8]) throws(SystemError) {
        switch socket {
        case .some(let socket): try socket.send(frame)
        case nil: throw SystemError("write", nil, .brokenPipe)
        }
    }

    private borrowing func send(_ message: [UInt8], attachment: borrowing FileDescriptor) throws(SystemError) {
        switch socket {
        case .some(let socket): try socket.send(message, attachment: attachment)
        case nil: throw SystemError("sendmsg", nil, .brokenPipe)
        }
    }

    // MARK: the end

    private mutating func abort(_ error: LaunchError) -> LaunchError {
        if !isReaped { try? sendSignal(SIGKILL, to: pidfd) }
        reap()
        return error
    }

    private mutating func reap() {
        socket = nil
        if isReaped { return }
        isReaped = true
        if let stage, stage != pid { _ = try? waitForExit(of: stage) }
        stage = nil
        _ = try? waitForExit(of: pid)
    }
}

/// Starts a container: its process has executed its command when this returns, or, where the request says so, waits
/// for `InitProcess.start()`.
package func launch(_ request: consuming LaunchRequest) throws(LaunchError) -> InitProcess {
    var process = try InitProcess.begin(request)
    try process.complete()
    return process
}
