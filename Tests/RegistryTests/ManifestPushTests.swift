import Archive
import OCI
import Registry
import Synchronization
import TestSupport
import Testing

/// Manifests that are put, and who may.
@Suite struct ManifestPushTests {
    private static let bytes = Array(#"{"schemaVersion":2}"#.utf8)
    private static let descriptor = Descriptor(
        mediaType: MediaType.ociManifest, digest: Digest(of: bytes), size: Int64(bytes.count))

    private func put(_ host: String, tag: String?, _ options: RegistryOptions = testOptions()) async -> RegistryError? {
        await registryError {
            try await withClient(host, options, access: .push) {
                try await $0.push(manifest: Self.bytes, Self.descriptor, tag: tag)
            }
        }
    }

    @Test func putsAManifestByItsTagAndByItsDigest() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { registry.answer($0) }
        #expect(await put(server.host, tag: nil) == nil)
        #expect(await put(server.host, tag: "1.0") == nil)
        let digest = Self.descriptor.digest
        #expect(
            server.requests.suffix(2).map(\.path) == ["/v2/a/b/manifests/\(digest)", "/v2/a/b/manifests/1.0"])
        #expect(server.requests.last?.headers["content-type"] == MediaType.ociManifest)
        #expect(registry.state.withLock { $0.manifests["1.0"]?.bytes } == Self.bytes)
        #expect(try await withClient(server.host, access: .push) { try await $0.hasManifest(Self.descriptor) })
    }

    @Test func followsARedirectWithTheManifest() async throws {
        let registry = UploadRegistry()
        let other = HTTPServer { registry.answer($0) }
        let server = HTTPServer { .text(308, "", [("Location", "http://\(other.host)\($0.target)")]) }
        #expect(await put(server.host, tag: "t") == nil)
        #expect(registry.state.withLock { $0.manifests["t"]?.bytes } == Self.bytes)
    }

    @Test func saysWhatTheRegistryMinds() async throws {
        let answers: [(Int, String, (String) -> RegistryError)] = [
            (
                400, #"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}"#,
                {
                    .partsUnknown(
                        manifest: "\($0)/a/b:t", host: $0, detail: "manifest blob unknown: blob unknown to registry")
                }
            ),
            (
                413, "",
                {
                    .tooLarge(
                        what: "the manifest of \($0)/a/b:t", size: Self.descriptor.size, host: $0, detail: nil)
                }
            ),
            (
                403, #"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#,
                {
                    .pushDenied(
                        repository: "\($0)/a/b", detail: "denied: requested access to the resource is denied")
                }
            ),
            (
                404, #"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}"#,
                { .repositoryUnknown("\($0)/a/b") }
            ),
            (
                405, #"{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}"#,
                {
                    .notTaken(
                        manifest: "\($0)/a/b:t", host: $0, status: 405,
                        detail: "unsupported: The operation is unsupported.")
                }
            ),
            (
                400, #"{"errors":[{"code":"DIGEST_INVALID"}]}"#,
                { .damaged(what: "the manifest of \($0)/a/b:t", host: $0, detail: "digest invalid") }
            ),
            (
                400, #"{"errors":[{"code":"TAG_INVALID","message":"it is immutable"}]}"#,
                {
                    .notTaken(
                        manifest: "\($0)/a/b:t", host: $0, status: 400, detail: "tag invalid: it is immutable")
                }
            ),
        ]
        for (status, text, expected) in answers {
            let server = HTTPServer { _ in .text(status, text) }
            #expect(await put(server.host, tag: "t") == expected(server.host))
        }
    }

    @Test func noticesThatAnotherManifestWasKept() async throws {
        let other = Digest(of: [1])
        let server = HTTPServer { _ in .text(201, "", [("Docker-Content-Digest", "\(other)")]) }
        #expect(
            await put(server.host, tag: "t")
                == .wrongDigest(expected: Self.descriptor.digest, actual: other.description))
    }
}
