import CLinux
import Glibc
import Linux
import Store

extension Engine {
    /// Removes the container that `text` names and returns its id. One that runs is killed with `force`, and refused
    /// without. Throws `EngineError` with exit code 1.
    package func removeContainer(_ text: String, force: Bool) throws(EngineError) -> String {
        let id: String
        do throws(StoreError) { id = try containers.find(text) } catch { throw EngineError(error, exitCode: 1) }
        let state = containers.state(id)
        if state.isActive {
            guard force else {
                throw EngineError(
                    "cannot remove container \(text): it is \(state.status.rawValue); stop it first, or remove it with --force",
                    exitCode: 1)
            }
            try end(id, state)
        }
        let doomed: String
        do throws(StoreError) {
            // The supervisor of one that just ended still writes its last words.
            let hold = try containers.hold(id)
            doomed = try containers.remove(id, name: try containers.names()[id])
            _ = consume hold
        } catch {
            // Its own supervisor, or another command, was faster.
            if case .unknownContainer = error { return id }
            throw EngineError(error, exitCode: 1)
        }
        try removeTree(doomed)
        return id
    }

    // Kills the container's init; its supervisor sees the end and cleans up.
    private func end(_ id: String, _ state: ContainerState) throws(EngineError) {
        guard let process = state.process, let pidfd = process.open() else { return }
        if apus_pidfd_send_signal(pidfd.rawValue, SIGKILL) < 0, Errno.current != .noProcess {
            throw EngineError("cannot kill container \(id.prefix(12)): \(Errno.current)", exitCode: 1)
        }
    }
}
