import Archive
import Bytes
import ContainerSpec
package import Errors
import Glibc
import Images
import Linux
import Networking
import OCI
import Store

extension Engine {
    /// `system check`: reads everything that is stored and returns a sentence for each thing that is wrong or that a
    /// killed process left; none where all is well. Changes nothing.
    ///
    /// Others may work on the store meanwhile: what looks wrong because somebody was seen between two steps of his does not look
    /// so a moment later, when nobody makes anything, and is not returned.
    ///
    /// Unpacked layers are compared with their archives where their size is not what it was; with `isDeep` all of them are, and without
    /// `withLayers`, as behind a repair, none.
    package func check(isDeep: Bool = false, withLayers: Bool = true) -> [String] {
        let first = SystemCheck(self)
        first.run()
        let layers = withLayers ? layerProblems(isDeep: isDeep) : []
        if first.problems.isEmpty { return layers }
        usleep(SystemCheck.pause)
        let second = SystemCheck(self, blobs: first.damagedBlobs)
        second.runWhileNothingIsMade()
        let lasting = Set(second.problems)
        return first.problems.filter { lasting.contains($0) } + layers
    }

    private func layerProblems(isDeep: Bool) -> [String] {
        func find() throws(EngineError) -> [String] {
            let (damaged, problems) = try damagedLayers(isDeep: isDeep)
            return damaged.map { "\($0.description): 'apus system check --repair' makes it good" } + problems
        }
        do throws(EngineError) {
            let found = try find()
            // What they were compared with; without them there was nothing.
            if !found.isEmpty { try imageService.removeAbandonedLayers() }
            return found
        } catch { return [error.message] }
    }
}

extension Engine {
    /// `system check --repair`: makes the list of images anew where it is lost, from the images that are there, with the names
    /// that containers and starts have kept of them. Returns the images' names, or ids of those that have none; nil where the list
    /// is in order.
    package func repairImages() throws(EngineError) -> [String]? {
        try engine {
            var names: [(name: Reference, id: Digest)] = []
            for id in try containers.list() {
                // A record that cannot be read names nothing; the check says so.
                guard let record = try? containers.readRecord(id),
                    let description = try? ContainerDescription(decoding: record.body, id: id),
                    let image = description.imageID, let name = try? Reference(description.imageReference ?? "")
                else { continue }
                names.append((name, image))
            }
            return try images.rebuildIndex(names: names)?.map { entry in
                entry.name ?? entry.descriptor?.digest.description ?? ""
            }
        }
    }
}

/// One check of a store.
private final class SystemCheck {
    private let engine: Engine
    private let paths: StorePaths
    private(set) var problems: [String] = []
    /// The names of the blobs that `problems` tells of.
    private(set) var damagedBlobs: Set<String> = []
    private let wantedBlobs: Set<String>?
    /// Containers whose removal is going on.
    private var leaving: Set<String> = []

    /// How long to wait before a second look, in microseconds.
    static let pause: UInt32 = 200_000

    /// `blobs`: the only names of blobs that are read; nil for all.
    init(_ engine: Engine, blobs: Set<String>? = nil) {
        self.engine = engine
        paths = engine.paths
        wantedBlobs = blobs
    }

    func run() {
        checkBlobs()
        checkTheRest()
    }

    func runWhileNothingIsMade() {
        // What may take long comes first: starts wait for the rest.
        checkBlobs()
        let lock = sweepLock()
        checkTheRest()
        endLifetime(lock)
    }

    private func checkTheRest() {
        checkImages()
        checkContainers()
        checkNames()
        checkRunDirectories()
        checkNetworks()
        checkVolumes()
        checkLeftovers()
    }

    // As a sweep has it, but not at any price; nil where it is not to be had.
    private func sweepLock() -> FileLock? {
        do throws(SystemError) {
            for _ in 0..<100 {
                if let lock = try FileLock.trying(paths.sweepLock) { return lock }
                usleep(Self.pause / 10)
            }
            return nil
        } catch { return nil }
    }

    // Sorted. A directory that is made when it is needed may be missing; one that cannot be read is a problem.
    private func names(in folder: String) -> [String] {
        let names = attempt { () throws(SystemError) in try Files.isPresent(folder) ? try Files.list(folder) : [] }
        return (names ?? []).sorted()
    }

    // nil where `body` fails, which is a problem.
    private func attempt<T>(_ body: () throws -> T) -> T? {
        do { return try body() } catch {
            problems.append("\(error)")
            return nil
        }
    }

    // MARK: images

