import Dispatch
import Glibc
import Linux
import OCI
import Store
import Testing

@Suite struct LayerTests {
    let store: TemporaryStore
    let layers: LayerStore
    let diffID = Digest(.sha256, hex: String(repeating: "c", count: 64))!

    init() throws {
        store = try TemporaryStore()
        layers = LayerStore(store.paths, .full)
    }

    @Test func aLayerHasItsNameWhenItIsWhole() throws {
        let pending = try #require(try layers.begin(ImageLayer(diffID)))
        try Files.write([1], to: pending.path + "/file")
        #expect(!layers.has(diffID))
        try pending.commit(size: 4096)
        #expect(layers.has(diffID))
        #expect(layers.path(of: diffID) == store.paths.layers + "/sha256-" + diffID.hex)
        #expect(layers.size(of: diffID) == 4096)
        #expect(try layers.all() == [diffID])
        #expect(try Files.status(layers.path(of: diffID)).permissions == 0o755)
        #expect(try layers.begin(ImageLayer(diffID)) == nil)
    }

    @Test func squashedLayersAreKeptApart() throws {
        try #require(try layers.begin(ImageLayer(diffID))).commit(size: 0)
        #expect(!LayerStore(store.paths, .squashed).has(diffID))
    }

    @Test func aLayerThatIsGivenUpIsAbandonedAndNoLayer() throws {
        var pending = try layers.begin(ImageLayer(diffID))
        let path = try #require(pending?.path)
        #expect(try layers.condemnAbandoned().isEmpty)
        pending = nil
        #expect(!layers.has(diffID))
        #expect(try layers.condemnAbandoned().count == 1 && !Files.exists(path))
        // The next one begins anew.
        #expect(try layers.begin(ImageLayer(diffID)) != nil)
    }

    @Test func aLayerThatTookFromItsBaseIsAnotherOnAnotherBase() throws {
        let base = ImageLayer(Digest(.sha256, hex: String(repeating: "b", count: 64))!)
        let onBase = ImageLayer(diffID, on: base)
        try #require(try layers.begin(onBase)).commit(size: 5, isSettled: true)
        #expect(layers.find(onBase) == onBase.settledID && layers.size(of: onBase) == 5)
        #expect(try layers.begin(onBase) == nil)
        for other in [ImageLayer(diffID), ImageLayer(diffID, on: onBase)] {
            #expect(layers.find(other) == nil)
            #expect(try layers.begin(other) != nil)
        }
        // What says all of itself is the same everywhere.
        try #require(try layers.begin(base)).commit(size: 1)
        #expect(layers.find(ImageLayer(base.diffID, on: onBase)) == base.diffID)
    }

    @Test func aLayerThatComesTwiceIsInTheListOnceAtItsUppermostPlace() throws {
        let digests = ["1", "2"].map { Digest(.sha256, hex: String(repeating: $0, count: 64))! }
        let image = ImageConfig.RootFS(type: "layers", diffIDs: [digests[0], digests[1], digests[0]])
        for digest in digests {
            #expect(layers.find(image.imageLayers) == nil)
            try #require(try layers.begin(ImageLayer(digest))).commit(size: 1)
        }
        #expect(layers.find(image.imageLayers) == [digests[1], digests[0]])
    }

    // As a child that another thread has just forked, and that is about to execute something.
    @Test func aDuplicateOfADescriptorDoesNotKeepAnAbandonedLayer() throws {
        var pending = try layers.begin(ImageLayer(diffID))
        let path = try #require(pending?.path)
        let duplicate = try pending?.root.duplicate()
        pending = nil
        #expect(try layers.condemnAbandoned().count == 1 && !Files.exists(path))
        _ = consume duplicate
    }

    @Test func whoFindsALayerBusyWaitsAndThenHasIt() async throws {
        let pending = try #require(try layers.begin(ImageLayer(diffID)))
        #expect(try layers.tryBegin(ImageLayer(diffID)).isBusy)
        let (layers, diffID) = (layers, diffID)
        let waiter = Task.detached { try layers.begin(ImageLayer(diffID)) == nil }
        try Files.write([1], to: pending.path + "/file")
        try pending.commit(size: 1)
        withExtendedLifetime(pending) {}
        // The lock goes with the value, which the waiter cannot see earlier than the name.
        _ = consume pending
        #expect(try await waiter.value)
    }

    @Test func manyThatUnpackTheSameLayersMakeEachOnce() throws {
        let made = Counter()
        let layers = layers
        let failures = Counter()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for number in 0..<12 {
                let digits = String(number, radix: 16)
                let diffID = Digest(.sha256, hex: String(repeating: "0", count: 64 - digits.count) + digits)!
                do {
                    guard let pending = try layers.begin(ImageLayer(diffID)) else { continue }
                    try Files.write([1], to: pending.path + "/file")
                    try pending.commit(size: 1)
                    made.add()
                } catch {
                    failures.add()
                }
            }
        }
        #expect(made.value == 12 && failures.value == 0)
        #expect(try layers.all().count == 12)
        #expect(try layers.condemnAbandoned().isEmpty)
        #expect(try Files.list(store.paths.layers).filter { $0.hasPrefix(".lock") }.isEmpty)
    }
}

/// A number that several threads count up.
final class Counter: @unchecked Sendable {
    private let lock = DispatchSemaphore(value: 1)
    private var count = 0

    func add() {
        lock.wait()
        count += 1
        lock.signal()
    }

    var value: Int {
        lock.wait()
        defer { lock.signal() }
        return count
    }
}
