package import Errors
import Glibc
import Images
import Linux
import OCI
import Store

/// What a repair has done, and what it could not do; a sentence each.
package struct RepairOutcome: Sendable {
    package var done: [String] = []
    package var problems: [String] = []
}

extension Engine {
    /// `system check --repair`, but for the list of images (`repairImages`): takes blobs away whose content is another's, and puts unpacked layers
    /// right from their archives; those whose archive is not there are taken away, so that a pull brings them anew. A layer that a container runs on
    /// stays as it is. `isDeep` is as in `check`. Throws where what there is cannot be listed.
    package func repairStore(isDeep: Bool) throws(EngineError) -> RepairOutcome {
        try engine {
            var outcome = RepairOutcome()
            for algorithm in Digest.Algorithm.allCases {
                for digest in try images.blobDigests(algorithm) { removeIfDamaged(digest, &outcome) }
            }
            // One that depends on another is looked at when that is good.
            for _ in 0..<64 { if try !repairLayers(isDeep: isDeep, &outcome) { break } }
            try imageService.removeAbandonedLayers()
            return outcome
        }
    }

    private func removeIfDamaged(_ digest: Digest, _ outcome: inout RepairOutcome) {
        do throws(StoreError) {
            guard try images.removeIfDamaged(digest) else { return }
            outcome.done.append("Removed blob \(digest), which was damaged")
        } catch {
            // It may have gone since it was listed.
            if case .missingBlob = error { return }
            outcome.problems.append(error.description)
        }
    }

    // Whether there is reason to look again. Problems are those of the last look.
    private func repairLayers(isDeep: Bool, _ outcome: inout RepairOutcome) throws(EngineError) -> Bool {
        let (faults, problems) = try damagedLayers(isDeep: isDeep)
        var hasRepaired = false
        var left: [String] = []
        for fault in faults {
            do throws(EngineError) {
                if let user = try repair(fault) {
                    left.append("\(fault.description): it is left as it is, because \(user)")
                } else {
                    hasRepaired = true
                    outcome.done.append(
                        fault.remedy == nil
                            ? "Removed layer \(fault.name), which was damaged"
                            : "Repaired layer \(fault.name): \(fault.difference)")
                }
            } catch { left.append("\(fault.description): \(error.message)") }
        }
        if !hasRepaired { outcome.problems += left + problems }
        return hasRepaired
    }

    /// Puts a layer right; returns why not where somebody uses it, as a part of a sentence.
    private func repair(_ fault: LayerFault) throws(EngineError) -> String? {
        let outcome: Exchange = try engine { try self.exchange(fault) }
        try imageService.removeTrees(outcome.doomed)
        return outcome.user
    }

    private struct Exchange {
        /// What is to be removed.
        var doomed: [String] = []
        var user: String?
    }

    private func exchange(_ fault: LayerFault) throws -> Exchange {
        let lock = try FileLock(paths.sweepLock)
        defer { lock.descriptor.unlock() }
        var holds: [CInt] = []
        defer {
            for number in holds {
                // Not only by closing it: see `FileLock`.
                flock(number, LOCK_UN)
                close(number)
            }
        }
        if let user = try findUser(of: fault.name, &holds) { return Exchange(user: user) }
        if let remedy = fault.remedy { return Exchange(doomed: try remedy.repair()) }
        return Exchange(doomed: try imageService.layers.setAside(fault.name))
    }

    // The containers that have it and do not run are held as long as `holds` are: none of them starts meanwhile.
    private func findUser(of layer: Digest, _ holds: inout [CInt]) throws -> String? {
        if try images.leased().contains(layer) {
            return "a pull, load or build that is going on uses it: try again later"
        }
        let mounted = Set(try imageMounts().map(\.id))
        for image in mounted.isEmpty ? [] : try images.images().images where mounted.contains(image.id) {
            if image.config.rootfs.imageLayers.contains(where: { $0.names.contains(layer) }) {
                return "image \(image.names.first ?? image.id.short) is mounted: unmount it first"
            }
        }
        for id in try containers.list() where try isMade(id, of: layer) {
            switch try tryHold(id) {
            case .held(let number): holds.append(number)
            case .busy: return "container \(id.prefix(12)) runs on it: stop that first, and repair again"
            case .gone: continue
            }
        }
        return nil
    }

    private func isMade(_ id: String, of layer: Digest) throws(StoreError) -> Bool {
        do throws(StoreError) {
            let record = try containers.readRecord(id)
            return record.layers.contains(layer) || record.mountedLayers.contains(layer)
        } catch {
            if case .unknownContainer = error { return false }
            throw error
        }
    }

    private enum Hold {
        /// By the descriptor with this number, which is the caller's.
        case held(CInt)
        case busy
        case gone
    }

    private func tryHold(_ id: String) throws(StoreError) -> Hold {
        do throws(StoreError) {
            let hold = try containers.tryHold(id)?.release()
            return hold.map { .held($0) } ?? .busy
        } catch {
            if case .unknownContainer = error { return .gone }
            throw error
        }
    }
}
