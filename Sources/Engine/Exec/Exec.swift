package import Errors
import Glibc
import Linux
import Store
package import Supervision

/// What `exec` asks for beside the command itself.
package struct ExecOptions: Sendable {
    package var request: ExecRequest
    /// Whether the command runs on its own from the start on.
    package var isDetached = false
    /// The streams of the session, its keys and what ends it. What the command has of them follows from `request`.
    package var client: AttachedClient.Options

    package init(_ request: ExecRequest, client: AttachedClient.Options) {
        self.request = request
        self.client = client
    }
}

extension Engine {
    /// Runs a command in the container that `text` names. Returns when it is on its way: the session says how it went.
    ///
    /// Throws `EngineError`, and Docker's words, for a container that is not there or does not run.
    package func exec(_ text: String, _ options: ExecOptions) throws(EngineError) -> AttachedClient {
        let id = try execTarget(text)
        var request = options.request
        var client = options.client
        client.terminal = request.hasTerminal
        // As with Docker, a signal to the client is the client's own: the command goes on without it.
        client.signalProxy = false
        client.input = request.hasInput
        // A busy machine may take its time for a process; a supervisor that stands still takes for ever.
        client.patience = 6 * Self.patience
        do throws(SystemError) {
            // Blocked before the size is taken, so that a change after it is not missed.
            if client.hearsSignals { _ = try SignalDescriptor([SIGWINCH]) }
            if request.hasTerminal { request.size = client.caller.windowSize }
        } catch { throw EngineError("cannot watch the terminal: \(error)") }
        guard let reply = try connect(id, .exec(request), until: nil) else {
            throw EngineError("the supervisor of container \(text) does not answer", .unavailable)
        }
        switch consume reply {
        case .open(let connection):
            do throws(SystemError) {
                return try AttachedClient(socket: connection.takeSocket(), options: client)
            } catch { throw EngineError("cannot serve the command's streams: \(error)") }
        case .gone:
            // It has ended since it was looked at.
            throw EngineError("container \(id) is not running", .conflict)
        }
    }

    private func execTarget(_ text: String) throws(EngineError) -> String {
        let id = try containerID(text)
        switch try state(id).status {
        case .running: return id
        case .paused:
            throw EngineError("container \(text) is paused, unpause the container before exec", .conflict)
        case .restarting:
            throw EngineError("container \(text) is restarting, wait until the container is running", .conflict)
        case .created, .removing, .exited, .dead:
            throw EngineError("container \(id) is not running", .conflict)
        }
    }

    /// Why a session with a command in the container that `text` names ended without a word: with the container, as far as
    /// can be seen.
    package func lossOfExec(_ text: String) -> EngineError {
        do throws(EngineError) { _ = try execTarget(text) } catch { return error }
        return EngineError("the command's keeper ended without a word", .unavailable)
    }

    /// The ids of the commands that `exec` runs in the container now.
    package func execIDs(_ id: String) -> [String] { ExecRecord.running(runDirectory: containers.runDirectory(id)) }
}
