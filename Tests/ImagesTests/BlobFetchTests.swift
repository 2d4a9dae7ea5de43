import Archive
import Glibc
import Linux
import OCI
import Registry
import Store
import Synchronization
import TestSupport
import Testing

@testable import Images

/// A large blob, which comes in pieces, and what the registry is asked for.
@Suite struct BlobFetchTests {
    private static let bytes: [UInt8] = {
        var block = [UInt8](repeating: 0, count: 1 << 20)
        for place in block.indices { block[place] = UInt8(truncatingIfNeeded: place &* 7 &+ place / 256) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(70 << 20)
        for number in 0..<70 {
            block[0] = UInt8(number)
            bytes += block
        }
        return bytes
    }()
    private static let blob = Descriptor(
        mediaType: MediaType.ociLayer, digest: Digest(of: bytes), size: Int64(bytes.count))
    private static let piece = 16 << 20

    private let folder = "/tmp/apus-fetch-tests." + randomHex(bytes: 8)

    /// The part of the blob that is asked for.
    private static func part(_ request: HTTPServer.Request) -> HTTPServer.Response {
        guard let asked = request.headers["range"] else { return HTTPServer.Response(body: bytes) }
        let ends = asked.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard let first = Int(ends[0]), first < bytes.count else { return .text(416, "") }
        let last = Int(ends[1]) ?? bytes.count - 1
        return HTTPServer.Response(
            status: 206, headers: [("Content-Range", "bytes \(first)-\(last)/\(bytes.count)")],
            body: Array(bytes[first...last]))
    }

    private static func asked(_ server: HTTPServer) -> [String] {
        server.requests.filter { $0.path.contains("/blobs/") }.map { $0.headers["range"] ?? "all" }
    }

    private static func range(_ piece: Int) -> String {
        let end = (piece + 1) * Self.piece
        return "bytes=\(piece * Self.piece)-\(end < bytes.count ? String(end - 1) : "")"
    }

    /// Runs `body` with a store, and removes it.
    private func withStore(_ body: (ImageStore) async throws -> Void) async throws {
        let paths = StorePaths(data: folder + "/data", run: folder + "/run")
        try Files.makeDirectory(folder, mode: 0o700)
        defer { try? Files.removeTree(folder) }
        try paths.prepared()
        try await body(ImageStore(paths))
    }

    /// Fetches from `server` with `places` downloads at a time, and gives what was told.
    private func fetch(
        from server: HTTPServer, into images: ImageStore, places: Int = 3, limit: ConcurrencyLimit? = nil
    ) async throws -> [Int64] {
        var options = RegistryOptions(environment: [:])
        options.retryDelay = .milliseconds(1)
        options.attempts = 2
        // Who reads an answer waits its turn behind all tests of the run.
        options.idleTimeout = .seconds(3600)
        let client = RegistryClient(repository: try Reference("\(server.host)/a/b"), options: options)
        let told = Mutex<[Int64]>([])
        let downloads = limit ?? ConcurrencyLimit(places)
        let ingest = try images.beginIngest()
        guard case .taken(let partial) = try ingest.claim(Self.blob) else { throw TestFailure("somebody fetches it") }
        try await client.use { client in
            let fetch = BlobFetch(client: client, downloads: downloads, blob: Self.blob) { done in
                told.withLock { $0.append(done) }
            }
            try await fetch.run(partial)
        }
        try partial.keep(for: ingest)
        let file = try images.open(Self.blob.digest)
        #expect(try Digest.ofFile(file).digest == Self.blob.digest)
        // All places have been left.
        for _ in 0..<places { #expect(await downloads.takeFree()) }
        #expect(await !downloads.takeFree())
        return told.withLock { $0 }
    }

    @Test func piecesComeSideBySideWithinTheLimit() async throws {
        for places in [1, 3] {
            let now = Mutex((running: 0, most: 0))
            let server = HTTPServer { request in
                guard request.path.contains("/blobs/") else { return .text(200, "") }
                now.withLock { now in
                    now.running += 1
                    now.most = max(now.most, now.running)
                }
                var response = Self.part(request)
                response.pause = (response.body.count, { now.withLock { $0.running -= 1 } })
                return response
            }
            try await withStore { images in
                let told = try await fetch(from: server, into: images, places: places)
                #expect(told.first == 0 && zip(told, told.dropFirst()).allSatisfy { $0 < $1 })
            }
            #expect(Self.asked(server).sorted() == (0..<5).map(Self.range).sorted())
            let most = now.withLock { $0.most }
            // A server's thread may still be at the end of an answer that the client has read.
            #expect(most <= min(places, 4) * 2)
            if places == 1 { #expect(Self.asked(server) == (0..<5).map(Self.range)) }
        }
    }

    @Test func oneStreamComesFromARegistryWithoutRanges() async throws {
        let server = HTTPServer { request in
            request.path.contains("/blobs/") ? HTTPServer.Response(body: Self.bytes) : .text(200, "")
        }
        try await withStore { images in _ = try await fetch(from: server, into: images) }
        #expect(Self.asked(server) == [Self.range(0)])
    }

    /// Behind one name some servers know ranges and others do not.
    @Test func oneStreamComesWhereRangesAreForgotten() async throws {
        let count = Mutex(0)
        let server = HTTPServer { request in
            guard request.path.contains("/blobs/") else { return .text(200, "") }
            let isFirst = count.withLock { count in
                count += 1
                return count == 1
            }
            return isFirst ? Self.part(request) : HTTPServer.Response(body: Self.bytes)
        }
        try await withStore { images in _ = try await fetch(from: server, into: images) }
        #expect(Self.asked(server).count <= 5)
    }

    @Test func whatHasComeOfPiecesIsNotFetchedAgain() async throws {
        // The second piece and the last byte's are cut in their middle for good.
        let broken = HTTPServer { request in
            guard request.path.contains("/blobs/") else { return .text(200, "") }
            var response = Self.part(request)
            if request.headers["range"] != Self.range(0) {
                response.claimedLength = response.body.count
                response.body = Array(response.body.prefix(request.headers["range"] == Self.range(1) ? 1 << 20 : 0))
            }
            return response
        }
        try await withStore { images in
            await #expect(throws: RegistryError.self) { _ = try await fetch(from: broken, into: images, places: 1) }
            let server = HTTPServer { request in
                request.path.contains("/blobs/") ? Self.part(request) : .text(200, "")
            }
            let told = try await fetch(from: server, into: images)
            // Of a connection that is cut the last bytes may not have been read.
            let first = told.first ?? 0
            #expect(first > 16 << 20 && first <= 17 << 20)
            let rest = ["bytes=\(first)-\((32 << 20) - 1)"] + (2..<5).map(Self.range)
            #expect(Self.asked(server).sorted() == rest.sorted())
        }
    }

    @Test func contentThatIsAnotherLeavesNothing() async throws {
        let server = HTTPServer { request in
            guard request.path.contains("/blobs/") else { return .text(200, "") }
            var response = Self.part(request)
            if request.headers["range"] == Self.range(2) { response.body[5] ^= 1 }
            return response
        }
        try await withStore { images in
            await #expect {
                _ = try await fetch(from: server, into: images)
            } throws: {
                if case .wrongDigest = $0 as? RegistryError { true } else { false }
            }
            #expect(Self.asked(server).count == 5)
            #expect(!images.has(Self.blob.digest))
            let left = try images.partialBytes()
            #expect(left == 0)
        }
    }
}
