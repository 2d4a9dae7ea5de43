import Bytes
package import Errors
import Glibc
import Images
import Linux
import Logs
import Networking
import OCI
package import Store

extension Engine {
    /// Removes the images that no container was made from: those without a tag, or with `all` all of them, if `admits`
    /// lets them through. With `all` images that containers were made from lose their names but for one, as with Docker. Throws where the images
    /// cannot be read.
    package func pruneImages(all: Bool, _ admits: (StoredImage) -> Bool) throws(EngineError) -> PruneOutcome {
        try engine {
            var (list, problems) = try images.images()
            if !problems.isEmpty {
                // What others were just removing is not there at a second look.
                let again = try images.images()
                list = again.images
                problems = problems.filter { again.problems.has($0) }
            }
            var outcome = PruneOutcome()
            outcome.problems = problems
            let users = try imageUsers()
            let used = Set(users.map(\.image)).union(try imageMounts().map(\.id))
            for image in list where (all || image.repoTags.isEmpty) && admits(image) {
                do {
                    let removed =
                        try used.contains(image.id) ? removeNames(of: image, users) : remove(image, users)
                    imageService.note(removed, of: image.id)
                    outcome.images += removed
                } catch StoreError.unknownImage {
                    // Somebody else was faster.
                } catch StoreError.missingBlob {
                    // So he was, between the index and the image.
                } catch { outcome.problems.append("\(error)") }
            }
            let swept: StoreSweep.Outcome
            do throws(EngineError) { swept = try sweep() } catch {
                // What was removed is removed, whatever becomes of the rest.
                outcome.problems.append(error.message)
                return outcome
            }
            outcome.problems += swept.problems
            outcome.reclaimed = swept.bytes
            note(Event(.image, "prune", id: "", attributes: ["reclaimed": String(outcome.reclaimed)]))
            return outcome
        }
    }

    // In their order, as far as each is one of several: a container has its image by one name at the least.
    private func removeNames(of image: StoredImage, _ users: [ImageUser]) throws -> [ImageRemoval] {
        // A mount is no container, and wants the same.
        let own = users.filter { $0.image == image.id } + [ImageUser(container: "", image: image.id, isRunning: true)]
        var removals: [ImageRemoval] = []
        for name in image.names.sorted(by: { $0.comes(before: $1) }) {
            guard try images.image(name).names.count > 1 else { break }
            do throws(StoreError) { removals += try images.remove(name, isForced: false, users: own) } catch {
                switch error {
                // It is the last one in its repository, or somebody else was faster.
                case .conflict, .unknownImage: continue
                default: throw error
                }
            }
        }
        return removals
    }

    private func remove(_ image: StoredImage, _ users: [ImageUser]) throws -> [ImageRemoval] {
        func attempt() throws -> [ImageRemoval] {
            try images.remove(image.id.description, isForced: true, users: users)
        }
        do { return try attempt() } catch StoreError.failed(_, let error) where error.errno == .noSpace {
            // The index is written anew before the old one goes. What can be made again makes room for it.
            dropCaches()
            return try attempt()
        }
    }

    /// Removes what killed processes left and nothing needs: containers without record or supervisor, their names and
    /// run directories, blobs and layers, half-written files, and what has come of blobs whose fetching was
    /// interrupted. Returns the bytes of content that it freed.
    package func pruneLeftovers() throws(EngineError) -> PruneOutcome {
        var outcome = PruneOutcome()
        let swept = try sweep()
        outcome.problems = swept.problems
        outcome.reclaimed = swept.bytes
        // A sweep leaves what an interrupted pull can go on with.
        do throws(StoreError) { outcome.reclaimed += try images.removePartials(idleFor: nil) } catch {
            outcome.problems.append(error.description)
        }
        SharedNamespace.withdrawDead(runDirectory: paths.run)
        do throws(StoreError) { _ = try EndpointStore(paths).sweep() } catch {
            outcome.problems.append(error.description)
        }
        do throws(SystemError) {
            for name in try names(in: paths.run + "/userns") {
                let path = "\(paths.run)/userns/\(name)"
                guard let pid = ProcessID(name), let start = try Files.linkTarget(path)?.split(on: ":").last,
                    let time = UInt64(start), try ProcessIdentity(pid: pid, startTime: time).isGone()
                else { continue }
                unlink(path)
            }
            var folders = Temporaries.folders(paths)
            for id in try names(in: paths.containers) {
                folders += ["\(paths.containers)/\(id)", containers.runDirectory(id)]
            }
            let endpoints = paths.run + "/network/endpoints"
            for network in try names(in: endpoints) { folders.append("\(endpoints)/\(network)") }
            let mounts = paths.cache + "/build-mounts"
            for cache in try names(in: mounts) where isHex(cache) { folders.append("\(mounts)/\(cache)") }
            folders += [paths.data + "/networks", paths.run + "/network"].filter { Files.exists($0) }
            for folder in folders {
                for path in try Temporaries.abandoned(in: folder) { unlink(path) }
            }
        } catch { outcome.problems.append("cannot see all that is left: \(error)") }
        return outcome
    }

    // A directory that is made when it is needed may be missing.
    private func names(in folder: String) throws(SystemError) -> [String] {
        try Files.isPresent(folder) ? try Files.list(folder) : []
    }

    private func dropCaches() {
        for folder in [paths.launchRecords, paths.cache + "/seccomp"] {
            for name in (try? Files.list(folder)) ?? [] { unlink("\(folder)/\(name)") }
        }
    }
}
