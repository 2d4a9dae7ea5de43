import OCI
import Registry
import Synchronization
import TestSupport
import Testing

@Suite struct BlobUploadTests {
    private func methods(_ server: HTTPServer) -> [String] {
        server.requests.filter { $0.path.hasPrefix("/v2/a/b/") }.map(\.method)
    }

    @Test(arguments: [0, 1, 300_000]) func sendsABlobInOneRequest(_ size: Int) async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { registry.answer($0) }
        let blob = try TestBlob(size)
        #expect(try await upload(blob, to: server.host) == .sent)
        #expect(registry.blob(blob.descriptor.digest) == blob.bytes)
        #expect(methods(server) == ["HEAD", "POST", "PUT"])
        #expect(server.requests.last?.headers["content-type"] == "application/octet-stream")
    }

    @Test func sendsNothingOfWhatIsThere() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { registry.answer($0) }
        let blob = try TestBlob(1000)
        registry.state.withLock { $0.blobs[blob.descriptor.digest.description] = blob.bytes }
        #expect(try await upload(blob, to: server.host, hasSource: false) == .existed)
        #expect(methods(server) == ["HEAD"])
    }

    @Test func mountsFromTheFirstRepositoryThatHasIt() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { registry.answer($0) }
        let blob = try TestBlob(1000)
        registry.state.withLock { $0.elsewhere["team/x"] = [blob.descriptor.digest.description] }
        #expect(
            try await upload(blob, to: server.host, mounting: ["a/b", "other", "team/x"])
                == .mounted(from: "team/x"))
        // What the other repository's refusal began is told to be over.
        #expect(methods(server) == ["HEAD", "POST", "DELETE", "POST"])
        #expect(registry.state.withLock { $0.sessions.isEmpty })
    }

    @Test func sendsWhatCannotBeMounted() async throws {
        let registry = UploadRegistry()
        let denies = Mutex(false)
        let server = HTTPServer { request in
            if denies.withLock({ $0 }), request.target.contains("from=") { return .text(403, "") }
            return registry.answer(request)
        }
        for isDenied in [false, true] {
            denies.withLock { $0 = isDenied }
            let blob = try TestBlob(isDenied ? 2000 : 1000)
            #expect(try await upload(blob, to: server.host, mounting: ["other"]) == .sent)
            #expect(registry.blob(blob.descriptor.digest) == blob.bytes)
            let missing = try TestBlob(isDenied ? 4000 : 3000)
            let error = await registryError {
                _ = try await upload(missing, to: server.host, mounting: ["other"], hasSource: false)
            }
            #expect(error == .blobUnknown(missing.descriptor.digest, repository: "\(server.host)/a/b"))
        }
    }

    @Test func goesOnWhereATransferWasInterrupted() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer(reading: { $0.method == "PUT" || $0.method == "PATCH" ? 2_000_000 : nil }) { request in
            request.isCut ? registry.keep(request) : registry.answer(request)
        }
        let blob = try TestBlob(9_000_000)
        let told = Mutex<[Int64]>([])
        let source = try blob.source()
        let outcome = try await withClient(server.host, access: .push) {
            try await $0.upload(blob.descriptor, from: source) { sent in told.withLock { $0.append(sent) } }
        }
        #expect(outcome == .sent)
        #expect(registry.blob(blob.descriptor.digest) == blob.bytes)
        let sent = server.requests.filter { $0.method == "PUT" || $0.method == "PATCH" }
        #expect(sent.map(\.body.count).reduce(0, +) == blob.bytes.count)
        #expect(
            sent.compactMap { $0.headers["content-range"] } == [
                "2000000-8999999", "4000000-8999999", "6000000-8999999", "8000000-8999999",
            ])
        #expect(told.withLock { $0.contains(2_000_000) && $0.contains(8_000_000) && $0.contains(9_000_000) })
    }

    @Test func beginsAnewWhereTheRegistryHasForgotten() async throws {
        let registry = UploadRegistry()
        let cuts = Mutex(2)
        let server = HTTPServer(reading: { request in
            guard request.method == "PUT" else { return nil }
            return cuts.withLock { cuts in
                cuts -= 1
                return cuts >= 0 ? 1_000_000 : nil
            }
        }) { request in
            if request.isCut {
                registry.state.withLock { $0.sessions = [:] }
                return registry.keep(request)
            }
            return registry.answer(request)
        }
        let blob = try TestBlob(4_000_000)
        #expect(try await upload(blob, to: server.host) == .sent)
        #expect(registry.blob(blob.descriptor.digest) == blob.bytes)
        #expect(methods(server).filter { $0 == "POST" }.count == 3)
    }

    @Test func givesUpAfterSoManyFailures() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { $0.method == "PUT" ? .text(503, "") : registry.answer($0) }
        var options = testOptions()
        options.attempts = 3
        let (blob, wanted) = (try TestBlob(1000), options)
        let error = await registryError { _ = try await upload(blob, to: server.host, options: wanted) }
        #expect(error == .refused(host: server.host, status: 503, detail: nil))
        #expect(methods(server).filter { $0 == "PUT" }.count == 3)
    }

    @Test func believesThatABlobIsThereWhoseAnswerWasLost() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { request in
            var answer = registry.answer(request)
            answer.isSilent = request.method == "PUT"
            return answer
        }
        let blob = try TestBlob(1000)
        #expect(try await upload(blob, to: server.host) == .sent)
        #expect(methods(server) == ["HEAD", "POST", "PUT", "HEAD"])
    }

    @Test func sendsChunksOfAtLeastTheSizeThatTheRegistryNames() async throws {
        var options = testOptions()
        options.uploadPart = 160_000
        for (minimum, ranges) in [
            (1000, ["0-159999", "160000-199999"]), (180_000, ["0-179999", "180000-199999"]), (200_000, []),
        ] {
            let registry = UploadRegistry(hints: [("OCI-Chunk-Min-Length", "\(minimum)")])
            let server = HTTPServer { registry.answer($0) }
            let blob = try TestBlob(200_000)
            #expect(try await upload(blob, to: server.host, options: options) == .sent)
            #expect(registry.blob(blob.descriptor.digest) == blob.bytes)
            #expect(server.requests.compactMap { $0.headers["content-range"] } == ranges)
        }
    }

    @Test func sendsWhatTheRegistryHasNotKeptOfAChunk() async throws {
        let registry = UploadRegistry(hints: [("OCI-Chunk-Min-Length", "10")])
        let server = HTTPServer { request in
            guard request.method == "PATCH", request.body.count > 400 else { return registry.answer(request) }
            return registry.answer(
                HTTPServer.Request(
                    method: "PATCH", target: request.target, headers: request.headers, body: Array(request.body[..<400])
                )
            )
        }
        let blob = try TestBlob(1000)
        #expect(try await upload(blob, to: server.host) == .sent)
        #expect(registry.blob(blob.descriptor.digest) == blob.bytes)
        #expect(server.requests.compactMap { $0.headers["content-range"] } == ["0-999", "400-999", "800-999"])
    }

    @Test func makesPartsSmallerWhereTheWholeIsTooLarge() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { $0.body.count > 1_000_000 ? .text(413, "too much") : registry.answer($0) }
        let blob = try TestBlob(3_200_000)
        #expect(try await upload(blob, to: server.host) == .sent)
        #expect(registry.blob(blob.descriptor.digest) == blob.bytes)
        #expect(server.requests.filter { $0.method == "PATCH" }.allSatisfy { $0.body.count == 800_000 })
        // Nothing that is worth sending is small enough for this one.
        let strict = HTTPServer { $0.body.count > 1000 ? .text(413, "too much") : registry.answer($0) }
        let other = try TestBlob(3_300_000)
        #expect(
            await registryError { _ = try await upload(other, to: strict.host) }
                == .tooLarge(
                    what: "blob \(other.descriptor.digest)", size: 3_300_000, host: strict.host, detail: "too much"))
    }

    @Test func sendsContentWithoutCredentialsToAnotherHost() async throws {
        let store = UploadRegistry()
        let other = HTTPServer { store.answer($0) }
        let folder = try TemporaryDirectory()
        for isRedirect in [false, true] {
            let blob = try TestBlob(isRedirect ? 2000 : 1000)
            let session = store.state.withLock { state in
                state.sessions["s"] = []
                state.tickets["s"] = "1"
                return "http://\(other.host)/v2/a/b/blobs/uploads/s?_state=1&x=1"
            }
            let server = HTTPServer { request in
                if request.method == "HEAD" { return .text(404, "") }
                guard request.headers["authorization"] == "Basic dTpw" else {
                    return .text(401, "", [("WWW-Authenticate", "Basic realm=x")])
                }
                if request.method == "POST" {
                    return .text(202, "", [("Location", isRedirect ? "/v2/a/b/blobs/uploads/s?y=2" : session)])
                }
                return .text(307, "", [("Location", session + "&" + (request.target.split(separator: "&").last ?? ""))])
            }
            try folder.write("config.json", #"{"auths":{"\#(server.host)":{"auth":"dTpw"}}}"#)
            let options = testOptions(["DOCKER_CONFIG": folder.path])
            #expect(try await upload(blob, to: server.host, options: options) == .sent)
            #expect(store.blob(blob.descriptor.digest) == blob.bytes)
            if isRedirect { #expect(server.requests.last?.body == blob.bytes) }
        }
        #expect(other.requests.count == 2)
        #expect(other.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test(arguments: ["http://example.org/upload", "ftp://127.0.0.1/upload", "", "http://127.0.0.1:99999/x"])
    func sendsNothingToAnAddressThatIsNoneOrNotSecure(_ location: String) async throws {
        let server = HTTPServer { request in
            request.method == "POST" ? .text(202, "", [("Location", location)]) : .text(404, "")
        }
        let blob = try TestBlob(100)
        let error = await registryError { _ = try await upload(blob, to: server.host) }
        guard case .violation? = error else {
            // An empty one is the address itself, which knows no such request.
            #expect(location.isEmpty && error != nil)
            return
        }
    }

    @Test func readsNoRangeThatCannotBe() async throws {
        for range in ["0-2000", "x", "5-2", "0-9223372036854775807", "-1-5"] {
            let server = HTTPServer { request in
                switch request.method {
                case "HEAD": .text(404, "")
                case "POST": .text(202, "", [("Location", "/v2/a/b/blobs/uploads/s"), ("OCI-Chunk-Min-Length", "10")])
                default: .text(202, "", [("Range", range)])
                }
            }
            let blob = try TestBlob(1000)
            guard case .violation? = await registryError({ _ = try await upload(blob, to: server.host) }) else {
                Issue.record("\(range) was believed")
                continue
            }
        }
    }

    @Test func honoursRetryAfter() async throws {
        for (seconds, isTried) in [("0", true), ("3600", false)] {
            let registry = UploadRegistry()
            let refusals = Mutex(2)
            let server = HTTPServer { request in
                let refuses =
                    ["POST", "PUT"].contains(request.method)
                    && refusals.withLock { count in
                        count -= 1
                        return count >= 0
                    }
                return refuses ? .text(429, "slow down", [("Retry-After", seconds)]) : registry.answer(request)
            }
            let blob = try TestBlob(1000)
            let error = await registryError { _ = try await upload(blob, to: server.host) }
            #expect(
                error
                    == (isTried
                        ? nil
                        : .tooManyRequests(
                            host: server.host, detail: "slow down", limit: RateLimit(wait: .seconds(3600)))))
            #expect((registry.blob(blob.descriptor.digest) != nil) == isTried)
            if !isTried { #expect(methods(server) == ["HEAD", "POST"]) }
        }
    }

    @Test func saysThatAFileIsShorterThanItsDescriptor() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { registry.answer($0) }
        let blob = try TestBlob(1_000_000)
        let source = try blob.source(first: 600_000)
        let error = await registryError {
            try await withClient(server.host, access: .push) { _ = try await $0.upload(blob.descriptor, from: source) }
        }
        #expect(error == .unreadable(blob.descriptor.digest, cause: "it ends after 600000 bytes"))
    }
}
