import Archive
import ContainerSpec
import Errors
import Glibc
import Linux
import Store
import Supervision
import Trees
import Workers

/// A conversation with the process that reads and writes a container's files (`CopyTreeWorker`). A container that does not
/// run is held as long as it lasts: it cannot be started or removed meanwhile.
struct ContainerFiles: ~Copyable {
    /// What the container was called by the caller.
    let name: String
    let id: String
    private let process: WorkerProcess

    /// What is said to the worker.
    var packets: CopyPackets { CopyPackets(number: process.socket.rawValue) }

    /// Starts the worker for the container that `name` names. `streams` are descriptors that archives are read from and
    /// written to. Throws `EngineError`.
    init(_ engine: Engine, _ name: String, streams: (input: CInt?, output: CInt?) = (nil, nil)) throws(EngineError) {
        let id = try engine.containerID(name)
        let process = try Self.start(engine, id, streams)
        switch try Self.answer(CopyPackets(number: process.socket.rawValue), name) {
        case .ready: break
        default: throw Self.unexpected
        }
        self.name = name
        self.id = id
        self.process = process
    }

    /// The worker; it ends with this value.
    private struct WorkerProcess: ~Copyable {
        let socket: FileDescriptor
        let number: ProcessID
        // The lock of a container that does not run.
        let hold: FileDescriptor?

        deinit {
            shutdown(socket.rawValue, CInt(SHUT_RDWR))
            _ = try? waitForExit(of: number)
            if let number = hold.number { _ = flock(number, LOCK_UN) }
        }
    }

    private static func start(
        _ engine: Engine, _ id: String, _ streams: (input: CInt?, output: CInt?)
    ) throws(EngineError) -> WorkerProcess {
        let access = try engine.processOrHold(id)
        switch consume access {
        case .running(let process):
            let started = try start(engine, id, process, nil, streams)
            return WorkerProcess(socket: FileDescriptor(owning: started.socket), number: started.worker, hold: nil)
        case .held(let lock):
            let started: (socket: CInt, worker: ProcessID)
            do throws(EngineError) { started = try start(engine, id, nil, lock.rawValue, streams) } catch {
                lock.unlock()
                throw error
            }
            return WorkerProcess(
                socket: FileDescriptor(owning: started.socket), number: started.worker, hold: consume lock)
        }
    }

    private static func start(
        _ engine: Engine, _ id: String, _ process: ProcessIdentity?, _ hold: CInt?,
        _ streams: (input: CInt?, output: CInt?)
    ) throws(EngineError) -> (socket: CInt, worker: ProcessID) {
        let record: ContainerRecord
        do throws(StoreError) { record = try engine.containers.readRecord(id) } catch { throw EngineError(error) }
        let description = try ContainerDescription(decoding: record.body, id: id)
        let request = SuperviseRequest(
            paths: engine.paths, id: id, name: description.name, description: description, layers: record.layers,
            size: nil, streams: .none, lingering: 0)
        do throws(SystemError) {
            var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
            let own = pair.takeFirst()
            let other = pair.takeSecond()
            let file = try request.file()
            let worker = try Worker.copyTree.start(
                engine.executable, process.map { [String($0.pid), String($0.startTime)] } ?? [],
                inheriting: [streams.input, streams.output, nil, other.rawValue, file.rawValue, hold])
            endLifetime(other)
            return (own.release(), worker)
        } catch { throw EngineError("cannot start the process that copies: \(error)") }
    }

    private static var unexpected: EngineError { EngineError("the process that copies ended early") }

    private static func gone(_ name: String) -> EngineError {
        EngineError("the process that copies ended early: container \(name) may have been removed", .unavailable)
    }

    // MARK: messages

    /// The worker's next word. Throws `EngineError` where it has ended without one.
    func receive() throws(EngineError) -> CopyPackets.Message { try Self.receive(packets, name) }

    private static func receive(_ packets: CopyPackets, _ name: String) throws(EngineError) -> CopyPackets.Message {
        // The first answer may be no more than that it ended with something unread.
        for _ in 0..<2 { if let message = try packets.reply() { return message } }
        throw gone(name)
    }

    /// Says that there is no entry any more, and waits for the end of the work.
    func finish() throws(EngineError) {
        do throws(EngineError) { try packets.send(CopyReply.done(0)) } catch {
            throw try packets.lastWord() ?? Self.gone(name)
        }
        _ = try done()
    }

    /// Gives a command and waits for the answer.
    func ask(_ command: CopyCommand) throws(EngineError) -> CopyReply {
        try tell(command)
        return try answer()
    }

    func tell(_ command: CopyCommand) throws(EngineError) { try packets.send(command) }

    func answer() throws(EngineError) -> CopyReply { try Self.answer(packets, name) }

    private static func answer(_ packets: CopyPackets, _ name: String) throws(EngineError) -> CopyReply {
        guard let reply = try receive(packets, name).replies.last else { throw unexpected }
        if case .failed(let error) = reply { throw error }
        return reply
    }

    /// Waits for the end of what was commanded; returns the size of the archive.
    func done() throws(EngineError) -> Int {
        guard case .done(let size) = try answer() else { throw Self.unexpected }
        return size
    }

    /// What is at `path`. Throws with Docker's words where there is nothing.
    func status(_ path: [UInt8]) throws(EngineError) -> ContainerPathStatus {
        if path.isEmpty { throw EngineError("bad parameter: pathcannot be empty", .invalid) }
        do throws(EngineError) {
            guard case .status(let status) = try ask(.status(path)) else { throw Self.unexpected }
            return status
        } catch { throw naming(path, error) }
    }

    /// The error with the path that the caller knows, where that is not there.
    func naming(_ path: [UInt8], _ error: EngineError) -> EngineError {
        guard error.kind == .notFound else { return error }
        return EngineError("Could not find the file \(CopyPath.text(path)) in container \(name)", .notFound)
    }
}

/// By what the files of a container are reached.
private enum ContainerAccess: ~Copyable {
    case running(ProcessIdentity)
    /// It does not run, and is held by this lock.
    case held(FileDescriptor)
}

extension Engine {
    /// The first process of a container that runs, or the lock of one that does not.
    fileprivate func processOrHold(_ id: String) throws(EngineError) -> ContainerAccess {
        let deadline = MonotonicTime.now().adding(seconds: Self.patience)
        while true {
            let state = try state(id)
            if state.isActive, let process = state.process { return .running(process) }
            if let hold = try tryHoldEnded(id) {
                do throws(StoreError) {
                    _ = try containers.readRecord(id)
                    try containers.makeRunDirectory(id)
                } catch { throw EngineError(error) }
                return .held(hold)
            }
            // It is being started, waits for its next start, or ends.
            if deadline.isPast {
                throw EngineError(
                    "container \(id.prefix(12)) is \(state.status.rawValue) and busy: try again when it runs or is stopped",
                    .conflict)
            }
            usleep(5000)
        }
    }
}
