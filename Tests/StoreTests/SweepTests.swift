import FoundationEssentials
import Glibc
import Linux
import OCI
import Store
import Testing

@Suite struct SweepTests {
    let store: TemporaryStore
    init() throws { store = try TemporaryStore() }

    func sweep() throws -> StoreSweep.Outcome { try StoreSweep(store.paths).run() }

    /// A layer that is there as if it had been unpacked.
    func unpack(_ layer: Digest) throws {
        let pending = try #require(try LayerStore(store.paths, .full).begin(ImageLayer(layer)))
        try Files.write([1], to: pending.path + "/file")
        try pending.commit(size: 1)
    }

    @Test func whatAnImageNeedsStays() throws {
        let made = try store.makeImage(["debian"], layers: ["a", "b"])
        for layer in made.config.rootfs.diffIDs { try unpack(layer) }
        let outcome = try sweep()
        #expect(outcome.blobs.isEmpty && outcome.layers.isEmpty && outcome.problems.isEmpty)
        for digest in [made.descriptor.digest, made.id] + made.manifest.layers.map(\.digest) {
            #expect(store.images.has(digest))
        }
    }

    /// Of old registries, whose types for configurations say nothing.
    @Test(arguments: ["application/octet-stream", "text/html", ""])
    func anImageWhoseConfigurationHasNoTypeIsOne(_ type: String) throws {
        let made = try store.makeImage(["old"], layers: ["a"], type: type)
        for layer in made.config.rootfs.diffIDs { try unpack(layer) }
        #expect(try store.images.images().images.map(\.id) == [made.id])
        let outcome = try sweep()
        #expect(outcome.blobs.isEmpty && outcome.layers.isEmpty)
    }

    @Test func aLayerThatIsKeptByItsBaseStaysAsLongAsTheImage() throws {
        let made = try store.makeImage(["debian"], layers: ["a", "b"])
        let layers = LayerStore(store.paths, .full)
        let top = made.config.rootfs.imageLayers[1]
        try #require(try layers.begin(top)).commit(size: 1, isSettled: true)
        #expect(try sweep().layers.isEmpty)
        _ = try store.images.remove("debian", isForced: false, users: [])
        #expect(try sweep().layers == [top.settledID])
        #expect(layers.find(top) == nil)
    }

    @Test func whatOnlyARemovedImageNeededGoes() throws {
        let gone = try store.makeImage(["gone"], layers: ["shared", "own"])
        let kept = try store.makeImage(["kept"], layers: ["shared"])
        for layer in gone.config.rootfs.diffIDs { try unpack(layer) }
        _ = try store.images.remove("gone", isForced: false, users: [])
        let outcome = try sweep()
        let own = gone.manifest.layers[1].digest
        #expect(Set(outcome.blobs) == [gone.descriptor.digest, gone.id, own])
        #expect(outcome.layers == [own])
        #expect(outcome.doomed.count == 1)
        #expect(store.images.has(kept.manifest.layers[0].digest))
        let layers = LayerStore(store.paths, .full)
        #expect(!layers.has(own) && layers.has(kept.manifest.layers[0].digest))
    }

    @Test func whatAnIngestInProgressHasWrittenStaysUntilItEnds() throws {
        let digest: Digest
        do {
            let ingest = try store.images.beginIngest()
            digest = try ingest.put([1, 2, 3])
            let layer = Digest(.sha256, hex: String(repeating: "1", count: 64))!
            try ingest.protect([layer])
            try unpack(layer)
            let outcome = try sweep()
            #expect(outcome.blobs.isEmpty && outcome.layers.isEmpty)
        }
        let outcome = try sweep()
        #expect(outcome.blobs == [digest] && outcome.layers.count == 1)
        #expect(try Files.list(store.paths.leases).isEmpty)
    }

    @Test func aRunDirectoryOfNoContainerGoesHoweverYoungItIs() throws {
        let path = "\(store.paths.runningContainers)/\(String(repeating: "a", count: 64))"
        try Files.makeDirectory(path, mode: 0o700)
        try Files.write([1], to: path + "/record")
        _ = try sweep()
        #expect(!Files.exists(path))
    }

