import ContainerSpec
package import Errors
import Glibc
import Linux
import OCI
import Runtime
import Store
package import Supervision
import Workers

/// What `start` finds.
package enum StartedContainer: ~Copyable {
    /// It is being started.
    case starting(StartingContainer)
    /// It runs already.
    case running
}

extension Engine {
    /// Starts a container that was created, or has run before, with its own files as they were left. Returns while its
    /// supervisor is still at it: `StartingContainer` says how it went. Throws `EngineError`.
    package func startContainer(
        _ text: String, client: AttachedClient.Options, lingering: Int
    ) throws(EngineError) -> StartedContainer {
        let id = try containerID(text)
        // No update writes while the record moves below. Before the container is held: an update that has the lock waits
        // for who holds it. A disk that has no room for the lock has none for an update either.
        let update = try? lockForUpdate(id)
        guard let hold = try holdUnlessRunning(id) else { return .running }
        let record: ContainerRecord
        do throws(StoreError) { record = try containers.readRecord(id) } catch { throw EngineError(error) }
        let description = try ContainerDescription(decoding: record.body, id: id)
        try checkPassedStreams(description.options, client.caller)
        let passesStreams = description.options.passesStreams
        let name = try currentName(id, was: description.name) ?? description.name
        do throws(StoreError) {
            if description.options.autoRemove { try containers.makeEphemeral(id) }
            // The user's session may have taken the directory along when it ended.
            try containers.makeRunDirectory(id)
        } catch { throw EngineError(error) }
        endLifetime(update)
        var options = client
        options.terminal = description.options.tty
        options.input = client.input && description.options.openStdin
        let work = SuperviseRequest(
            paths: paths, id: id, name: name, description: description, layers: record.layers,
            size: description.options.tty ? client.caller.windowSize : nil,
            streams: passesStreams ? .none : options.streams, lingering: lingering)
        do throws(SystemError) {
            var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
            let session = try AttachedClient(socket: pair.takeFirst(), options: options)
            let supervisorEnd = pair.takeSecond()
            let file = try work.file()
            _ = try Worker.supervise.start(
                executable, [id],
                inheriting: (passesStreams ? client.caller.numbers : [nil, nil, nil]) + [
                    supervisorEnd.rawValue, hold.rawValue, file.rawValue,
                ])
            endLifetime(hold)
            return .starting(StartingContainer(id: id, name: name, warnings: [], client: session))
        } catch {
            throw EngineError("cannot start the supervisor of container \(text): \(error)")
        }
    }

    // Two starts at once give what one after the other would: the second finds it running.
    private func holdUnlessRunning(_ id: String) throws(EngineError) -> FileDescriptor? {
        while true {
            if let hold = try tryHoldEnded(id) { return hold }
            switch try ask(id, .ping) {
            case .frame: return nil
            // It ended between the two looks.
            case .gone: continue
            case .stuck:
                throw EngineError(
                    "container \(id.prefix(12)) cannot be started: another command holds it, as a copy does while it goes on, or "
                        + "its supervisor does not answer; 'apus kill' ends that")
            }
        }
    }
}

extension AttachedClient.Options {
    /// For who waits for the start alone. `caller` is whose streams a container gets that has those of its starting command.
    package static func detached(_ caller: CallerStreams) -> AttachedClient.Options {
        var options = AttachedClient.Options(caller)
        (options.input, options.output, options.errorOutput) = (false, false, false)
        options.signalProxy = false
        return options
    }
}
