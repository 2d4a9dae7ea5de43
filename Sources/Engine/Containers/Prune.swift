package import DockerTypes
package import Errors
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
    /// Removes the containers that do not run and that `admits` lets through. Throws where the containers
    /// cannot be listed.
    package func pruneContainers(_ admits: (ContainerSnapshot) -> Bool) throws(EngineError) -> PruneOutcome {
        let (all, problems) = try listContainers()
        var outcome = PruneOutcome()
        outcome.problems = problems
        let doomed = all.filter { !$0.state.isActive && $0.state.status != .removing && admits($0) }
        guard !doomed.isEmpty else { return outcome }
        let sizes = (try? ownSizes(of: doomed.map(\.id))) ?? []
        for (place, container) in doomed.enumerated() {
            do throws(EngineError) {
                // Not by force: one that was started meanwhile stays.
                outcome.containers.append(try removeContainer(container.id, force: false))
                if place < sizes.count { outcome.reclaimed += sizes[place] }
            } catch { outcome.problems.append(error.message) }
        }
        return outcome
    }
}
