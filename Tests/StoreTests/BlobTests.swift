import Archive
import Glibc
import Linux
import OCI
import Store
import Testing

@Suite struct BlobTests {
    let store: TemporaryStore
    init() throws { store = try TemporaryStore() }

    @Test func whatWasPutIsReadBack() throws {
        let ingest = try store.images.beginIngest()
        let digest = try ingest.put(Array("hello".utf8))
        #expect(
            digest.description == "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        #expect(try store.images.read(digest) == Array("hello".utf8))
        #expect(store.images.size(of: digest) == 5)
    }

    @Test func sha512BlobsHaveTheirOwnDirectory() throws {
        let bytes = Array("hello".utf8)
        let digest = Digest(of: bytes, .sha512)
        #expect(try store.images.beginIngest().put(bytes, expecting: digest) == digest)
        #expect(Files.exists(store.paths.images + "/blobs/sha512/" + digest.hex))
        #expect(try store.images.read(digest) == bytes)
    }

    @Test func anotherDigestIsRefusedAndLeavesNothing() throws {
        let ingest = try store.images.beginIngest()
        let wanted = Digest(of: [1])
        do {
            let writer = try ingest.writer(expecting: wanted)
            try writer.write([2])
            #expect(throws: StoreError.self) { try writer.commit() }
        }
        #expect(!store.images.has(wanted) && !store.images.has(Digest(of: [2])))
        #expect(store.temporaries.isEmpty)
    }

    @Test func moreBytesThanPromisedAreRefusedAtOnce() throws {
        let ingest = try store.images.beginIngest()
        let descriptor = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: [1, 2]), size: 2)
        let writer = try ingest.writer(expecting: descriptor)
        try writer.write([1, 2])
        #expect(throws: StoreError.self) { try writer.write([3]) }
    }

    @Test func fewerBytesThanPromisedAreRefused() throws {
        let ingest = try store.images.beginIngest()
        let descriptor = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: [1, 2]), size: 2)
        let writer = try ingest.writer(expecting: descriptor)
        try writer.write([1])
        #expect(throws: StoreError.self) { try writer.commit() }
        #expect(!store.images.has(descriptor.digest))
    }

    @Test func aBlobThatWasChangedOnTheDiskIsNotRead() throws {
        let digest = try store.images.beginIngest().put(Array("hello".utf8))
        try Files.write(Array("hallo".utf8), to: store.images.path(of: digest))
        #expect {
            try store.images.read(digest)
        } throws: {
            if case .corrupt = $0 as? StoreError { true } else { false }
        }
    }

    @Test func documentsThatAreTooLargeAreNotRead() throws {
        let digest = try store.images.beginIngest().put([UInt8](repeating: 32, count: 100))
        #expect(throws: StoreError.self) { try store.images.read(digest, limit: 99) }
    }

    @Test func whatAKilledWriterLeftIsSweptByTheNext() throws {
        _ = try store.images.beginIngest()
        let left = store.paths.images + "/tmp/blob.1.0123456789ab"
        try Files.write([1, 2, 3], to: left)
        let living = try store.images.beginIngest()
        let writer = try living.writer()
        try writer.write([1])
        #expect(!Files.exists(left))
        // Another one that begins leaves the living writer alone.
        _ = try store.images.beginIngest()
        #expect(store.temporaries.count == 1)
        try writer.commit()
        #expect(store.images.has(Digest(of: [1])))
    }

    /// The value may outlive the work: what is left of it then is no lease.
    @Test func whatHasEndedKeepsNothing() throws {
        let ended = try store.images.beginIngest()
        let digest = try ended.put([1, 2, 3])
        #expect(try Files.list(store.paths.leases).count == 1)
        ended.end()
        #expect(try Files.list(store.paths.leases).isEmpty)
        #expect(try StoreSweep(store.paths).run().blobs == [digest])
        withExtendedLifetime(ended) {}
    }

    @Test func manyWritersOfOneBlobAllSucceed() async throws {
        let images = store.images
        let bytes = [UInt8](repeating: 7, count: 200_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let writer = try images.beginIngest().writer(expecting: Digest(of: bytes))
                    for start in stride(from: 0, to: bytes.count, by: 10_000) {
                        try writer.write(Array(bytes[start..<start + 10_000]))
                    }
                    try writer.commit()
                }
            }
            try await group.waitForAll()
        }
        #expect(try images.read(Digest(of: bytes)) == bytes)
        #expect(store.temporaries.isEmpty)
    }
}