    private func checkBlobs() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        for algorithm in Digest.Algorithm.allCases {
            let folder = "\(paths.images)/blobs/\(algorithm.rawValue)"
            for name in names(in: folder) where wantedBlobs?.contains(name) ?? true {
                func note(_ problem: String) {
                    problems.append(problem)
                    damagedBlobs.insert(name)
                }
                guard let digest = Digest(algorithm, hex: name) else {
                    note("\(folder)/\(name) is no blob")
                    continue
                }
                var hasher = DigestHasher(algorithm)
                do {
                    let file = try engine.images.open(digest)
                    while true {
                        let got = try file.read(into: buffer)
                        if got == 0 { break }
                        hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
                    }
                } catch {
                    note("blob \(digest) cannot be read: \(error)")
                    continue
                }
                let actual = hasher.finish()
                if actual != digest { note("blob \(digest) has the content of \(actual)") }
            }
        }
    }

    private func checkImages() {
        do {
            let (images, faults) = try engine.images.images()
            problems += faults
            for image in images {
                let name = image.names.first ?? image.id.short
                for (place, layer) in image.config.rootfs.imageLayers.enumerated() where !isUnpacked(layer) {
                    // What another tool put into the layout is unpacked when it is first run.
                    let blob = place < image.manifest.layers.count ? image.manifest.layers[place].digest : nil
                    guard let blob, try engine.images.presentSize(of: blob) != nil else {
                        problems.append(
                            "image \(name): layer \(layer.diffID) is neither unpacked nor there as a blob: pull the image again, or load it"
                        )
                        continue
                    }
                }
                for part in image.manifest.layers
                where try engine.images.presentSize(of: part.digest) != part.size {
                    problems.append(
                        "image \(name): blob \(part.digest) is missing or cut short: pull the image again, or load it")
                }
            }
        } catch { problems.append("\(error)") }
    }

    private func isPresent(_ name: Digest) -> Bool {
        LayerStore(paths, .full).has(name) || LayerStore(paths, .squashed).has(name)
    }

    // Whether its removal goes on: since the list of containers was read, or since it was seen that it is not there.
    private func isLeaving(_ id: String) -> Bool {
        let path = RetiredTree.path(id, in: paths.containers)
        return leaving.contains(id)
            || attempt({ try Files.isPresent(path) }) == true && RetiredTree.isBeingRemoved(path)
    }

    private func isUnpacked(_ layer: ImageLayer) -> Bool {
        layer.names.contains { isPresent($0) }
    }

    // MARK: containers

    private func checkContainers() {
        let names = attempt { try engine.containers.names() }
        for entry in self.names(in: paths.containers) {
            let path = "\(paths.containers)/\(entry)"
            if let id = RetiredTree.name(ofPath: path) {
                // Its supervisor frees its name and all else after this.
                if RetiredTree.isBeingRemoved(path) {
                    leaving.insert(String(id))
                } else {
                    problems.append("\(path) is left of a container that was removed")
                }
                continue
            }
            guard ContainerStore.isID(entry) else {
                problems.append("\(path) is no container")
                continue
            }
            let short = entry.prefix(12)
            // One that somebody holds is being made, or removed, or runs.
            guard let isHeld = attempt({ try engine.containers.isHeld(entry) }) else { continue }
            do {
                let record = try engine.containers.readRecord(entry)
                if try engine.containers.isEphemeral(entry), !isHeld {
                    problems.append("container \(short) was to go with its supervisor, which is gone")
                    continue
                }
                _ = try ContainerDescription(decoding: record.body, id: entry)
                for layer in record.layers where !isPresent(layer) {
                    problems.append("container \(short): layer \(layer) is missing")
                }
                if let names, names[entry] == nil { problems.append("container \(short) has no name") }
            } catch StoreError.unknownContainer {
                // It may have gone since it was listed.
                guard !isHeld, attempt({ try Files.isPresent(path) }) == true else { continue }
                problems.append("container \(short) has no record")
            } catch { problems.append("container \(short): \(error)") }
            checkState("\(paths.containers)/\(entry)/state")
            checkState("\(engine.containers.runDirectory(entry))/state")
            checkTemporaries("\(paths.containers)/\(entry)")
        }
    }

    private func checkState(_ path: String) {
        let bytes = attempt { try Files.isPresent(path) ? try Files.read(path, limit: 1 << 20) : nil } ?? nil
        if let bytes, ContainerState(bytes) == nil { problems.append("\(path) is no state") }
    }

    private func checkNames() {
        for name in names(in: paths.names) where name.firstLetter != "." {
            let path = "\(paths.names)/\(name)"
            guard let target = attempt({ try Files.linkTarget(path) }) else { continue }
            guard let id = target, ContainerStore.isID(id) else {
                // Nothing, where it was released just now.
                if attempt({ try Files.isPresent(path) }) == false { continue }
                problems.append("the name \(name) leads to no container")
                continue
            }
            if attempt({ try Files.isPresent(engine.containers.directory(id)) }) == false, !isLeaving(id) {
                problems.append("the name \(name) belongs to container \(id.prefix(12)), which is gone")
            }
        }
        for (id, all) in Dictionary(grouping: links(), by: { $0.id }) where all.count > 1 {
            problems.append(
                "container \(id.prefix(12)) has several names: \(all.map(\.name).sorted().joined(separator: ", "))")
        }
    }

    private func links() -> [(name: String, id: String)] {
        // Whatever cannot be read was told of by `checkNames`.
        ((try? Files.list(paths.names)) ?? []).compactMap { name in
            (try? Files.readLink("\(paths.names)/\(name)")).map { (name, $0) }
        }
    }

    private func checkRunDirectories() {
        for id in names(in: paths.runningContainers)
        where attempt({ try Files.isPresent(engine.containers.directory(id)) }) == false && !isLeaving(id) {
            let path = "\(paths.runningContainers)/\(id)"
            // It goes before the rest of the container does.
            guard attempt({ try Files.isPresent(path) }) == true else { continue }
            problems.append("\(path) belongs to a container that is gone")
        }
        for name in names(in: paths.run + "/userns") {
            let path = "\(paths.run)/userns/\(name)"
            guard let pid = ProcessID(name), let content = attempt({ try Files.linkTarget(path) }) ?? nil,
                let start = content.split(on: ":").last.flatMap({ UInt64($0) })
            else { continue }
            if attempt({ try ProcessIdentity(pid: pid, startTime: start).isGone() }) == true {
                problems.append("\(paths.run)/userns/\(name) names a process that is gone")
            }
        }
    }

    private func checkNetworks() {
        do throws(StoreError) {
            _ = try engine.networks.list { problems.append($0.description) }
        } catch { problems.append(error.description) }
        for path in SharedNamespace.deadHolders(runDirectory: paths.run) {
            problems.append("\(path) names a process that is gone")
        }
        guard let abandoned = attempt({ try EndpointStore(paths).abandoned() }) else { return }
        for record in abandoned.records where !isLeaving(record.containerID) {
            problems.append(
                "container \(record.containerID.prefix(12)) has its place on network \(record.networkID.prefix(12)) still, and is "
                    + "gone")
        }
        for path in abandoned.directories { problems.append("\(path) belongs to a network that is gone") }
    }

    private func checkVolumes() {
        do throws(StoreError) {
            let found = try engine.volumes.findLeftovers { problems.append($0.description) }
            for path in found.directories where !RetiredTree.isBeingRemoved(path) {
                problems.append("\(path) is left of a volume that was being made or removed")
            }
            for name in found.orphans { problems.append("volume \(name) is left of a container that is gone") }
            for path in found.references where !isLeaving(Files.split(path).name) {
                problems.append("\(path) belongs to a container that is gone")
            }
        } catch { problems.append(error.description) }
    }

    // MARK: what is left of work in progress

    private func checkLeftovers() {
        for folder in [paths.layers, paths.squashedLayers] {
            for name in names(in: folder) {
                if RetiredTree.isOne(name) {
                    if !RetiredTree.isBeingRemoved("\(folder)/\(name)") {
                        problems.append("\(folder)/\(name) is left of a layer that was removed")
                    }
                } else if name.begins(with: ".tmp."), isAbandoned("\(folder)/\(name)") {
                    problems.append("\(folder)/\(name) is left of an unpacking that was killed")
                }
            }
        }
        for folder in [paths.leases, paths.images + "/tmp"] {
            for name in names(in: folder) where isAbandoned("\(folder)/\(name)") {
                problems.append("\(folder)/\(name) is left of a pull, load or build that was killed")
            }
        }
        for folder in Temporaries.folders(paths) {
            checkTemporaries(folder)
        }
    }

    private func isAbandoned(_ path: String) -> Bool {
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return false }
        return (try? file.lock(.shared, waiting: false)) == true
    }

    // Files.replace writes ".NAME.PID.RANDOM.tmp" first.
    private func checkTemporaries(_ folder: String) {
        for path in attempt({ try Temporaries.abandoned(in: folder) }) ?? [] {
            problems.append("\(path) is left of a file that was being written")
        }
    }
}

/// Files that `Files.replace` was killed in the middle of.
enum Temporaries {
    /// Where files are written that belong to no container.
    static func folders(_ paths: StorePaths) -> [String] {
        [
            paths.data, paths.images, paths.layers, paths.squashedLayers, paths.launchRecords,
            paths.cache + "/seccomp", paths.buildCache, paths.buildCache + "/selections",
        ] + [LayerStore.Ownership.full, .squashed].map { BuildCacheStore(paths, $0).folder }
    }

    /// The paths of those in `folder` whose writer is gone. Throws where it cannot be read; a missing one has none.
    static func abandoned(in folder: String) throws(SystemError) -> [String] {
        try Files.listPresent(folder).sorted().compactMap { name in
            guard name.firstLetter == ".", name.ends(with: ".tmp") else { return nil }
            let parts = name.split(on: ".")
            guard parts.count >= 4, let pid = ProcessID(parts[parts.count - 3]) else { return nil }
            // A number that has another process by now only delays it.
            return kill(pid, 0) == 0 || Errno.current == .notPermitted ? nil : "\(folder)/\(name)"
        }
    }
}
