package import Errors
import Glibc
package import Linux
import Store
import Supervision

extension Engine {
    /// Waits until the container that `text` names does not run, and returns its exit code; 0 for one that never ran.
    /// Throws `EngineError`, of the kind `cancelled` when `stop` holds before.
    package func waitContainer(_ text: String, stop: StopConditions = StopConditions()) throws(EngineError) -> Int32 {
        let id = try containerID(text)
        guard try isActiveOrHeld(id) else { return try exitCode(id) }
        switch try ask(id, .wait(.notRunning), seconds: nil, stop: stop) {
        case .frame(.exited(let code)), .frame(.failed(let code, _)): return code
        case .frame, .gone, .stuck: return try exitCode(id)
        }
    }

    // A supervisor that is killed lets go of its container some moments before it is gone itself, and until then its state
    // says that it runs.
    private func exitCode(_ id: String) throws(EngineError) -> Int32 {
        let deadline = MonotonicTime.now().adding(seconds: Self.patience)
        while try state(id).isActive, try !isHeld(id), !deadline.isPast { usleep(1000) }
        return try state(id).exitCode ?? 0
    }

    private func isActiveOrHeld(_ id: String) throws(EngineError) -> Bool {
        if try state(id).isActive { return true }
        return try isHeld(id)
    }
}
