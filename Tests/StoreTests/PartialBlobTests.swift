import Archive
import Glibc
import Linux
import OCI
import Testing

@testable import Store

/// What has come of a blob, for whoever goes on with it.
@Suite struct PartialBlobTests {
    let store: TemporaryStore
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }
    init() throws { store = try TemporaryStore() }

    private var blob: Descriptor {
        Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: bytes), size: Int64(bytes.count))
    }
    private var path: String { "\(store.paths.images)/partial/sha256-\(blob.digest.hex)" }
    private var left: [String] { (try? Files.list(store.paths.images + "/partial")) ?? [] }

    /// The claim, which must be the caller's.
    private func claim(_ ingest: ImageIngest, _ blob: Descriptor? = nil) throws -> PartialBlob {
        guard case .taken(let partial) = try ingest.claim(blob ?? self.blob) else { throw Refused() }
        return partial
    }

    private struct Refused: Error {}

    private func write(_ range: Range<Int>, to partial: PartialBlob, _ bytes: [UInt8]? = nil) throws {
        try (bytes ?? self.bytes)[range].withUnsafeBytes { try partial.write($0, at: Int64(range.lowerBound)) }
    }

    /// Leaves the first `count` bytes as somebody who was killed does.
    private func leave(_ count: Int) throws {
        let ingest = try store.images.beginIngest()
        let partial = try claim(ingest)
        try write(0..<count, to: partial)
        partial.release()
    }

    private func finish(_ partial: PartialBlob, _ ingest: ImageIngest) throws {
        #expect(try partial.contentDigest() == blob.digest)
        try partial.keep(for: ingest)
        #expect(try store.images.read(blob.digest) == bytes)
        #expect(left.isEmpty)
    }

    @Test func whatHasComeIsThereForTheNext() throws {
        try leave(70_000)
        var status = try Files.status(path)
        #expect(status.permissions == 0o600)
        let ingest = try store.images.beginIngest()
        let partial = try claim(ingest)
        #expect(partial.received == 70_000)
        #expect(partial.missing == [70_000..<200_000])
        // What is there already is passed over.
        try write(50_000..<200_000, to: partial)
        try finish(partial, ingest)
        status = try Files.status(store.images.path(of: blob.digest))
        #expect(status.size == bytes.count)
        guard case .stored = try ingest.claim(blob) else { throw Refused() }
    }

    @Test func oneAtATimeFetchesABlob() throws {
        let ingest = try store.images.beginIngest()
        let partial = try claim(ingest)
        try write(0..<1000, to: partial)
        let other = try store.images.beginIngest()
        guard case .busy = try other.claim(blob) else { throw Refused() }
        #expect(try other.progress(of: blob) == 1000)
        partial.release()
        #expect(try other.progress(of: blob) == nil)
        #expect(try claim(other).received == 1000)
    }

    @Test func aFileWithoutContentDoesNotStay() throws {
        do { _ = try claim(try store.images.beginIngest()) }
        #expect(left.isEmpty)
        let partial = try claim(try store.images.beginIngest())
        try write(0..<1000, to: partial)
        partial.discard()
        #expect(left.isEmpty)
    }

    @Test func bytesBehindAGapAndPastTheEndAreRefused() throws {
        let partial = try claim(try store.images.beginIngest())
        #expect(throws: StoreError.self) { try write(1000..<2000, to: partial) }
        let more = bytes + [0]
        #expect(throws: StoreError.self) { try write(0..<200_001, to: partial, more) }
        #expect(throws: StoreError.self) { try [1].withUnsafeBytes { try partial.write($0, at: -1) } }
        #expect(throws: StoreError.self) { try [1].withUnsafeBytes { try partial.write($0, at: .max) } }
        #expect(partial.received == 0)
    }

    @Test func nothingIsKeptThatWasNotVerified() throws {
        let ingest = try store.images.beginIngest()
        let partial = try claim(ingest)
        try write(0..<200_000, to: partial)
        #expect(throws: StoreError.self) { try partial.keep(for: ingest) }
        #expect(!store.images.has(blob.digest))
        try finish(partial, ingest)
    }

    @Test func whatIsNotTheBlobIsFetchedOnceMore() throws {
        var wrong = bytes
        wrong[100] ^= 1
        let ingest = try store.images.beginIngest()
        let partial = try claim(ingest)
        try write(0..<200_000, to: partial, wrong)
        #expect(try partial.contentDigest() == Digest(of: wrong))
        #expect(throws: StoreError.self) { try partial.keep(for: ingest) }
        try partial.startOver()
        #expect(partial.missing == [0..<200_000])
        try write(0..<200_000, to: partial)
        try finish(partial, ingest)
    }

    @Test func theDigestFollowsWhatComesAndIsCalledOff() throws {
        let ingest = try store.images.beginIngest()
        let partial = try claim(ingest)
        let following = try begin { try partial.contentDigest() }
        for start in stride(from: 0, to: 200_000, by: 10_000) { try write(start..<start + 10_000, to: partial) }
        #expect(try following.wait() == blob.digest)
        partial.discard()
        let second = try claim(ingest)
        let calledOff = try begin { try second.contentDigest() }
        try write(0..<1000, to: second)
        second.stop()
        #expect(try calledOff.wait() == nil)
    }

    /// What stands in the file's place and is none of ours. What it leads to stays as it is.
    @Test func whatIsInTheWayIsRemoved() throws {
        let victim = store.root + "/victim"
        let content = [UInt8](repeating: 7, count: 300_000)
        let partials = store.paths.images + "/partial"
        _ = try store.images.beginIngest()
        for obstacle in ["link", "dangling", "hard link", "directory", "pipe", "mode"] {
            try Files.write(content, to: victim)
            switch obstacle {
            case "link": try check("symlink") { symlink(victim, path) }
            case "dangling": try check("symlink") { symlink(store.root + "/nothing", path) }
            case "hard link": try check("link") { link(victim, path) }
            case "directory": try Files.makeDirectories(path + "/a/b")
            case "pipe": try check("mkfifo") { mkfifo(path, 0o600) }
            default: try Files.write([1, 2, 3], to: path, mode: 0)
            }
            let ingest = try store.images.beginIngest()
            let partial = try claim(ingest)
            #expect(partial.received == 0, "\(obstacle)")
            try write(0..<100_000, to: partial)
            #expect(try Files.read(victim) == content, "\(obstacle)")
            #expect(!Files.exists(store.root + "/nothing"))
            #expect(try Files.list(partials).count == 1)
            partial.discard()
        }
    }

    /// Files that say nothing, or what cannot be; and after a loss of power, what is not so.
    @Test func whatAFileSaysIsVerified() throws {
        let size = bytes.count
        func file(_ content: [UInt8], _ mark: String, _ size: Int64, _ count: Int64) -> [UInt8] {
            content + Array(mark.utf8) + PieceTable.bytes(size) + PieceTable.bytes(count)
        }
        let half = Array(bytes.prefix(100_000)) + [UInt8](repeating: 0, count: 100_000)
        let all = Int64(size)
        for (content, received) in [
            ([], 0), ([1], 0), (bytes + [0], 0), (file(bytes, "apus-p00", all, all), 0),
            (file(bytes, "apus-p01", all + 1, all), 0), (file(bytes, "apus-p01", all, all + 1), 0),
            (file(bytes, "apus-p01", all, -1), 0), (file(bytes, "apus-p01", all, all) + [0], 0),
            (file(half, "apus-p01", all, 100_000), 100_000), (file(half, "apus-p01", all, 150_000), 150_000),
            (half, 200_000), (bytes, 200_000),
        ] as [([UInt8], Int64)] {
            try Files.makeDirectories(store.paths.images + "/partial")
            try Files.write(content, to: path)
            let ingest = try store.images.beginIngest()
            let partial = try claim(ingest)
            #expect(partial.received == received)
            for range in partial.missing { try write(Int(range.lowerBound)..<Int(range.upperBound), to: partial) }
            if try partial.contentDigest() != blob.digest {
                #expect(content == half || received == 150_000)
                try partial.startOver()
                try write(0..<size, to: partial)
            }
            try finish(partial, ingest)
            unlink(store.images.path(of: blob.digest))
        }
    }

    @Test func aFileThatIsCutMeanwhileIsNotTheBlob() throws {
        let partial = try claim(try store.images.beginIngest())
        try write(0..<200_000, to: partial)
        try check("truncate") { truncate(path, 1000) }
        #expect(try partial.contentDigest() != blob.digest)
    }

    @Test func anotherFileInItsPlaceIsNotKept() throws {
        let ingest = try store.images.beginIngest()
        let partial = try claim(ingest)
        try write(0..<200_000, to: partial)
        #expect(try partial.contentDigest() == blob.digest)
        try Files.rename(path, to: path + ".old")
        try Files.write([1], to: path)
        #expect(throws: StoreError.self) { try partial.keep(for: ingest) }
        #expect(!store.images.has(blob.digest))
        partial.discard()
        #expect(try Files.read(path) == [1])
    }

    @Test func aSweepLeavesItForAWeek() throws {
        try leave(70_000)
        let week = ImageStore.partialLifetime
        func age(_ seconds: Int) throws {
            let moment = timespec(tv_sec: Timestamp.now().seconds - seconds, tv_nsec: 0)
            try check("utimensat") { utimensat(AT_FDCWD, path, [moment, moment], AT_SYMLINK_NOFOLLOW) }
        }
        try age(week - 3600)
        _ = try StoreSweep(store.paths).run()
        #expect(left.count == 1)
        #expect(try store.images.partialBytes() >= 70_000)
        try age(week + 3600)
        let ingest = try store.images.beginIngest()
        #expect(left.isEmpty)
        // What somebody fetches now stays, however old it is.
        let partial = try claim(ingest)
        try write(0..<70_000, to: partial)
        try age(week + 3600)
        #expect(try StoreSweep(store.paths).run().bytes == 0)
        #expect(try store.images.removePartials(idleFor: nil) == 0)
        #expect(left.count == 1)
        partial.release()
        #expect(try StoreSweep(store.paths).run().bytes >= 70_000)
        #expect(left.isEmpty)
    }

    @Test func allGoesWhereAllIsToGo() throws {
        try leave(70_000)
        let folder = store.paths.images + "/partial"
        try check("symlink") { symlink("/nowhere", folder + "/link") }
        try Files.makeDirectories(folder + "/a/b")
        try Files.write([1], to: folder + "/closed", mode: 0)
        try check("mkfifo") { mkfifo(folder + "/pipe", 0o600) }
        #expect(try store.images.removePartials(idleFor: nil) >= 70_000)
        #expect(left.isEmpty)
        #expect(try store.images.partialBytes() == 0)
    }

    @Test func piecesOfALargeBlobComeInAnyOrder() throws {
        var table = PieceTable(size: 100 << 20)
        #expect(table.counts.count == 7 && table.length == 16 << 20)
        table.set(1, 16 << 20)
        table.set(6, 1000)
        #expect(table.end == 0 && table.received == (16 << 20) + 1000)
        #expect(table.missing.count == 6 && table.missing.last == (96 << 20) + 1000..<100 << 20)
        table.set(0, 5)
        #expect(table.end == 5)
        table.set(0, 16 << 20)
        #expect(table.end == 32 << 20)
        #expect(PieceTable(size: 100 << 20, decoding: table.encoded) == table)
        #expect(PieceTable(size: 101 << 20, decoding: table.encoded) == nil)
        table.setAll()
        #expect(table.isWhole && table.end == 100 << 20 && table.missing.isEmpty)
    }

    @Test func sizesOfAllKindsHaveATable() {
        for size in [0, 1, 64 << 20, (64 << 20) + 1, 1 << 36, (1 << 36) + 1, 1 << 50, PieceTable.limit] as [Int64] {
            let table = PieceTable(size: size)
            #expect(table.counts.count <= 4096)
            #expect(table.isWhole == (size == 0))
            let ranges = table.missing
            #expect(ranges.first?.lowerBound ?? 0 == 0 && ranges.last?.upperBound ?? 0 == size)
            #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        }
        #expect(PieceTable(size: 64 << 20).counts.count == 1)
    }
}
