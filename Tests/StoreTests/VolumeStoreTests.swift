import Bytes
import Glibc
import Linux
import Testing

@testable import Store

@Suite struct VolumeStoreTests {
    let store: TemporaryStore
    var volumes: VolumeStore { VolumeStore(store.paths) }
    init() throws { store = try TemporaryStore() }

    private func make(_ name: String, owner: String? = nil) throws {
        var definition = VolumeDefinition(name: name, created: "2026-01-01T00:00:00Z")
        definition.labels = ["a": "b"]
        definition.isAnonymous = owner != nil
        definition.owner = owner
        #expect(try volumes.create(definition).isNew)
    }

    private func failure(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return ""
    }

    @Test func aVolumeIsReadAsItWasMade() throws {
        try make("data")
        let volume = try volumes.read("data")
        #expect(volume.labels == ["a": "b"] && volume.created == "2026-01-01T00:00:00Z" && volume.owner == nil)
        let again = try volumes.create(VolumeDefinition(name: "data", created: "later"))
        #expect(again == (volume, false))
        #expect(try volumes.list { _ in }.map(\.name) == ["data"])
        #expect(failure { _ = try volumes.read("none") } == "get none: no such volume")
    }

    @Test(arguments: ["", ".", "..", "a", "-ab", "a/b", "a b", "aé", "../data", String(repeating: "a", count: 256)])
    func namesOutsideDockersGrammarAreRefused(_ name: String) {
        #expect(failure { _ = try volumes.create(VolumeDefinition(name: name, created: "")) }.hasPrefix("create "))
        #expect(failure { _ = try volumes.remove(name) }.hasSuffix("no such volume"))
        #expect(((try? Files.list(volumes.folder)) ?? []).isEmpty)
    }

    @Test func aVolumeStaysWhileAContainerRefersToIt() throws {
        try make("data")
        let claim = try store.containers.create(name: nil)
        try volumes.addReference(to: "data", of: claim.id, durable: true)
        // Held and without a record yet, then with one.
        #expect(failure { _ = try volumes.remove("data") } == "remove data: volume is in use - [\(claim.id)]")
        try store.containers.writeRecord(
            ContainerRecord(image: nil, layers: [], body: []), of: claim.id, isEphemeral: false)
        #expect(try volumes.users(of: "data") == [claim.id])
        // A reference whose container has gone counts for nothing.
        _ = try store.containers.remove(claim.id, name: nil)
        #expect(try volumes.users(of: "data") == [])
        let doomed = try volumes.remove("data")
        #expect(Files.exists("\(doomed)/_data"))
        #expect(
            failure { try volumes.addReference(to: "data", of: claim.id, durable: false) } == "get data: no such volume"
        )
    }

    @Test func aSweepFindsWhatKilledProcessesLeft() throws {
        let claim = try store.containers.create(name: nil)
        let gone = ContainerStore.newID()
        try make("kept")
        try make("own", owner: claim.id)
        try make("orphan", owner: gone)
        try volumes.addReference(to: "kept", of: claim.id, durable: false)
        try volumes.addReference(to: "kept", of: gone, durable: false)
        try Files.makeDirectory("\(volumes.folder)/.new.0")
        try Files.makeDirectory("\(volumes.folder)/.new.1")
        try Files.makeDirectory("\(volumes.folder)/.dead.0")
        let maker = try FileDescriptor.open("\(volumes.folder)/.new.1", O_RDONLY | O_DIRECTORY)
        _ = try maker.lock(.shared)
        let doomed = try StoreSweep(store.paths).run().doomed.filter { $0.hasPrefix(volumes.folder) }
        #expect(doomed.count == 3 && doomed.contains("\(volumes.folder)/.new.0"))
        #expect(doomed.contains("\(volumes.folder)/.dead.0"))
        #expect(try volumes.list { _ in }.map(\.name) == ["kept", "own"])
        #expect(try volumes.users(of: "kept") == [claim.id])
        #expect(try Files.list("\(volumes.directory(of: "kept"))/containers") == [claim.id])
        maker.unlock()
    }

    @Test func aDamagedRecordIsToldAndLeftAlone() throws {
        try make("data")
        try Files.write([1, 2], to: "\(volumes.directory(of: "data"))/record")
        var problems: [String] = []
        #expect(try volumes.list { problems.append("\($0)") }.isEmpty)
        #expect(problems.count == 1 && problems[0].contains("/data/record is damaged"))
        #expect(try StoreSweep(store.paths).run().problems.count == 1)
        #expect(Files.exists(volumes.data(of: "data")))
    }
}
