import OCI
import Store
import Testing

/// The rules are those of dockerd's image removal.
@Suite struct RemovalTests {
    let store: TemporaryStore
    init() throws { store = try TemporaryStore() }

    func remove(_ name: String, force: Bool = false, users: [ImageUser] = []) throws -> [ImageRemoval] {
        try store.images.remove(name, isForced: force, users: users)
    }

    func names() throws -> [String] { try store.images.images().images.flatMap(\.repoTags).sorted() }

    @Test func theLastNameTakesTheImageAlong() throws {
        let made = try store.makeImage(["debian"])
        #expect(try remove("debian") == [.untagged("debian:latest"), .deleted(made.id)])
        #expect(try store.images.images().images.isEmpty)
    }

    @Test func oneOfSeveralNamesIsOnlyTakenAway() throws {
        try store.makeImage(["debian", "debian:12"])
        #expect(try remove("debian") == [.untagged("debian:latest")])
        #expect(try names() == ["debian:12"])
    }

    @Test func anIdWithNamesInSeveralRepositoriesNeedsForce() throws {
        let made = try store.makeImage(["debian", "mine"])
        #expect {
            try remove(made.id.hex)
        } throws: {
            "\($0)".contains("must be forced") && "\($0)".contains("multiple repositories")
        }
        #expect(try names() == ["debian:latest", "mine:latest"])
        let removals = try remove(made.id.hex, force: true)
        #expect(removals.last == .deleted(made.id) && removals.count == 3)
    }

    @Test func anIdWithOneNameIsDeleted() throws {
        let made = try store.makeImage(["debian"])
        #expect(try remove(String(made.id.hex.prefix(12))) == [.untagged("debian:latest"), .deleted(made.id)])
    }

    @Test func anImageOfAStoppedContainerNeedsForce() throws {
        let made = try store.makeImage(["debian"])
        let users = [ImageUser(container: String(repeating: "a", count: 64), image: made.id, isRunning: false)]
        #expect {
            try remove("debian", users: users)
        } throws: {
            "\($0)".contains("must force") && "\($0)".contains("aaaaaaaaaaaa")
        }
        #expect(throws: StoreError.self) { try remove(made.id.hex, users: users) }
        #expect(try remove("debian", force: true, users: users).contains(.deleted(made.id)))
    }

    @Test func anImageOfARunningContainerIsNotDeletedEvenByForce() throws {
        let made = try store.makeImage(["debian"])
        let users = [ImageUser(container: String(repeating: "a", count: 64), image: made.id, isRunning: true)]
        #expect {
            try remove(made.id.hex, force: true, users: users)
        } throws: {
            "\($0)".contains("cannot be forced")
        }
        // By name and with force it only loses its name.
        #expect(try remove("debian", force: true, users: users) == [.untagged("debian:latest")])
        #expect(try store.images.image(made.id.hex).names.isEmpty)
    }

    @Test func anotherNameIsTakenAwayFromAnImageInUse() throws {
        let made = try store.makeImage(["debian", "mine"])
        let users = [ImageUser(container: String(repeating: "a", count: 64), image: made.id, isRunning: true)]
        #expect(try remove("mine", users: users) == [.untagged("mine:latest")])
    }

    @Test func aDanglingImageIsRemovedByItsId() throws {
        let made = try store.makeImage([])
        #expect(try remove(made.id.hex) == [.deleted(made.id)])
    }

    @Test func whatIsNotThereIsSaidSo() throws {
        #expect {
            try remove("nothing")
        } throws: {
            "\($0)" == "No such image: nothing:latest"
        }
    }
}