    @Test func theLockAndTheSizeOfALayerThatCameToNothingGo() throws {
        let layers = LayerStore(store.paths, .full)
        let killed = LayerStore.name(of: Digest(.sha256, hex: String(repeating: "1", count: 64))!)
        for note in [".lock.", ".size."] { try Files.write([], to: "\(store.paths.layers)/\(note)\(killed)") }
        let busy = Digest(.sha256, hex: String(repeating: "2", count: 64))!
        let pending = try #require(try layers.begin(ImageLayer(busy)))
        _ = try sweep()
        let left = try Files.list(store.paths.layers)
        #expect(!left.contains { $0.hasSuffix(killed) })
        #expect(left.contains(".lock.\(LayerStore.name(of: busy))") && Files.exists(pending.path))
    }

    @Test func aBlobThatAnIngestFoundInTheStoreStays() throws {
        let digest = try store.images.beginIngest().put([9])
        let ingest = try store.images.beginIngest()
        #expect(try ingest.has(Descriptor(mediaType: MediaType.ociLayer, digest: digest, size: 1)))
        #expect(try sweep().blobs.isEmpty)
        _ = ingest
    }

    @Test func anImageStaysWholeWhileAnIngestNamesItsManifestAlone() throws {
        let made = try store.makeImage(["debian"])
        let ingest = try store.images.beginIngest()
        #expect(try ingest.has(made.descriptor))
        #expect(try sweep().blobs.isEmpty)
        withExtendedLifetime(ingest) {}
    }

    @Test func theLeaseOfAKilledProcessCountsForNothing() throws {
        let digest = try store.images.beginIngest().put([9])
        let lease = store.paths.leases + "/lease.1.0123456789ab"
        try Files.write(Array("\(digest)\n".utf8), to: lease)
        #expect(try sweep().blobs == [digest])
        #expect(!Files.exists(lease))
    }

    @Test func theLayersOfAContainerStayWhenItsImageGoes() throws {
        let made = try store.makeImage(["debian"])
        let layers = made.config.rootfs.diffIDs
        for layer in layers { try unpack(layer) }
        let claim = try store.containers.create(name: nil)
        try store.containers.writeRecord(
            ContainerRecord(image: made.id, layers: layers, body: []), of: claim.id, isEphemeral: false)
        _ = try store.images.remove("debian", isForced: true, users: [])
        let outcome = try sweep()
        #expect(outcome.layers.isEmpty)
        #expect(outcome.blobs.contains(made.id))
    }

    @Test func nothingGoesThatADamagedManifestMightNeed() throws {
        let made = try store.makeImage(["debian"], layers: ["a"])
        try unpack(made.config.rootfs.diffIDs[0])
        try Files.write(Array("{".utf8), to: store.images.path(of: made.descriptor.digest))
        let outcome = try sweep()
        #expect(outcome.blobs.isEmpty && outcome.layers.isEmpty)
        #expect(outcome.problems.count == 1)
    }

    /// Makes `path` fail to be read, for the superuser too: a symbolic link to itself (ELOOP).
    func makeUnreadable(_ path: String) throws { try check("symlink", path) { symlink(path, path) } }

