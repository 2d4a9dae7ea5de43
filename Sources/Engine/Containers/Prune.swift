import Bytes
import ContainerSpec
package import DockerTypes
package import Errors
import Logs
package import Store

/// What a `prune` removed.
package struct PruneOutcome: Sendable {
    package var containers: [String] = []
    package var images: [ImageRemoval] = []
    package var volumes: [String] = []
    /// In bytes.
    package var reclaimed: Int64 = 0
    /// A sentence for each thing that could not be removed.
    package var problems: [String] = []

    package init() {}
}

extension Engine {
    /// Removes the containers that do not run and that `admits` lets through. What counts as reclaimed is what they have
    /// written into their file systems, as in Docker, and not their logs. Throws where the containers
    /// cannot be listed, or looked into.
    package func pruneContainers(_ admits: (ContainerSnapshot) -> Bool) throws(EngineError) -> PruneOutcome {
        let (all, problems) = try listContainers()
        var outcome = PruneOutcome()
        outcome.problems = problems
        let doomed = all.filter { !$0.state.isActive && $0.state.status != .removing && admits($0) }
        let drivers = StorageDriver.allCases
        let sizes = try reclaimableSizes(
            doomed.flatMap { container in drivers.map { "\(containers.directory(container.id))/\($0.directory)" } })
        for (place, container) in doomed.enumerated() {
            do throws(EngineError) {
                // Not by force: one that was started meanwhile stays.
                outcome.containers.append(try removeContainer(container.id, force: false))
                let first = place * drivers.count
                outcome.reclaimed += sizes[first..<first + drivers.count].reduce(0, +)
            } catch {
                // Somebody has started or removed it.
                if error.kind != .conflict, error.kind != .notFound { outcome.problems.append(error.message) }
            }
        }
        note(Event(.container, "prune", id: "", attributes: ["reclaimed": String(outcome.reclaimed)]))
        return outcome
    }
}
