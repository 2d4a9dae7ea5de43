import Archive
import OCI
import Registry
import Synchronization
import TestSupport
import Testing

/// What refers to a manifest, by the registry's list or by the one that clients keep (distribution-spec, "Listing Referrers").
@Suite struct ReferrersTests {
    private static let subject = Digest(of: [1, 2, 3])

    private func entry(_ number: UInt8, _ type: String) -> String {
        #"{"mediaType":"\#(MediaType.ociManifest)","digest":"\#(Digest(of: [number]))","size":9,"artifactType":"\#(type)"}"#
    }

    private func index(_ entries: [String]) -> String {
        #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[\#(entries.joined(separator: ","))]}"#
    }

    private func referrers(_ server: HTTPServer, type: String? = nil) async throws -> [Digest] {
        try await withClient(server.host) { try await $0.referrers(of: Self.subject, artifactType: type).map(\.digest) }
    }

    @Test func readsTheRegistrysListPageByPage() async throws {
        let server = HTTPServer { request in
            switch request.target {
            case "/v2/a/b/referrers/\(Self.subject)":
                .text(
                    200, self.index([self.entry(1, "a"), self.entry(2, "b")]),
                    [
                        ("Content-Type", MediaType.ociIndex + "; charset=utf-8"),
                        ("Link", "</v2/a/b/referrers/\(Self.subject)?page=2>; rel=\"next\""),
                    ])
            case "/v2/a/b/referrers/\(Self.subject)?page=2":
                .text(200, self.index([self.entry(3, "a")]), [("Content-Type", MediaType.ociIndex)])
            default: .text(404, "")
            }
        }
        #expect(try await referrers(server) == [1, 2, 3].map { Digest(of: [$0]) })
    }

    @Test(arguments: [true, false]) func filtersWhereTheRegistryDoesNot(_ isFiltered: Bool) async throws {
        let server = HTTPServer { request in
            guard request.path.contains("/referrers/") else { return .text(404, "") }
            let isAsked = request.target.hasSuffix("?artifactType=application%2Fx%2Bjson")
            var headers = [("Content-Type", MediaType.ociIndex)]
            // Whoever filters may leave the type out of what is left.
            if isAsked, isFiltered { headers.append(("OCI-Filters-Applied", "x, artifactType")) }
            let entries = [self.entry(1, isFiltered ? "" : "application/x+json")]
            return .text(200, self.index(isAsked && isFiltered ? entries : entries + [self.entry(2, "b")]), headers)
        }
        #expect(try await referrers(server, type: "application/x+json") == [Digest(of: [1])])
    }

    @Test(arguments: [404, 400, 405, 200]) func readsTheListOfClientsWhereThereIsNoOther(_ status: Int) async throws {
        let list = index([entry(1, "a"), entry(2, "b")])
        let server = HTTPServer { request in
            if request.path == "/v2/a/b/manifests/sha256-\(Self.subject.hex)" {
                return .text(200, list, [("Content-Type", MediaType.ociIndex)])
            }
            // A page for everything.
            return .text(status, "<html>welcome</html>", [("Content-Type", "text/html")])
        }
        #expect(try await referrers(server) == [1, 2].map { Digest(of: [$0]) })
        #expect(try await referrers(server, type: "b") == [Digest(of: [2])])
    }

