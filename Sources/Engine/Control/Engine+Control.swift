import ContainerSpec
import Errors
import Glibc
import Linux
import Logs
import OCI
import Store
import Supervision

extension Engine {
    /// What became of a request to a container's supervisor.
    enum SupervisorReply {
        case frame(AttachFrame)
        /// Nobody supervises the container, or not any more: its state says what became of it.
        case gone
        /// The supervisor does not answer.
        case stuck
    }

    /// How long a supervisor may take for what takes it no time, in seconds.
    static var patience: Int { 10 }

    /// The id of the container that `text` names. Throws `EngineError`.
    func containerID(_ text: String) throws(EngineError) -> String {
        do throws(StoreError) { return try containers.find(text) } catch { throw EngineError(error) }
    }

    /// Sends `request` to the supervisor of the container `id` and waits for its answer, at most `seconds` (nil: for
    /// ever) and until `stop` holds. Throws `EngineError` for what fails on this side, and for a wait that was stopped.
    func ask(
        _ id: String, _ request: ControlRequest, seconds: Int? = patience, stop: StopConditions = StopConditions()
    ) throws(EngineError) -> SupervisorReply {
        let deadline = seconds.map { MonotonicTime.now().adding(seconds: $0) }
        guard let reply = try connect(id, request, until: deadline) else { return .stuck }
        switch consume reply {
        case .gone: return .gone
        case .open(let connection):
            while true {
                do throws(SystemError) {
                    let left = deadline?.millisecondsLeft ?? -1
                    guard let frame = try connection.receive(milliseconds: left, stop: stop) else { return .gone }
                    switch frame {
                    case .done, .exited, .failed, .started: return .frame(frame)
                    default: continue
                    }
                } catch {
                    if error.errno == .again {
                        // One wait is a day at most.
                        if deadline?.isPast ?? false { return .stuck }
                        continue
                    }
                    if error.errno == Errno(ECANCELED) {
                        throw EngineError("nobody waits for container \(id.prefix(12)) any more", .cancelled)
                    }
                    throw EngineError(
                        "cannot hear the supervisor of container \(id.prefix(12)): \(error)", .unavailable)
                }
            }
        }
    }

    /// See `ContainerStore.state`. Throws `EngineError` where it cannot be read.
    func state(_ id: String) throws(EngineError) -> ContainerState {
        do throws(StoreError) { return try containers.state(id) } catch { throw EngineError(error) }
    }

    /// See `ContainerStore.isHeld`. Throws `EngineError` where that cannot be told.
    func isHeld(_ id: String) throws(EngineError) -> Bool {
        do throws(StoreError) { return try containers.isHeld(id) } catch { throw EngineError(error) }
    }

    /// See `ContainerStore.currentName`. Throws `EngineError` where names cannot be read.
    func currentName(_ id: String, was name: String) throws(EngineError) -> String? {
        do throws(StoreError) { return try containers.currentName(id, was: name) } catch {
            throw EngineError(error)
        }
    }

    /// See `ContainerStore.isEphemeral`. Throws `EngineError` where that cannot be told.
    func isEphemeral(_ id: String) throws(EngineError) -> Bool {
        do throws(StoreError) { return try containers.isEphemeral(id) } catch { throw EngineError(error) }
    }

    /// A connection to a supervisor, or the knowledge that there is none.
    enum Connection: ~Copyable {
        case open(ControlConnection)
        case gone
    }

    /// Connects to the supervisor of `id`, waiting for one that is just starting; nil where that takes too long.
    func connect(
        _ id: String, _ request: ControlRequest, until deadline: MonotonicTime?
    ) throws(EngineError) -> Connection? {
        let giveUp = deadline ?? .now().adding(seconds: Self.patience)
        var pause: UInt32 = 500
        while true {
            do throws(SystemError) {
                if let connection = try ControlConnection(
                    runDirectory: containers.runDirectory(id), request)
                {
                    return .open(connection)
                }
            } catch  where error.errno == .again {
                // More are waiting than a listener holds.
            } catch {
                throw EngineError("cannot reach the supervisor of container \(id.prefix(12)): \(error)", .unavailable)
            }
            // Whoever holds the container without listening is about to listen, or about to let go.
            if try !isHeld(id) { return .gone }
            if giveUp.isPast { return nil }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// Ends a container whose supervisor does not answer, and the supervisor.
    func forceEnd(_ id: String) throws(EngineError) {
        let state = try state(id)
        // The init first: it might not be told of its parent's death.
        for process in [state.process, state.supervisor] {
            guard let pidfd = process?.open() else { continue }
            try? sendSignal(SIGKILL, to: pidfd)
        }
    }

    /// Holds the container, which has no supervisor or is about to lose it; waits some seconds for that. Throws
    /// `EngineError` where it is gone, or held longer.
    func holdEnded(_ id: String, seconds: Int = patience) throws(EngineError) -> FileDescriptor {
        let deadline = MonotonicTime.now().adding(seconds: seconds)
        var pause: UInt32 = 200
        while true {
            if let hold = try tryHoldEnded(id) { return hold }
            if deadline.isPast {
                throw EngineError(
                    "container \(id.prefix(12)) is busy: another command works on it and does not come to an end",
                    .conflict)
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// As `holdEnded`, but nil at once where somebody holds it.
    func tryHoldEnded(_ id: String) throws(EngineError) -> FileDescriptor? {
        do throws(StoreError) {
            guard let hold = try containers.tryHold(id) else { return nil }
            try endOrphan(id)
            return hold
        } catch { throw EngineError(error) }
    }

    private func endOrphan(_ id: String) throws(StoreError) {
        guard let process = try containers.orphan(id), let pidfd = process.open() else { return }
        try? sendSignal(SIGKILL, to: pidfd)
        var poll = PollSet()
        poll.add(pidfd.rawValue)
        _ = try? poll.wait(milliseconds: 5000)
    }

    /// Notes an event of a container, of which the store may know no more than the description, behind what its supervisor has
    /// to note.
    func note(_ event: LifeEvent, _ description: ContainerDescription, name: String? = nil) {
        if (try? state(description.id))?.isActive ?? false { _ = try? ask(description.id, .ping) }
        let labels = (description.imageConfig.labels ?? [:]).merging(description.options.labels) { $1 }
        let attributes = Event.attributes(
            name: name ?? description.name, image: description.options.image, labels: labels)
        note(
            Event(
                .container, event.action, id: description.id,
                attributes: attributes.merging(event.attributes) { $1 }))
    }
}
