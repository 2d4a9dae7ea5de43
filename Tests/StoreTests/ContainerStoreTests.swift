import Dispatch
import Glibc
import Linux
import OCI
import Testing

@testable import Store

@Suite struct ContainerStoreTests {
    let store: TemporaryStore
    var containers: ContainerStore { store.containers }
    init() throws { store = try TemporaryStore() }

    let record = ContainerRecord(image: nil, layers: [], body: [1, 2, 3])

    /// A container that outlives its supervisor.
    func make(_ name: String?) throws -> String {
        let claim = try containers.create(name: name)
        try containers.writeRecord(record, of: claim.id, isEphemeral: false)
        return claim.id
    }

    @Test func aContainerIsFoundByIdPrefixAndName() throws {
        let id = try make("web")
        #expect(ContainerStore.isID(id))
        for text in [id, String(id.prefix(12)), "web", "/web"] { #expect(try containers.find(text) == id) }
        #expect(try containers.list() == [id])
        #expect(try containers.names() == [id: "web"])
        #expect(try containers.readRecord(id) == record)
        #expect {
            try containers.find("nobody")
        } throws: {
            "\($0)" == "No such container: nobody"
        }
    }

    @Test func aRecordKeepsWhatIsMounted() throws {
        let id = try make(nil)
        var other = record
        func digest(_ letter: String) throws -> Digest {
            try #require(Digest("sha256:" + String(repeating: letter, count: 64)))
        }
        other.mountedImages = [try digest("a")]
        other.mountedLayers = [try digest("b"), try digest("c")]
        try containers.writeRecord(other, of: id, isEphemeral: false)
        #expect(try containers.readRecord(id) == other)
    }

    @Test func aPrefixOfTwoIdsIsAmbiguous() throws {
        var firsts: [Character: Int] = [:]
        for _ in 0..<17 { firsts[try make(nil).first!, default: 0] += 1 }
        let shared = try #require(firsts.first { $0.value > 1 }).key
        #expect {
            try containers.find(String(shared))
        } throws: {
            if case .ambiguous = $0 as? StoreError { true } else { false }
        }
    }

    @Test(arguments: ["", "a", "-a", ".a", "a b", "a/b", "ä1", "_x", "//ab"])
    func namesOutsideDockersGrammarAreRefused(_ name: String) {
        #expect {
            _ = try containers.create(name: name).id
        } throws: {
            if case .invalidName = $0 as? StoreError { true } else { false }
        }
        #expect((try? Files.list(store.paths.containers)) == [])
    }

    @Test func aNameThatIsTakenIsRefusedAndNothingIsLeft() throws {
        let id = try make("web")
        #expect {
            _ = try containers.create(name: "web").id
        } throws: {
            "\($0)".contains("\"/web\" is already in use by container \"\(id)\"")
        }
        #expect(try Files.list(store.paths.containers) == [id])
        #expect(try Files.list(store.paths.runningContainers) == [id])
    }

    @Test func aNameIsTakenWhileItsContainerIsOnlyBeingMade() throws {
        let claim = try containers.create(name: "web")
        #expect(throws: StoreError.self) { _ = try containers.create(name: "web").id }
        #expect(try containers.list().isEmpty)
        _ = claim.id
    }

    @Test func theNameOfAVanishedContainerIsFree() throws {
        let gone = try make("web")
        try Files.removeTree(containers.directory(gone))
        let id = try make("web")
        #expect(try containers.find("web") == id)
    }

    @Test func theNameOfACreatorThatDiedIsFree() throws {
        // Made, claimed, and let go without a record: as after SIGKILL.
        let dead = try containers.create(name: "web").id
        #expect(try make("web") != dead)
    }

    @Test func manyThatWantOneNameAndOnlyOneGetsIt() throws {
        let won = Counter()
        let refused = Counter()
        let (containers, record) = (containers, record)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            do {
                let claim = try containers.create(name: "web")
                try containers.writeRecord(record, of: claim.id, isEphemeral: false)
                won.add()
            } catch {
                if case .nameTaken? = error as? StoreError { refused.add() }
            }
        }
        #expect(won.value == 1 && refused.value == 15)
    }

    @Test func randomNamesAreOfTheGrammarAndDiffer() throws {
        var names: Set<String> = []
        for _ in 0..<20 {
            let claim = try containers.create(name: nil)
            try containers.writeRecord(record, of: claim.id, isEphemeral: false)
            names.insert(claim.name)
            #expect(claim.name.split(separator: "_").count == 2)
        }
        #expect(names.count == 20)
    }

    @Test func aRenamedContainerFreesItsOldName() throws {
        let id = try make("old")
        _ = try make("other")
        #expect(throws: StoreError.self) { try containers.rename(id, to: "other") }
        try containers.rename(id, to: "new")
        #expect(try containers.find("new") == id)
        _ = try make("old")
    }

    @Test func aRemovedContainerIsGoneAtOnceAndItsTreeIsLeftForTheWorker() throws {
        let id = try make("web")
        let doomed = try containers.remove(id, name: "web")
        #expect(try containers.list().isEmpty && Files.exists(doomed))
        #expect(!Files.exists(containers.runDirectory(id)))
        #expect(try containers.sweep() == [doomed])
        _ = try make("web")
    }

    @Test func aSweepTakesOnlyWhatNobodyHoldsOrDescribes() throws {
        let whole = try make("whole")
        let making = try containers.create(name: "making")
        let dead = try containers.create(name: "dead").id
        let ephemeral = try containers.create(name: "ephemeral")
        try containers.writeRecord(record, of: ephemeral.id, isEphemeral: true)
        let lost: String
        do {
            let claim = try containers.create(name: "lost")
            lost = claim.id
            try containers.writeRecord(record, of: lost, isEphemeral: true)
        }
        var doomed: Set<String> = []
        // What another test forks has a duplicate of a lock for a moment.
        for _ in 0..<200 where doomed.count < 2 {
            doomed.formUnion(try containers.sweep().map { String($0.suffix(64)) })
            if doomed.count < 2 { usleep(50_000) }
        }
        #expect(doomed == [dead, lost])
        #expect(Set(try containers.list()) == [whole, ephemeral.id])
        #expect(Set(try containers.names().values) == ["whole", "making", "ephemeral"])
        #expect(try containers.isEphemeral(ephemeral.id))
        #expect(try !containers.isEphemeral(whole))
        _ = making.id
    }

    @Test func aDamagedRecordIsReportedAndLeftAlone() throws {
        let id = try make("web")
        let path = containers.directory(id) + "/record"
        try Files.write([1, 2], to: path)
        #expect {
            try containers.readRecord(id)
        } throws: {
            "\($0)".contains(path)
        }
        _ = try containers.sweep()
        #expect(try Files.read(path) == [1, 2])
    }
}

extension ContainerStore {
    /// What a sweep does with containers: the directories that are left to remove.
    fileprivate func sweep() throws -> [String] {
        var problems: [StoreError] = []
        let doomed = remove(try findGarbage()) { problems.append($0) }
        #expect(problems.isEmpty)
        return doomed
    }
}
