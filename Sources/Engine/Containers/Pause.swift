package import Errors
import Linux
import Store
import Supervision

extension Engine {
    /// Holds all processes of the container that `text` names where they are. Throws `EngineError`.
    package func pauseContainer(_ text: String) throws(EngineError) { try freeze(text, .pause) }

    /// Lets the processes of a paused container go on. Throws `EngineError`.
    package func unpauseContainer(_ text: String) throws(EngineError) { try freeze(text, .unpause) }

    private func freeze(_ text: String, _ request: ControlRequest) throws(EngineError) {
        let id = try containerID(text)
        let action = request == .pause ? "pause" : "unpause"
        func failure(_ cause: String) -> EngineError {
            EngineError("cannot \(action) container \(text): \(cause)")
        }
        let state = try state(id)
        guard state.isActive else { throw EngineError("Container \(id) is not running", .conflict) }
        switch (request == .pause, state.status) {
        case (true, .paused): throw EngineError("Container \(id) is already paused", .conflict)
        case (false, .running): throw EngineError("Container \(id) is not paused", .conflict)
        default: break
        }
        // The kernel takes its time with a process that waits for a disk.
        switch try ask(id, request, seconds: Self.patience * 2) {
        case .frame(.failed(_, let message)): throw failure(message)
        case .frame: return
        case .gone: throw failure("it is not running")
        case .stuck: throw failure("its supervisor does not answer; 'apus kill' ends both")
        }
    }
}
