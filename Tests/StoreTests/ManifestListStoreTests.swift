import Linux
import OCI
import Store
import Testing

@Suite struct ManifestListStoreTests {
    let store: TemporaryStore
    let lists: ManifestListStore
    init() throws {
        store = try TemporaryStore()
        lists = ManifestListStore(store.paths)
    }

    private func name(_ text: String) throws -> Reference { try Reference(text) }

    private func member(
        _ text: String, _ made: TemporaryStore.Made, isStored: Bool = true
    ) throws -> ManifestList.Member {
        ManifestList.Member(
            name: try Reference(text), isStored: isStored, descriptor: made.descriptor,
            manifest: try store.images.read(made.descriptor.digest))
    }

    @Test func aListIsReadAsItWasWritten() throws {
        let made = try store.makeImage(["a"])
        var list = ManifestList(try name("host:5/list:1"))
        var annotated = try member("host:5/b", made, isStored: false)
        annotated.descriptor.platform = Platform(os: "linux", architecture: "arm", variant: "v7")
        annotated.descriptor.platform?.osFeatures = ["x"]
        list.set(annotated)
        list.set(try member("a", made))
        #expect(list.members.map(\.name.description) == ["docker.io/library/a:latest", "host:5/b:latest"])
        try lists.update(list.name) { before in
            #expect(before == nil)
            return list
        }
        #expect(try lists.find(list.name) == list)
        #expect(try lists.find(try name("host:5/list:2")) == nil)
        try lists.update(list.name) { _ in nil }
        #expect(try lists.find(list.name) == nil)
        #expect(try Files.list(store.paths.data + "/manifests") == ["lock"])
    }

    @Test func membersAreInDockersOrderAndOneOfANameIsReplaced() throws {
        let (first, second) = (try store.makeImage(["a"]), try store.makeImage(["b"], layers: ["other"]))
        var list = ManifestList(try name("l"))
        for text in ["h:1/z", "h:1/a:2", "h:1/a-b:1", "h:1/a:1"] { list.set(try member(text, first)) }
        // Docker's client has them by the names of its files, in which a colon is a dash.
        #expect(list.members.map(\.name.familiar) == ["h:1/a:1", "h:1/a:2", "h:1/a-b:1", "h:1/z:latest"])
        list.set(try member("h:1/z", second))
        #expect(list.members.count == 4)
        #expect(list.members.last?.descriptor.digest == second.descriptor.digest)
        let removed = list.remove { $0.name.tag == "1" }
        #expect(removed == 2)
        #expect(list.index.manifests.count == 2)
    }

    @Test func theTypeOfTheIndexIsThatOfItsFirstManifest() throws {
        let made = try store.makeImage(["a"])
        var list = ManifestList(try name("l"))
        #expect(list.index.mediaType == MediaType.ociIndex)
        list.set(try member("b", made))
        #expect(list.index.mediaType == MediaType.ociIndex)
        var other = try member("a", made)
        other.descriptor.mediaType = MediaType.dockerManifest
        list.set(other)
        #expect(list.index.mediaType == MediaType.dockerList)
    }

    @Test func whatAListHasOfTheStoreStaysThere() throws {
        let made = try store.makeImage(["a"])
        let away = try store.makeImage(["b"], layers: ["away"])
        var list = ManifestList(try name("l"))
        list.set(try member("a", made))
        list.set(try member("h:1/b", away, isStored: false))
        try lists.update(list.name) { _ in list }
        for name in ["a", "b"] { _ = try store.images.remove(name, isForced: false, users: []) }
        let outcome = try StoreSweep(store.paths).run()
        #expect(outcome.problems.isEmpty)
        for digest in [made.descriptor.digest, made.id] + made.manifest.layers.map(\.digest) {
            #expect(store.images.has(digest))
        }
        #expect(!store.images.has(away.descriptor.digest))
        try lists.update(list.name) { _ in nil }
        _ = try StoreSweep(store.paths).run()
        #expect(!store.images.has(made.descriptor.digest))
    }

    @Test(arguments: ["", "{", "{}", #"{"name":"x","members":[{}]}"#])
    func aDamagedListIsReportedAndLeftAloneAndSoAreBlobs(_ content: String) throws {
        let made = try store.makeImage(["a"])
        var list = ManifestList(try name("l"))
        list.set(try member("a", made))
        try lists.update(list.name) { _ in list }
        let folder = store.paths.data + "/manifests"
        let names = try Files.list(folder)
        let file = try #require(names.first { $0.hasSuffix(".json") })
        try Files.write(Array(content.utf8), to: "\(folder)/\(file)")
        #expect(throws: StoreError.self) { try lists.find(list.name) }
        #expect(throws: StoreError.self) { try lists.update(list.name) { _ in nil } }
        _ = try store.images.remove("a", isForced: false, users: [])
        let outcome = try StoreSweep(store.paths).run()
        #expect(outcome.problems.count == 1)
        #expect(store.images.has(made.descriptor.digest))
        #expect(try Files.readText("\(folder)/\(file)") == content)
    }

    @Test func aManifestWithAnotherDigestIsDamage() throws {
        let made = try store.makeImage(["a"])
        var list = ManifestList(try name("l"))
        list.set(try member("a", made))
        try lists.update(list.name) { _ in list }
        let folder = store.paths.data + "/manifests"
        let names = try Files.list(folder)
        let file = "\(folder)/\(try #require(names.first { $0.hasSuffix(".json") }))"
        let text = try Files.readText(file)
        let start = try #require(text.firstRange(of: #""manifest":""#)?.upperBound)
        try Files.write(Array((text[..<start] + "AAAA" + text[text.index(start, offsetBy: 4)...]).utf8), to: file)
        #expect(throws: StoreError.self) { try lists.find(list.name) }
    }

    @Test func whatAKilledProcessWasWritingGoes() throws {
        let made = try store.makeImage(["a"])
        var list = ManifestList(try name("l"))
        list.set(try member("a", made))
        try lists.update(list.name) { _ in list }
        let folder = store.paths.data + "/manifests"
        try Files.write([1], to: "\(folder)/.x.json.1.ab.tmp")
        #expect(try lists.find(list.name) == list)
        try lists.update(list.name) { $0 }
        #expect(try Files.list(folder).filter { $0.hasSuffix(".tmp") }.isEmpty)
        try Files.write([1], to: "\(folder)/.x.json.1.ab.tmp")
        #expect(try StoreSweep(store.paths).run().problems.isEmpty)
        #expect(try Files.list(folder).filter { $0.hasSuffix(".tmp") }.isEmpty)
        #expect(try lists.find(list.name) == list)
    }
}
