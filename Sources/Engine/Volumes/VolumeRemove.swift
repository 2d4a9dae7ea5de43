import Bytes
package import Errors
import Logs
package import Store

extension Engine {
    /// Removes the volume and its files. Throws where there is none, and where a container uses it.
    package func removeVolume(_ name: String) throws(EngineError) {
        let doomed: String
        do throws(StoreError) { doomed = try volumes.remove(name) } catch { throw EngineError(error) }
        note(.volume("destroy", name))
        try removeTrees([doomed])
    }

    /// Removes the volumes that no container uses and that `admits` lets through: those without a name, or with `all` all of
    /// them but the ones that stand for something outside of the store. Returns the names, and the bytes of their files.
    /// Throws where the volumes cannot be listed.
    package func pruneVolumes(
        all: Bool, _ admits: (VolumeDefinition) -> Bool
    ) throws(EngineError) -> PruneOutcome {
        let (list, problems) = try listVolumes()
        var outcome = PruneOutcome()
        outcome.problems = problems
        for volume in list where (all || volume.isAnonymous) && volume.backing == .directory && admits(volume) {
            do throws(EngineError) {
                guard try !isUsed(volume) else { continue }
                let size = try reclaimableSizes([volumes.data(of: volume.name)]).first ?? 0
                try removeVolume(volume.name)
                outcome.volumes.append(volume.name)
                outcome.reclaimed += size
            } catch {
                // Somebody has come to use it, or has removed it.
                if error.kind != .conflict, error.kind != .notFound { outcome.problems.append(error.message) }
            }
        }
        note(Event(.volume, "prune", id: "", attributes: ["reclaimed": String(outcome.reclaimed)]))
        return outcome
    }
}
