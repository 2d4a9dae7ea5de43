package import Errors
import Linux
import Store
package import Supervision

extension Engine {
    /// Stops the container that `text` names as `stopContainer` does, and starts it; one that does not run is started.
    /// `caller` is whose streams a container gets that has those of its starting command. Throws `EngineError`.
    package func restartContainer(
        _ text: String, signal: Int32? = nil, timeout: Int? = nil, caller: CallerStreams, lingering: Int
    ) throws(EngineError) {
        let id = try containerID(text)
        func failure(_ cause: String) -> EngineError {
            EngineError("cannot restart container \(text): \(cause)", .conflict)
        }
        if try state(id).isActive {
            let seconds = try stopPatience(id, timeout).map { $0 + Self.patience }
            switch try ask(id, .restart(signal: signal, timeout: timeout), seconds: seconds) {
            case .frame(.failed(_, let message)): throw failure(message)
            case .frame(.started): return
            case .frame, .gone: break
            case .stuck: try forceEnd(id)
            }
        }
        switch try startContainer(id, client: .detached(caller), lingering: lingering) {
        case .starting(let container):
            switch container.awaitStart() {
            case nil, .detached: note(.restart, try description(id))
            case .exited, .interrupted: return
            case .failed(_, let message): throw failure(message)
            case .lost: throw failure("its supervisor ended without a word")
            }
        case .running: return
        }
    }
}
