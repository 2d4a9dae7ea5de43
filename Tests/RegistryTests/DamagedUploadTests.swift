import OCI
import Registry
import Synchronization
import TestSupport
import Testing

/// Blobs of which the registry says that they are not what their digest says.
@Suite struct DamagedUploadTests {
    private func methods(_ server: HTTPServer) -> [String] {
        server.requests.filter { $0.path.hasPrefix("/v2/a/b/") }.map(\.method)
    }

    @Test func beginsOnceMoreWhatTheRegistryHasPutTogetherWrongly() async throws {
        let registry = UploadRegistry()
        let cuts = Mutex(1)
        let server = HTTPServer(reading: { request in
            guard request.method == "PUT" else { return nil }
            return cuts.withLock { cuts in
                cuts -= 1
                return cuts >= 0 ? 1000 : nil
            }
        }) { request in
            guard request.isCut else { return registry.answer(request) }
            // Other bytes than those that came.
            let session = String(request.path.split(separator: "/").last ?? "")
            registry.state.withLock { $0.sessions[session] = [UInt8](repeating: 0, count: 1000) }
            var response = HTTPServer.Response()
            response.isSilent = true
            return response
        }
        let blob = try TestBlob(400_000)
        #expect(try await upload(blob, to: server.host) == .sent)
        #expect(registry.blob(blob.descriptor.digest) == blob.bytes)
        #expect(methods(server).filter { $0 == "POST" }.count == 2)
    }

    @Test func saysThatABlobCameDamaged() async throws {
        let registry = UploadRegistry()
        let server = HTTPServer { request in
            request.method == "PUT"
                ? .text(400, #"{"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match"}]}"#)
                : registry.answer(request)
        }
        let blob = try TestBlob(1000)
        #expect(
            await registryError { _ = try await upload(blob, to: server.host) }
                == .damaged(
                    what: "blob \(blob.descriptor.digest)", host: server.host,
                    detail: "digest invalid: provided digest did not match"))
        #expect(methods(server).filter { $0 == "PUT" }.count == 1)
    }
}
