import ContainerSpec
import DockerTypes
package import Errors
import Store
package import Supervision

extension Engine {
    /// Starts the containers that come back after a boot: those with `always`, and those with `unless-stopped` that the
    /// user did not stop. Returns the names of those that were started, and a sentence for each that could not be.
    /// `caller` as with `restartContainer`.
    package func startAtBoot(
        caller: CallerStreams, lingering: Int
    ) throws(EngineError) -> (started: [String], problems: [String]) {
        var started: [String] = []
        var problems: [String] = []
        let all = try allContainers()
        for container in all.containers.reversed() {
            do throws(EngineError) {
                guard try isWanted(container) else { continue }
                switch try startContainer(container.id, client: .detached(caller), lingering: lingering) {
                case .running: continue
                case .starting(let starting):
                    switch starting.awaitStart() {
                    case nil, .exited, .detached, .interrupted: started.append(container.name)
                    case .failed(_, let message): problems.append("container \(container.name): \(message)")
                    case .lost: problems.append("container \(container.name): its supervisor ended without a word")
                    }
                }
            } catch { problems.append("container \(container.name): \(error.message)") }
        }
        return (started, all.problems + problems)
    }

    // What the disk says: the state beside it belongs to the boot before.
    private func isWanted(_ container: ContainerSnapshot) throws(EngineError) -> Bool {
        let durable: ContainerState?
        do throws(StoreError) { durable = try containers.durableState(container.id) } catch { throw EngineError(error) }
        guard !container.state.isActive, let state = durable, state.startedAt != nil else { return false }
        switch container.description.options.restartPolicy?.name {
        case .always: return true
        case .unlessStopped: return !state.isStoppedByUser
        case .no, .onFailure, nil: return false
        }
    }
}