    @Test func findsNothingWhereThereIsNothing() async throws {
        let server = HTTPServer { _ in .text(404, #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#) }
        #expect(try await referrers(server).isEmpty)
    }

    @Test func saysWhyThereIsNoList() async throws {
        for (status, body, expected) in [
            (403, "", { RegistryError.accessDenied(repository: "\($0)/a/b", detail: nil) }),
            (404, #"{"errors":[{"code":"NAME_UNKNOWN"}]}"#, { RegistryError.repositoryUnknown("\($0)/a/b") }),
            (409, "", { RegistryError.refused(host: $0, status: 409, detail: nil) }),
        ] as [(Int, String, (String) -> RegistryError)] {
            let server = HTTPServer { _ in .text(status, body) }
            #expect(await registryError { _ = try await referrers(server) } == expected(server.host))
        }
    }

    @Test(arguments: ["{}", "no", #"{"schemaVersion":2,"manifests":[{"mediaType":"x"}]}"#])
    func refusesListsThatAreNone(_ body: String) async throws {
        let server = HTTPServer { _ in .text(200, body, [("Content-Type", MediaType.ociIndex)]) }
        guard case .manifest = await registryError({ _ = try await referrers(server) }) else {
            Issue.record("not refused")
            return
        }
    }

    // MARK: - The list that clients keep

    private func push(_ server: HTTPServer, _ text: String) async throws -> Digest {
        let bytes = Array(text.utf8)
        let descriptor = Descriptor(
            mediaType: MediaType.ociManifest, digest: Digest(of: bytes), size: Int64(bytes.count))
        try await withClient(server.host, access: .push) { client in
            try await client.push(manifest: bytes, descriptor, tag: nil)
        }
        return descriptor.digest
    }

    private func about(_ subject: Digest, _ extra: String) -> String {
        """
        {"schemaVersion":2,"mediaType":"\(MediaType.ociManifest)","config":{"mediaType":"application/vnd.oci.empty.v1+json",\
        "digest":"\(Digest(of: [7]))","size":2},"layers":[],"subject":{"mediaType":"\(MediaType.ociManifest)","digest":"\(subject)",\
        "size":3}\(extra)}
        """
    }

    /// A registry that keeps manifests and, if it `keepsLists`, the lists of what refers to them.
    private func registry(keepsLists: Bool) -> (HTTPServer, UploadRegistry) {
        let registry = UploadRegistry()
        let server = HTTPServer { request in
            let name = String(request.path.split(separator: "/").last ?? "")
            if request.method == "DELETE" {
                return registry.state.withLock { $0.manifests.removeValue(forKey: name) } == nil
                    ? .text(404, #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#) : .text(202, "")
            }
            if request.method == "GET", request.path.contains("/manifests/") {
                guard let found = registry.state.withLock({ $0.manifests[name] }) else {
                    return .text(404, #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#)
                }
                return HTTPServer.Response(headers: [("Content-Type", found.type)], body: found.bytes)
            }
            var answer = registry.answer(request)
            if keepsLists, request.method == "PUT" { answer.headers.append(("OCI-Subject", "\(Self.subject)")) }
            return answer
        }
        return (server, registry)
    }

    private func list(_ registry: UploadRegistry) throws -> [Descriptor]? {
        let bytes = registry.state.withLock { $0.manifests["sha256-\(Self.subject.hex)"]?.bytes }
        guard let bytes else { return nil }
        guard case .index(let index) = try ManifestDocument(bytes, declaredType: MediaType.ociIndex) else { return nil }
        return index.manifests
    }

    @Test func putsWhatRefersToOthersOnTheirList() async throws {
        let (server, registry) = registry(keepsLists: false)
        let first = try await push(
            server, about(Self.subject, #","artifactType":"application/sig","annotations":{"k":"v","é":"e"}"#))
        let second = try await push(server, about(Self.subject, ""))
        // Once is enough.
        _ = try await push(server, about(Self.subject, ""))
        let found = try #require(try list(registry))
        #expect(found.map(\.digest) == [first, second])
        #expect(found.map(\.artifactType) == ["application/sig", "application/vnd.oci.empty.v1+json"])
        #expect(found[0].annotations?.values.sorted() == ["e", "v"])
        #expect(found[0].mediaType == MediaType.ociManifest)
        #expect(try await referrers(server, type: "application/sig") == [first])

        // And takes it off again.
        try await withClient(server.host, access: .delete) { try await $0.delete(manifest: first) }
        #expect(try list(registry)?.map(\.digest) == [second])
    }

    @Test func leavesTheListToARegistryThatKeepsIt() async throws {
        let (server, registry) = registry(keepsLists: true)
        _ = try await push(server, about(Self.subject, ""))
        #expect(try list(registry) == nil)
        #expect(server.requests.filter { $0.method == "PUT" }.count == 1)
    }
}
