import ContainerSpec
package import DockerTypes
package import Errors
import Store

extension Engine {
    /// All containers, or those that are `activeOnly` (running, paused or restarting), the newest first, for lists: of
    /// each description there is what `ps` shows and filters by, and no more (see `ContainerSummary`). And a sentence for
    /// each record that cannot be read.
    package func listContainers(
        activeOnly: Bool = false
    ) throws(EngineError) -> (containers: [ContainerSnapshot], problems: [String]) {
        let listed: [ContainerStore.Listed]
        var names: [String: String]?
        var states: [String: ContainerState] = [:]
        var problems: [String] = []
        // A state is a small file in memory: with a thousand stopped containers, most of the time goes into records.
        func isWanted(_ id: String) -> Bool {
            guard activeOnly else { return true }
            do throws(StoreError) {
                let state = try containers.state(id)
                if state.isActive { states[id] = state }
                return state.isActive
            } catch {
                problems.append(error.description)
                return false
            }
        }
        do throws(StoreError) {
            listed = try containers.listRecords(wanted: isWanted) { problems.append($0.description) }
            if !activeOnly { names = try containers.names() }
        } catch { throw EngineError(error) }
        var snapshots: [ContainerSnapshot] = []
        snapshots.reserveCapacity(listed.count)
        for entry in listed {
            do throws(EngineError) {
                var description =
                    if let summary = ContainerSummary.read(entry.record.body, id: entry.id) {
                        summary
                    } else {
                        // Of before there were summaries.
                        try ContainerDescription(decoding: entry.record.body, id: entry.id)
                    }
                // A rename changes the link alone.
                let name = if let names { names[entry.id] } else { try currentName(entry.id, was: description.name) }
                if let name { description.name = name }
                let state = if let known = states[entry.id] { known } else { try state(entry.id) }
                var snapshot = ContainerSnapshot(
                    description: description, state: state, isEphemeral: entry.isEphemeral)
                // Who checks a container writes its health down at once.
                if snapshot.state.isActive {
                    snapshot.health = HealthFile(runDirectory: containers.runDirectory(entry.id)).read()?.status
                }
                snapshot.network.ports = try ports(of: snapshot)
                snapshots.append(snapshot)
            } catch { problems.append(error.message) }
        }
        snapshots.sort { ($0.description.created, $0.id) > ($1.description.created, $1.id) }
        return (snapshots, problems)
    }
}
