import ContainerSpec
package import Errors
import Glibc
import Linux
import Store
import Supervision

extension Engine {
    /// As `killContainer(_:signal:)`, with the signal's name or number as the user wrote it. Throws `EngineError`, in Docker's
    /// order: for the container first.
    package func killContainer(_ text: String, signal name: String) throws(EngineError) {
        func failure(_ cause: String, _ kind: ErrorKind) -> EngineError {
            EngineError("cannot kill container: \(text): \(cause)", kind)
        }
        do throws(EngineError) { _ = try containerID(text) } catch { throw failure(error.message, error.kind) }
        if let number = Int32(name), number != 0, !(1...64).contains(number) {
            throw failure("the linux daemon does not support signal \(number)", .invalid)
        }
        let signal: Int32
        do throws(OptionError) { signal = try SignalName.number(name) } catch {
            throw failure(error.description, .invalid)
        }
        try killContainer(text, signal: signal)
    }

    /// Sends a signal to the init of the container that `text` names; with SIGKILL, waits for its end. Throws
    /// `EngineError`.
    package func killContainer(_ text: String, signal: Int32 = SIGKILL) throws(EngineError) {
        let id = try containerID(text)
        func notRunning() -> EngineError {
            EngineError("cannot kill container: \(text): container \(id) is not running", .conflict)
        }
        guard try state(id).isActive else { throw notRunning() }
        switch try ask(id, .signal(signal)) {
        case .frame(.failed(_, let message)):
            throw EngineError("cannot kill container: \(text): \(message)")
        case .frame: return
        case .gone: if signal != SIGKILL { throw notRunning() }
        case .stuck:
            guard signal == SIGKILL else { return try signalDirectly(id, text, signal) }
            try forceEnd(id)
            _ = try holdEnded(id)
        }
    }

    private func signalDirectly(_ id: String, _ text: String, _ signal: Int32) throws(EngineError) {
        guard let pidfd = try state(id).process?.open() else { return }
        do throws(SystemError) { try sendSignal(signal, to: pidfd) } catch {
            throw EngineError("cannot kill container: \(text): \(error.errno)")
        }
    }
}
