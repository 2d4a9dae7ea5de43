import Archive
import OCI
import Registry
import Synchronization
import TestSupport
import Testing

@Suite struct BlobDownloadTests {
    private let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }
    private var descriptor: Descriptor {
        Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: bytes), size: Int64(bytes.count))
    }

    /// What was received, and the error.
    private func download(
        _ descriptor: Descriptor, from server: HTTPServer, options: RegistryOptions = testOptions()
    ) async throws -> ([UInt8], RegistryError?) {
        var received: [UInt8] = []
        do {
            try await withClient(server.host, options) { client in
                try await client.download(descriptor) { received.append(contentsOf: $0) }
            }
        } catch let error as RegistryError { return (received, error) }
        return (received, nil)
    }

    private func server(_ answer: @escaping @Sendable (HTTPServer.Request, Int) -> HTTPServer.Response) -> HTTPServer {
        let count = Mutex(0)
        return HTTPServer { request in
            guard request.path.contains("/blobs/") else { return .text(200, "") }
            let number = count.withLock { count in
                count += 1
                return count
            }
            return answer(request, number)
        }
    }

    @Test func givesTheContent() async throws {
        let bytes = bytes
        for isChunked in [false, true] {
            let server = server { _, _ in HTTPServer.Response(body: bytes, isChunked: isChunked) }
            let (received, error) = try await download(descriptor, from: server)
            #expect(error == nil)
            #expect(received == bytes)
        }
    }

    @Test func goesOnWhereATransferWasInterrupted() async throws {
        let bytes = bytes
        let server = server { request, number in
            let first = request.headers["range"].flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
            var response = HTTPServer.Response(
                status: number == 1 ? 200 : 206, body: Array(bytes[first...].prefix(100_000)))
            response.claimedLength = bytes.count - first
            if number > 1 {
                response.headers = [("Content-Range", "bytes \(first)-\(bytes.count - 1)/\(bytes.count)")]
            }
            return response
        }
        var options = testOptions()
        // Each part makes progress, so that many more than the attempts are allowed.
        options.attempts = 2
        let (received, error) = try await download(descriptor, from: server, options: options)
        #expect(error == nil)
        #expect(received == bytes)
        let starts = server.requests.compactMap { $0.headers["range"].flatMap { Int($0.dropFirst(6).dropLast()) } }
        #expect(starts.count >= 2)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func passesOverWhatItHasWhereTheServerKnowsNoRanges() async throws {
        let bytes = bytes
        let server = server { _, number in
            number == 1
                ? HTTPServer.Response(body: Array(bytes.prefix(123_456)), claimedLength: bytes.count)
                : HTTPServer.Response(body: bytes)
        }
        let (received, error) = try await download(descriptor, from: server)
        #expect(error == nil)
        #expect(received == bytes)
    }

    @Test func goesOnAfterAnEndWithoutFraming() async throws {
        let bytes = bytes
        let server = server { request, number in
            guard let range = request.headers["range"], let first = Int(range.dropFirst(6).dropLast()) else {
                return HTTPServer.Response(body: Array(bytes.prefix(1000)), isUnframed: true)
            }
            return HTTPServer.Response(
                status: 206, headers: [("Content-Range", "bytes \(first)-\(bytes.count - 1)/*")],
                body: Array(bytes[first...]))
        }
        let (received, error) = try await download(descriptor, from: server)
        #expect(error == nil)
        #expect(received == bytes)
    }

    @Test func givesUpWhenNothingComesAnyMore() async throws {
        let bytes = bytes
        let server = server { request, _ in
            HTTPServer.Response(
                status: request.headers["range"] == nil ? 200 : 206,
                headers: [("Content-Range", "bytes 1000-\(bytes.count - 1)/\(bytes.count)")],
                body: request.headers["range"] == nil ? Array(bytes.prefix(1000)) : [],
                claimedLength: bytes.count - (request.headers["range"] == nil ? 0 : 1000))
        }
        let (received, error) = try await download(descriptor, from: server)
        #expect(received == Array(bytes.prefix(1000)))
        #expect(error == .unreachable(host: server.host, cause: "it closed the connection"))
    }

    @Test func refusesAWrongPart() async throws {
        let bytes = bytes
        let server = server { _, number in
            number == 1
                ? HTTPServer.Response(body: Array(bytes.prefix(1000)), claimedLength: bytes.count)
                : HTTPServer.Response(
                    status: 206, headers: [("Content-Range", "bytes 0-\(bytes.count - 1)/\(bytes.count)")], body: bytes)
        }
        let (_, error) = try await download(descriptor, from: server)
        guard case .violation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func refusesContentOfAnotherDigest() async throws {
        var changed = bytes
        changed[200_000] ^= 1
        let server = server { [changed] _, _ in HTTPServer.Response(body: changed) }
        let (received, error) = try await download(descriptor, from: server)
        #expect(received.count == bytes.count)
        #expect(error == .wrongDigest(expected: descriptor.digest, actual: Digest(of: changed).description))
    }

    @Test func neverReadsPastTheSize() async throws {
        let bytes = bytes
        var short = descriptor
        short.size = 200_000
        let framed = server { _, _ in HTTPServer.Response(body: bytes) }
        let (none, refused) = try await download(short, from: framed)
        #expect(none.isEmpty)
        #expect(refused == .wrongSize(short.digest, expected: 200_000, actual: 300_000))
        let chunked = server { _, _ in HTTPServer.Response(body: bytes, isChunked: true) }
        let (some, error) = try await download(short, from: chunked)
        #expect(some.count <= 200_000)
        #expect(error == .wrongSize(short.digest, expected: 200_000, actual: nil))
    }

    @Test func refusesContentThatIsTooShort() async throws {
        let bytes = bytes
        var long = descriptor
        long.size = 400_000
        for isChunked in [false, true] {
            let server = server { _, _ in HTTPServer.Response(body: bytes, isChunked: isChunked) }
            let (_, error) = try await download(long, from: server)
            #expect(error == .wrongSize(long.digest, expected: 400_000, actual: 300_000))
        }
    }

    @Test func passesTheReceiversErrorOn() async throws {
        struct Full: Error {}
        let bytes = bytes
        let server = server { _, _ in HTTPServer.Response(body: bytes) }
        await #expect(throws: Full.self) {
            try await withClient(server.host) { client in
                try await client.download(descriptor) { _ in throw Full() }
            }
        }
        #expect(server.requests.filter { $0.path.contains("blobs") }.count == 1)
    }

    @Test func triesAgainWhatMayPass() async throws {
        let bytes = bytes
        let server = server { _, number in
            switch number {
            case 1: .text(503, "busy", [("Retry-After", "0")])
            case 2: .text(500, "")
            case 3: .text(429, "slowly")
            default: HTTPServer.Response(body: bytes)
            }
        }
        let (received, error) = try await download(descriptor, from: server)
        #expect(error == nil)
        #expect(received == bytes)
    }

    @Test func doesNotWaitLongerThanAllowed() async throws {
        let server = server { _, _ in
            .text(429, #"{"errors":[{"code":"TOOMANYREQUESTS","message":"limit"}]}"#, [("Retry-After", "3600")])
        }
        let (_, error) = try await download(descriptor, from: server)
        #expect(
            error
                == .tooManyRequests(
                    host: server.host, detail: "toomanyrequests: limit", limit: RateLimit(wait: .seconds(3600))))
        #expect(server.requests.filter { $0.path.contains("blobs") }.count == 1)
    }

    @Test func doesNotTryAgainWhatStays() async throws {
        let server = server { _, _ in .text(404, "") }
        let (_, error) = try await download(descriptor, from: server)
        #expect(error == .blobUnknown(descriptor.digest, repository: "\(server.host)/a/b"))
        #expect(server.requests.filter { $0.path.contains("blobs") }.count == 1)
    }

    @Test func followsRedirectsWithoutItsCredentials() async throws {
        let bytes = bytes
        let other = HTTPServer { request in
            request.target == "/x?signature=a%2Fb" ? HTTPServer.Response(body: bytes) : .text(404, "")
        }
        let location = "http://\(other.host)/x?signature=a%2Fb"
        let server = HTTPServer { request in
            if request.headers["authorization"] == nil {
                return .text(401, "", [("WWW-Authenticate", "Basic realm=x")])
            }
            return request.path.contains("/blobs/") ? .text(307, "", [("Location", location)]) : .text(200, "")
        }
        let folder = try TemporaryDirectory()
        try folder.write("config.json", #"{"auths":{"\#(server.host)":{"auth":"dTpw"}}}"#)
        let (received, error) = try await download(
            descriptor, from: server, options: testOptions(["DOCKER_CONFIG": folder.path]))
        #expect(error == nil)
        #expect(received == bytes)
        #expect(server.requests.contains { $0.headers["authorization"] == "Basic dTpw" })
        #expect(!other.requests.isEmpty)
        #expect(other.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func answersNobodyElsesChallenge() async throws {
        let thief = HTTPServer { _ in .text(401, "", [("WWW-Authenticate", "Basic realm=x")]) }
        let location = "http://\(thief.host)/x"
        let server = HTTPServer { request in
            request.path.contains("/blobs/") ? .text(307, "", [("Location", location)]) : .text(200, "")
        }
        let folder = try TemporaryDirectory()
        try folder.write(
            "config.json", #"{"auths":{"\#(server.host)":{"auth":"dTpw"},"\#(thief.host)":{"auth":"dTpw"}}}"#)
        let (_, error) = try await download(
            descriptor, from: server, options: testOptions(["DOCKER_CONFIG": folder.path]))
        guard case .accessDenied = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(thief.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func refusesRedirectsToNowhereAndWithoutEnd() async throws {
        for location in ["http://example.invalid/x", "ftp://127.0.0.1/x", "", "/v2/a/b/blobs/\(descriptor.digest)"] {
            let server = server { _, _ in .text(302, "", [("Location", location)]) }
            let (_, error) = try await download(descriptor, from: server)
            guard case .redirect = error else {
                Issue.record("\(location): \(String(describing: error))")
                continue
            }
        }
    }

    /// What `fetch` gave for `range`, by offset, and the error.
    private func fetch(
        _ range: Range<Int64>, from server: HTTPServer, options: RegistryOptions = testOptions()
    ) async throws -> ([UInt8], RegistryError?) {
        var received: [UInt8] = []
        do {
            try await withClient(server.host, options) { client in
                try await client.fetch(descriptor, range) { part, offset in
                    #expect(offset == range.lowerBound + Int64(received.count))
                    received.append(contentsOf: part)
                }
            }
        } catch let error as RegistryError { return (received, error) }
        return (received, nil)
    }

    @Test func fetchesThePartThatIsAskedFor() async throws {
        let bytes = bytes
        let server = server { request, _ in .part(of: bytes, request) }
        for range in [0..<300_000, 0..<1, 7..<100_000, 299_999..<300_000] as [Range<Int64>] {
            let (received, error) = try await fetch(range, from: server)
            #expect(error == nil)
            #expect(received == Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
        let asked = server.requests.filter { $0.path.contains("/blobs/") }.map { $0.headers["range"] }
        #expect(asked == [nil, "bytes=0-0", "bytes=7-99999", "bytes=299999-"])
    }

    @Test func takesAPartOfTheWholeWhereTheServerKnowsNoRanges() async throws {
        let bytes = bytes
        for isChunked in [false, true] {
            let server = server { _, _ in HTTPServer.Response(body: bytes, isChunked: isChunked) }
            let (received, error) = try await fetch(1000..<2000, from: server)
            #expect(error == nil)
            #expect(received == Array(bytes[1000..<2000]))
        }
    }

    @Test func goesOnBehindAPartThatIsShorterThanAsked() async throws {
        let bytes = bytes
        let server = server { request, _ in
            let first = request.headers["range"].flatMap { Int($0.dropFirst(6).prefix { $0 != "-" }) } ?? 0
            let last = min(first + 39_999, bytes.count - 1)
            return HTTPServer.Response(
                status: 206, headers: [("Content-Range", "bytes \(first)-\(last)/\(bytes.count)")],
                body: Array(bytes[first...last]))
        }
        let (received, error) = try await fetch(100_000..<300_000, from: server)
        #expect(error == nil)
        #expect(received == Array(bytes[100_000...]))
        // A connection that was kept may end just when the next part is asked for: then it is asked for again.
        let asked = server.requests.filter { $0.path.contains("/blobs/") }.compactMap { $0.headers["range"] }
        #expect(Set(asked) == Set((0..<5).map { "bytes=\(100_000 + $0 * 40_000)-" }))
    }

    /// Another size, no such part, nonsense: then all of the blob is asked for, and that decides.
    @Test(arguments: [
        "bytes 1000-299999/300001", "bytes 999-299999/300000", "bytes 1000-300000/*", "bytes x-/1", "416", "",
    ])
    func asksForAllWhereThePartIsOfNoUse(_ answer: String) async throws {
        let bytes = bytes
        let server = server { request, _ in
            if request.headers["range"] == nil { return HTTPServer.Response(body: bytes) }
            if answer == "416" { return .text(416, "") }
            return HTTPServer.Response(status: 206, headers: [("Content-Range", answer)], body: Array(bytes[1000...]))
        }
        let (received, error) = try await fetch(1000..<300_000, from: server)
        #expect(error == nil)
        #expect(received == Array(bytes[1000...]))
        #expect(
            server.requests.filter { $0.path.contains("/blobs/") }.map { $0.headers["range"] } == ["bytes=1000-", nil])
    }

    /// The second answer, after a transfer that was cut, asks for more time than is given; or for as much as there is.
    @Test(arguments: [429, 503])
    func leavesTheRegistryAloneBetweenParts(_ status: Int) async throws {
        let bytes = bytes
        for (wait, isTooLong) in [("3600", true), ("0", false)] {
            let server = server { request, number in
                switch number {
                case 1: HTTPServer.Response(body: Array(bytes.prefix(1000)), claimedLength: bytes.count)
                case 2: .text(status, "", [("Retry-After", wait)])
                default: .part(of: bytes, request)
                }
            }
            let (received, error) = try await fetch(0..<300_000, from: server)
            #expect((error != nil) == isTooLong)
            #expect(received.count == (isTooLong ? 1000 : bytes.count))
            #expect(server.requests.filter { $0.path.contains("/blobs/") }.count == (isTooLong ? 2 : 3))
        }
    }
}
