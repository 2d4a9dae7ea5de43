import Bytes
import Glibc
import JSON
import Linux
import OCI
import Store
import Testing

@Suite struct IndexTests {
    let store: TemporaryStore
    init() throws { store = try TemporaryStore() }

    func document() throws -> JSONTree { try JSONTree.parse(try Files.read(store.index)) }

    @Test func theLayoutIsOneOfTheSpecification() throws {
        try store.makeImage(["debian"])
        #expect(try Files.readText(store.paths.images + "/oci-layout") == #"{"imageLayoutVersion":"1.0.0"}"#)
        let index = try document()
        #expect(index["schemaVersion"]?.integer == 2)
        let entry = try #require(index["manifests"]?.array?.first)
        #expect(entry["annotations"]?[Annotation.refName]?.string == "docker.io/library/debian:latest")
        #expect(entry["mediaType"]?.string == MediaType.ociManifest)
    }

    @Test func whatOthersHavePutThereStays() throws {
        try store.makeImage(["debian"])
        var index = try document()
        // More digits than a number of the machine has.
        let digits = "18446744073709551617.000000000000000000001"
        index["x-tool"] = .record([("b", .null), ("a", .number(digits)), ("e", .string("<é/\n>"))])
        let foreign = JSONTree.record([
            ("x-flag", .bool(true)), ("mediaType", .string("application/x-else")), ("digest", .string("blake3:00")),
            ("size", .integer(7)),
        ])
        index["manifests"] = .array([foreign] + (index["manifests"]?.array ?? []))
        try Files.write(index.text().utf8, to: store.index)
        try store.makeImage(["busybox"], layers: ["b"])
        let after = try document()
        #expect(after["x-tool"] == index["x-tool"])
        #expect(after["manifests"]?.array?.first == foreign)
        #expect(after["manifests"]?.array?.count == 3)
    }

    @Test(arguments: ["", "{", "[]", #"{"manifests": 3}"#, #"{"manifests": ["x"]}"#])
    func aDamagedIndexIsReportedAndNeverChanged(_ text: String) throws {
        try store.makeImage(["debian"])
        try Files.write(Array(text.utf8), to: store.index)
        #expect {
            try store.makeImage(["busybox"])
        } throws: {
            "\($0)".contains(store.index)
        }
        #expect(throws: StoreError.self) { try store.images.images() }
        #expect(throws: StoreError.self) { try StoreSweep(store.paths).run() }
        #expect(try Files.readText(store.index) == text)
    }

    @Test(arguments: [nil, "", #"{"schemaVersion":2}"#, #"{"manifests":[{"mediaType"#])
    func aLostIndexIsMadeAnewFromWhatIsThere(_ left: String?) throws {
        let named = try store.makeImage(["debian"], layers: ["a", "b"])
        let launched = try store.makeImage(["busybox"], layers: ["c"])
        _ = try store.images.makeLaunchRecord(for: "busybox")
        if let left { try Files.write(Array(left.utf8), to: store.index) } else { try Files.unlink(store.index) }
        #expect(throws: StoreError.self) { try store.images.images() }
        #expect(throws: StoreError.self) { try StoreSweep(store.paths).run() }
        let known = [(name: try Reference("other/debian:1"), id: named.id)]
        let entries = try #require(try store.images.rebuildIndex(names: known))
        #expect(Set(entries.map(\.name)) == ["docker.io/library/busybox:latest", "docker.io/other/debian:1"])
        #expect(try store.images.image("busybox").id == launched.id)
        #expect(try store.images.image("other/debian:1").id == named.id)
        #expect(try StoreSweep(store.paths).run().blobs.isEmpty)
        if let left { #expect(try Files.readText(store.index + ".damaged") == left) }
        // One that is in order stays as it is.
        #expect(try store.images.rebuildIndex(names: []) == nil)
    }

    @Test func concurrentChangesLoseNothing() async throws {
        let made = try store.makeImage(["first"])
        let images = store.images
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<24 {
                group.addTask { try images.record(made.descriptor, name: try Reference("image\(number)")) }
            }
            try await group.waitForAll()
        }
        #expect(Set(try images.image("first").names).count == 25)
    }

    @Test func aNameThatMovesLeavesADanglingImage() throws {
        let old = try store.makeImage(["debian"], layers: ["old"])
        let new = try store.makeImage(["debian"], layers: ["new"])
        #expect(try store.images.image("debian").id == new.id)
        let dangling = try store.images.images().images.filter(\.names.isEmpty)
        #expect(dangling.map(\.id) == [old.id])
        // Under a new name it is no longer dangling, and no second entry.
        try store.images.record(old.descriptor, name: try Reference("old"))
        #expect(try store.images.images().images.filter(\.names.isEmpty).isEmpty)
        #expect(try document()["manifests"]?.array?.count == 2)
    }

    @Test func theSameImageAgainChangesNothing() throws {
        let made = try store.makeImage(["debian"])
        let before = try Files.status(store.index).raw.st_ino
        try store.images.record(made.descriptor, name: try Reference("debian"))
        #expect(try Files.status(store.index).raw.st_ino == before)
    }

    @Test func namesOfOthersAreTheirBytes() throws {
        let (letter, accent) = ("caf\u{E9}", "cafe\u{301}")
        let made = try [letter, accent].map { try store.makeImage([], layers: [$0 + String($0.utf8.count)]) }
        var index = try document()
        index["manifests"] = .array(
            zip(index["manifests"]?.array ?? [], [letter, accent]).map { entry, name in
                var entry = entry
                entry["annotations"] = .strings([ByteKey(Annotation.refName): name])
                return entry
            })
        try Files.write(Array(index.text().utf8), to: store.index)
        #expect(try store.images.image(letter).id == made[0].id)
        #expect(try store.images.image(accent).id == made[1].id)
        _ = try store.images.remove(letter, isForced: false, users: [])
        #expect(try store.images.image(accent).id == made[1].id)
        #expect(throws: StoreError.self) { try store.images.image(letter) }
    }

    @Test func membersInAnotherCaseAreRead() throws {
        let made = try store.makeImage(["debian"])
        let text = try Files.readText(store.index).replacing("\"manifests\"", with: "\"Manifests\"")
            .replacing("\"digest\"", with: "\"DIGEST\"").replacing("\"annotations\"", with: "\"Annotations\"")
        try Files.write(Array(text.utf8), to: store.index)
        #expect(try store.images.image("debian").id == made.id)
        try store.makeImage(["busybox"], layers: ["b"])
        #expect(try document()["manifests"]?.array?.count == 2)
        #expect(try store.images.images().images.count == 2)
    }
}
