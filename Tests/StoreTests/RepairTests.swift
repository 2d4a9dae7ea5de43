import Glibc
import Linux
import OCI
import Store
import Testing

/// Layers and blobs that are put right, and many names at once.
@Suite struct RepairTests {
    let store: TemporaryStore
    let layers: LayerStore
    let diffID = Digest(.sha256, hex: String(repeating: "c", count: 64))!

    init() throws {
        store = try TemporaryStore()
        layers = LayerStore(store.paths, .full)
    }

    @Test func aLayerIsReplacedWithItsCopies() throws {
        try make()
        try Files.makeDirectory(layers.path(of: diffID) + ".ids.0-1-2")
        #expect(try layers.directories(of: diffID).count == 2)
        try replace()
        #expect(try Files.read(layers.path(of: diffID) + "/file") == [1, 2])
        #expect(layers.size(of: diffID) == 2)
        #expect(try layers.directories(of: diffID) == [LayerStore.name(of: diffID)])
        #expect(try layers.condemnAbandoned().count == 2)
    }

    private func make() throws {
        let first = try #require(try layers.begin(ImageLayer(diffID)))
        try Files.write([1], to: first.path + "/file")
        try first.commit(size: 1)
        #expect(try layers.beginAgain(ImageLayer(diffID)) == nil, "the first holds its lock")
        withExtendedLifetime(first) {}
    }

    private func replace() throws {
        let pending = try #require(try layers.beginAgain(ImageLayer(diffID)))
        try Files.write([1, 2], to: pending.path + "/file")
        #expect(try layers.beginAgain(ImageLayer(diffID)) == nil)
        #expect(try pending.replace(diffID, size: 2).count == 2)
    }

    @Test func aLayerThatIsNotThereIsNotUnpackedAgain() throws {
        #expect(try layers.beginAgain(ImageLayer(diffID)) == nil)
        #expect(try Files.list(store.paths.layers).isEmpty)
    }

    @Test func onlyADamagedBlobIsRemoved() throws {
        let image = try store.makeImage(["debian"])
        let digest = image.manifest.config.digest
        #expect(try !store.images.removeIfDamaged(digest))
        let path = store.images.path(of: digest)
        let bytes = try Files.read(path)
        try Files.write(bytes.dropLast() + [0], to: path)
        #expect(try store.images.removeIfDamaged(digest))
        #expect(throws: StoreError.self) { try store.images.removeIfDamaged(digest) }
        #expect(!Files.exists(path))
    }

    @Test func manyNamesAreGivenAtOnce() throws {
        let image = try store.makeImage(["debian"])
        let other = try store.makeImage(["busybox", "many:7"], layers: ["b"])
        let names = try (0..<5000).map { try Reference("many:\($0)") }
        try store.images.record([(image.descriptor, names + names)])
        let found = try store.images.image("many:4999")
        #expect(found.id == image.id && found.names.count == 5001)
        #expect(try store.images.image("many:7").id == image.id)
        #expect(try store.images.image("busybox").names == ["docker.io/library/busybox:latest"])
        // The image whose only names they were stays without one.
        try store.images.record([(other.descriptor, names)])
        #expect(try store.images.image("debian").names == ["docker.io/library/debian:latest"])
        try store.images.record([(other.descriptor, [try Reference("debian")])])
        #expect(try store.images.images().images.count == 2)
        #expect(try store.images.image(image.id.description).names.isEmpty)
    }

    @Test func whatWouldBeLeftIsTold() throws {
        let image = try store.makeImage(["debian"])
        let other = try store.makeImage(["busybox"], layers: ["b"])
        let inventory = try StoreSweep(store.paths).inventory(
            keepsImage: { $0 == other.id }, keepsContainer: { _ in false })
        #expect(inventory.blobs.count >= 6 && inventory.blobs.values.allSatisfy { $0 > 0 })
        #expect(inventory.needed.isSuperset(of: [image.id, other.id]))
        #expect(inventory.kept.contains(other.id) && !inventory.kept.contains(image.id))
        #expect(inventory.cached.isEmpty)
        #expect(try store.images.images().images.count == 2)
    }
}
