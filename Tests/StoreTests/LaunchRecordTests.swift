import Bytes
import Glibc
import Linux
import OCI
import Store
import Testing

@Suite struct LaunchRecordTests {
    let store: TemporaryStore
    init() throws { store = try TemporaryStore() }

    var files: [String] { (try? Files.list(store.paths.launchRecords)) ?? [] }

    @Test func theRecordSaysAllThatARunNeeds() throws {
        let made = try store.makeImage(["debian"], layers: ["a", "b"]) { config in
            config.env = ["PATH=/bin", "EMPTY="]
            config.cmd = ["/bin/sh"]
            config.entrypoint = ["/init", "--"]
            config.user = "1000:1000"
            config.workingDir = "/srv"
            config.labels = ["a": "1", "b": "ü", "\u{E9}": "2", "e\u{301}": "3"]
            config.stopSignal = "SIGQUIT"
            config.stopTimeout = 30
            config.volumes = ["/data": EmptyObject(), "/\u{E9}": EmptyObject(), "/e\u{301}": EmptyObject()]
            config.exposedPorts = ["80/tcp": EmptyObject(), "53/udp": EmptyObject()]
            config.shell = ["/bin/bash", "-c"]
            config.onBuild = ["RUN true"]
            var check = Healthcheck()
            check.test = ["CMD-SHELL", "true"]
            check.interval = 5_000_000_000
            check.retries = 3
            config.healthcheck = check
        }
        #expect(store.images.launchRecord(for: "debian") == nil)
        let slow = try store.images.makeLaunchRecord(for: "debian")
        let fast = try #require(store.images.launchRecord(for: "debian"))
        #expect(fast == slow)
        #expect(fast.reference == "docker.io/library/debian:latest")
        #expect(fast.imageID == made.id && fast.manifest == made.descriptor.digest)
        #expect(fast.layers.isEmpty)
        #expect(fast.config == made.config.config)
        #expect(!fast.isUnpacked)
    }

    @Test func anUnpackedImageIsMarkedSo() throws {
        let made = try store.makeImage(["debian"])
        for layer in made.config.rootfs.diffIDs {
            try #require(try LayerStore(store.paths, .squashed).begin(ImageLayer(layer))).commit(size: 0)
        }
        let record = try store.images.makeLaunchRecord(for: "debian")
        #expect(!record.isUnpacked(.full) && record.isUnpacked(.squashed))
        #expect(record.layers == made.config.rootfs.diffIDs)
    }

    @Test func anyChangeOfTheIndexMakesTheRecordStale() throws {
        try store.makeImage(["debian"])
        _ = try store.images.makeLaunchRecord(for: "debian")
        let new = try store.makeImage(["debian"], layers: ["new"])
        #expect(store.images.launchRecord(for: "debian") == nil)
        #expect(try store.images.makeLaunchRecord(for: "debian").imageID == new.id)
        #expect(store.images.launchRecord(for: "debian")?.imageID == new.id)
    }

    @Test func everyTruncationAndEveryFlippedByteIsPassedOverInSilence() throws {
        try store.makeImage(["debian"])
        let record = try store.images.makeLaunchRecord(for: "debian")
        let path = store.paths.launchRecords + "/" + (try #require(files.first))
        let bytes = try Files.read(path)
        for length in 0..<bytes.count {
            try Files.write(Array(bytes[..<length]), to: path)
            #expect(store.images.launchRecord(for: "debian") == nil)
        }
        // A flipped byte may go unnoticed in a text, but must never trap.
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 0xff
            try Files.write(changed, to: path)
            _ = store.images.launchRecord(for: "debian")
        }
        try Files.write(bytes, to: path)
        #expect(store.images.launchRecord(for: "debian") == record)
    }

    @Test func strangeNamesNeitherCollideNorLeaveTheDirectory() throws {
        let made = try store.makeImage(["localhost:5000/a/b:c", "localhost:5000/a/b_c"])
        _ = try store.images.makeLaunchRecord(for: "localhost:5000/a/b:c")
        _ = try store.images.makeLaunchRecord(for: "localhost:5000/a/b_c")
        _ = try store.images.makeLaunchRecord(for: made.id.hex)
        #expect(files.count == 3)
        #expect(store.images.launchRecord(for: "../../../../etc/passwd") == nil)
        #expect(throws: StoreError.self) { try store.images.makeLaunchRecord(for: "../x") }
    }

    @Test func aPlatformHasARecordOfItsOwn() throws {
        try store.makeImage(["foreign"], architecture: "s390x")
        #expect(
            try store.images.makeLaunchRecord(for: "foreign", platform: "linux/s390x").platform.architecture == "s390x")
        #expect(store.images.launchRecord(for: "foreign") == nil)
        #expect(store.images.launchRecord(for: "foreign", platform: "linux/s390x") != nil)
        #expect(throws: StoreError.self) { try store.images.makeLaunchRecord(for: "foreign", platform: "linux/amd64") }
    }

    @Test func aCacheThatCannotBeWrittenIsNoError() throws {
        try store.makeImage(["debian"])
        try Files.removeTree(store.paths.cache)
        #expect(try store.images.makeLaunchRecord(for: "debian").reference == "docker.io/library/debian:latest")
        #expect(store.images.launchRecord(for: "debian") == nil)
    }
}
