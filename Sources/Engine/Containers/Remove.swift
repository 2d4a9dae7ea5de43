import Cgroups
import ContainerSpec
package import Errors
import Glibc
import Linux
import Store
import Supervision

extension Engine {
    /// Removes the container that `text` names and returns its id. One that runs is killed with `force`, and refused
    /// without. Its volumes without a name go with it where `volumes` says so, or it was to go by itself (`--rm`). Throws
    /// `EngineError`.
    package func removeContainer(_ text: String, force: Bool, volumes isWithVolumes: Bool = false) throws(EngineError)
        -> String
    {
        let id = try containerID(text)
        let state = try state(id)
        let description = try? description(id)
        let name = try currentName(id, was: description?.name ?? "")
        if state.isActive {
            guard force else {
                let remedy =
                    state.status == .paused
                    ? "container is paused and must be unpaused first"
                    : "container is \(state.status.rawValue): stop the container before removing or force remove"
                throw EngineError("cannot remove container \"\(name ?? text)\": \(remedy)", .conflict)
            }
            if case .stuck = try ask(id, .signal(SIGKILL)) { try forceEnd(id) }
        }
        let doomed: String
        do throws(StoreError) {
            // The supervisor of one that just ended still writes its last words, or removes it itself.
            guard let hold = try holdForRemoval(id) else { return id }
            doomed = try containers.remove(id, name: name)
            endLifetime(hold)
            // A supervisor that was killed could not.
            if let path = state.cgroup { try? Cgroup.end(path) }
        } catch {
            // Its own supervisor, or another command, was faster.
            if case .unknownContainer = error { return id }
            throw EngineError(error)
        }
        if let description { note(.destroy, description, name: name) }
        var trees = [doomed]
        if let options = description?.options {
            let isWithVolumes = isWithVolumes || options.autoRemove
            trees += volumes.leave(options.volumeNames, by: id, removing: isWithVolumes)
        }
        try removeTrees(trees)
        return id
    }

    private func holdForRemoval(_ id: String) throws(StoreError) -> FileDescriptor? {
        do throws(EngineError) { return try holdEnded(id) } catch {
            // Gone meanwhile: that is what was asked for. Anything else is said by the attempt itself.
            do throws(StoreError) { _ = try containers.find(id) } catch {
                if case .unknownContainer = error { return nil }
                throw error
            }
        }
        // Somebody holds it and does not let go: a supervisor that cannot be heard.
        do throws(EngineError) { try forceEnd(id) } catch { throw .conflict(error.message) }
        return try containers.hold(id)
    }
}
