import Glibc
import OCI
import Registry
import Synchronization
import TestSupport
import Testing

/// Registries, and what is in front of them, that take a request and say nothing.
@Suite struct SilentRegistryTests {
    @Test func asksAgainWhatIsNotAnswered() async throws {
        var repository = FakeRepository()
        repository.addManifest(
            #"{"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":"sha256:\#(String(repeating: "0", count: 64))","size":1}}"#
        )
        let count = Mutex(0)
        let server = HTTPServer { [repository] request in
            guard request.path.contains("/manifests/") else { return repository.answer(request) }
            let number = count.withLock { count in
                count += 1
                return count
            }
            // The first is held until there is another one.
            while number == 1, count.withLock({ $0 }) < 2 { usleep(1000) }
            return repository.answer(request)
        }
        var options = testOptions()
        options.idleTimeout = .seconds(1)
        let patience = options
        let found = try await withClient(server.host, patience) { try await $0.manifest(tag: "latest") }
        #expect(found.descriptor.size > 0)
        #expect(count.withLock { $0 } >= 2)
    }

    @Test func saysThatNothingWasAnswered() async throws {
        let isOver = Mutex(false)
        let server = HTTPServer { request in
            while request.path != "/v2/", !isOver.withLock({ $0 }) { usleep(1000) }
            return .text(200, "{}")
        }
        var options = testOptions()
        options.idleTimeout = .milliseconds(500)
        options.attempts = 2
        let patience = options
        let error = await registryError {
            try await withClient(server.host, patience) { _ = try await $0.manifest(tag: "latest") }
        }
        isOver.withLock { $0 = true }
        #expect(error == .unreachable(host: server.host, cause: "it did not answer in time"))
        #expect(server.requests.filter { $0.path.contains("manifests") }.count == 2)
    }
}
