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
        let pending = try #require(try layers.begin(diffID))
        try Files.write([1], to: pending.path + "/file")
        #expect(!layers.has(diffID))
        try pending.commit(size: 4096)
        #expect(layers.has(diffID))
        #expect(layers.path(of: diffID) == store.paths.layers + "/sha256-" + diffID.hex)
        #expect(layers.size(of: diffID) == 4096)
        #expect(try layers.all() == [diffID])
        #expect(try Files.status(layers.path(of: diffID)).permissions == 0o755)
        #expect(try layers.begin(diffID) == nil)
    }

    @Test func squashedLayersAreKeptApart() throws {
        try #require(try layers.begin(diffID)).commit(size: 0)
        #expect(!LayerStore(store.paths, .squashed).has(diffID))
    }

    @Test func aLayerThatIsGivenUpIsAbandonedAndNoLayer() throws {
        var pending = try layers.begin(diffID)
        let path = try #require(pending?.path)
        #expect(try layers.condemnAbandoned().isEmpty)
        pending = nil
        #expect(!layers.has(diffID))
        #expect(try layers.condemnAbandoned().count == 1 && !Files.exists(path))
        // The next one begins anew.
        #expect(try layers.begin(diffID) != nil)
    }

    // As a child that another thread has just forked, and that is about to execute something.
    @Test func aDuplicateOfADescriptorDoesNotKeepAnAbandonedLayer() throws {
        var pending = try layers.begin(diffID)
        let path = try #require(pending?.path)
        let duplicate = try pending?.root.duplicate()
        pending = nil
        #expect(try layers.condemnAbandoned().count == 1 && !Files.exists(path))
        _ = consume duplicate
    }

    @Test func whoFindsALayerBusyWaitsAndThenHasIt() async throws {
        let pending = try #require(try layers.begin(diffID))
        #expect(try layers.tryBegin(diffID).isBusy)
        let (layers, diffID) = (layers, diffID)
        let waiter = Task.detached { try layers.begin(diffID) == nil }
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
                    guard let pending = try layers.begin(diffID) else { continue }
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
