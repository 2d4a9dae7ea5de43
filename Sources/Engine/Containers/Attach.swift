import ContainerSpec
package import Errors
import Linux
import Logs
import Store
package import Supervision

extension Engine {
    /// Attaches to the running container that `text` names. The session says how it went. Throws `EngineError`,
    /// for one that does not run in Docker's words.
    package func attachContainer(
        _ text: String, client: AttachedClient.Options
    ) throws(EngineError) -> AttachedClient {
        let id = try containerID(text)
        let description = try description(id)
        if description.options.passesStreams {
            throw EngineError(
                "cannot attach to container \(text): its streams are those of the command that started it "
                    + "(--log-driver=passthrough)", .conflict)
        }
        var options = client
        options.terminal = description.options.tty
        options.input = client.input && description.options.openStdin
        options.patience = Self.patience
        for _ in 0..<2 {
            try checkAttachable(id)
            guard
                let reply = try connect(
                    id, .attach(options.streams), until: .now().adding(seconds: Self.patience))
            else { throw EngineError("the supervisor of container \(text) does not answer", .unavailable) }
            switch consume reply {
            // It has ended between the two looks: the second round says so.
            case .gone: continue
            case .open(let connection):
                do throws(SystemError) {
                    let session = try AttachedClient(socket: connection.takeSocket(), options: options)
                    session.sendSize()
                    return session
                } catch { throw EngineError("cannot attach to container \(text): \(error)") }
            }
        }
        throw EngineError("the supervisor of container \(text) does not answer", .unavailable)
    }

    /// Whether the container that `text` names has a terminal. Throws `EngineError`.
    package func hasTerminal(_ text: String) throws(EngineError) -> Bool {
        try description(containerID(text)).options.tty
    }

    private func checkAttachable(_ id: String) throws(EngineError) {
        switch try state(id).status {
        case .running: return
        case .paused:
            throw EngineError("you cannot attach to a paused container, unpause it first", .conflict)
        case .restarting:
            throw EngineError("you cannot attach to a restarting container, wait until it is running", .conflict)
        case .created, .removing, .exited, .dead:
            throw EngineError("you cannot attach to a stopped container, start it first", .conflict)
        }
    }
}