    /// A sweep that is to remove nothing, and whose error names `part`.
    func expectNothingGoes(naming part: String, at: SourceLocation = #_sourceLocation) throws {
        let before = try everything()
        #expect(sourceLocation: at) {
            _ = try sweep()
        } throws: {
            "\($0)".contains(part)
        }
        #expect(try everything() == before, sourceLocation: at)
    }

    func everything() throws -> [String] {
        let paths = store.paths
        var all: [String] = []
        for folder in [
            paths.layers, paths.containers, paths.names, paths.leases, paths.runningContainers, paths.images,
        ] { all += try Files.list(folder).map { "\(folder)/\($0)" } }
        return all.sorted()
    }

    /// Something of each kind that a sweep would take.
    func leaveGarbage() throws {
        try unpack(Digest(.sha256, hex: String(repeating: "7", count: 64))!)
        try Files.makeDirectory(store.paths.layers + "/.tmp.sha256-\(String(repeating: "8", count: 64)).1.a")
        let id = String(repeating: "9", count: 64)
        try Files.makeDirectory(store.containers.directory(id))
        try check("symlink") { symlink(id, store.paths.names + "/lost") }
        try Files.makeDirectory(store.containers.runDirectory(String(repeating: "a", count: 64)))
    }

    @Test func nothingGoesWhereALeaseCannotBeRead() throws {
        let digest = try store.images.beginIngest().put([9])
        try leaveGarbage()
        try makeUnreadable(store.paths.leases + "/lease.1.abc")
        try expectNothingGoes(naming: "lease.1.abc")
        #expect(store.images.has(digest))
    }

    @Test func nothingGoesWhereTheBlobsCannotBeLookedAt() throws {
        let made = try store.makeImage(["debian"], layers: ["a"])
        try unpack(made.config.rootfs.diffIDs[0])
        try leaveGarbage()
        let blobs = store.paths.images + "/blobs/sha256"
        try Files.rename(blobs, to: blobs + ".away")
        try makeUnreadable(blobs)
        try expectNothingGoes(naming: "blob sha256:")
        #expect(LayerStore(store.paths, .full).has(made.config.rootfs.diffIDs[0]))
    }

    @Test func nothingGoesWhereARecordCannotBeRead() throws {
        let claim = try store.containers.create(name: "kept")
        try leaveGarbage()
        try makeUnreadable(store.containers.directory(claim.id) + "/record")
        try expectNothingGoes(naming: claim.id.prefix(12).description)
    }

    @Test func nothingGoesWhereTheRunDirectoriesCannotBeListed() throws {
        try leaveGarbage()
        try Files.removeTree(store.paths.runningContainers)
        try makeUnreadable(store.paths.runningContainers)
        let before = try Files.list(store.paths.layers).sorted()
        #expect {
            _ = try sweep()
        } throws: {
            "\($0)".contains(store.paths.runningContainers)
        }
        #expect(try Files.list(store.paths.layers).sorted() == before)
    }

    @Test func anUnpackingThatCannotBeLookedAtStaysAndIsNamed() throws {
        try leaveGarbage()
        let name = ".tmp.sha256-\(String(repeating: "6", count: 64)).1.a"
        try makeUnreadable(store.paths.layers + "/" + name)
        let outcome = try sweep()
        #expect(outcome.problems.count == 1 && outcome.problems[0].contains(name))
        #expect(try Files.list(store.paths.layers).contains(name))
        #expect(outcome.layers.count == 1 && outcome.doomed.count == 3)
    }

    @Test func aStateThatCannotBeReadIsNoState() throws {
        let claim = try store.containers.create(name: nil)
        try makeUnreadable(store.containers.runDirectory(claim.id) + "/state")
        #expect {
            _ = try store.containers.state(claim.id)
        } throws: {
            "\($0)".contains(claim.id.prefix(12))
        }
    }

    @Test func theOtherPlatformsOfAnIndexStay() throws {
        let ingest = try store.images.beginIngest()
        let arm = try store.putImage(ingest, layers: ["arm"], architecture: "arm64")
        let amd = try store.putImage(ingest, layers: ["amd"], architecture: "amd64")
        let index = Array(try JSONEncoder().encode(ImageIndex(manifests: [arm.descriptor, amd.descriptor])))
        let descriptor = Descriptor(
            mediaType: MediaType.ociIndex, digest: try ingest.put(index), size: Int64(index.count))
        try store.images.record(descriptor, name: try Reference("multi"))
        withExtendedLifetime(ingest) {}
        #expect(try sweep().blobs.isEmpty)
    }

    @Test func sweepsAndIngestsAtTheSameTimeLoseNoImage() async throws {
        let paths = store.paths
        let fixture = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for round in 0..<10 {
                        try fixture.makeImage(["image\(worker)"], layers: ["shared", "\(worker).\(round)"])
                    }
                }
            }
            group.addTask { for _ in 0..<40 { _ = try StoreSweep(paths).run() } }
            try await group.waitForAll()
        }
        for worker in 0..<4 {
            let image = try store.images.image("image\(worker)")
            for layer in image.manifest.layers { #expect(store.images.has(layer.digest, size: layer.size)) }
        }
        #expect(try store.images.images().problems.isEmpty)
    }
}
