import Archive
import Glibc
import Linux
import OCI
import Registry
import TestSupport

/// Content for a `HTTPServer`: blobs and manifests by digest, and tags.
struct FakeRepository: Sendable {
    var blobs: [Digest: [UInt8]] = [:]
    var manifests: [String: (type: String, bytes: [UInt8])] = [:]

    /// Adds a blob and gives its descriptor.
    mutating func addBlob(_ bytes: [UInt8], type: String = MediaType.ociLayer) -> Descriptor {
        let digest = Digest(of: bytes)
        blobs[digest] = bytes
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    /// Adds a manifest under its digest and, if given, a tag.
    @discardableResult
    mutating func addManifest(_ text: String, type: String = MediaType.ociManifest, tag: String? = "latest") -> Digest {
        let bytes = Array(text.utf8)
        let digest = Digest(of: bytes)
        manifests[digest.description] = (type, bytes)
        if let tag { manifests[tag] = (type, bytes) }
        return digest
    }

    /// The right answer to a request for the repository "a/b".
    func answer(_ request: HTTPServer.Request) -> HTTPServer.Response {
        if request.path == "/v2/" { return .text(200, "{}") }
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count == 5, parts[..<3] == ["v2", "a", "b"] else { return .text(404, "404 page not found") }
        if parts[3] == "manifests", let found = manifests[parts[4]] {
            return HTTPServer.Response(
                headers: [
                    ("Content-Type", found.type), ("Docker-Content-Digest", Digest(of: found.bytes).description),
                ], body: found.bytes)
        }
        if parts[3] == "blobs", let digest = Digest(parts[4]), let bytes = blobs[digest] {
            return .part(of: bytes, request)
        }
        let code = parts[3] == "manifests" ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN"
        return .text(404, "{\"errors\":[{\"code\":\"\(code)\",\"message\":\"unknown\"}]}")
    }
}

extension HTTPServer.Response {
    /// The part of `bytes` that the request asks for, or all of them.
    static func part(of bytes: [UInt8], _ request: HTTPServer.Request) -> HTTPServer.Response {
        guard let asked = request.headers["range"], asked.hasPrefix("bytes=") else {
            return HTTPServer.Response(body: bytes)
        }
        let ends = asked.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard let first = Int(ends[0]), first < bytes.count else { return .text(416, "") }
        let last = min(Int(ends[1]) ?? .max, bytes.count - 1)
        return HTTPServer.Response(
            status: 206, headers: [("Content-Range", "bytes \(first)-\(last)/\(bytes.count)")],
            body: Array(bytes[first...last]))
    }
}

/// Options without the machine's own configuration and without waiting, but for an answer: the task that reads one waits its
/// turn behind all tests of the run, which are minutes on a busy machine. Who is to meet silence sets a limit for it.
func testOptions(_ environment: [String: String] = [:]) -> RegistryOptions {
    var options = RegistryOptions(environment: environment)
    options.retryDelay = .milliseconds(1)
    options.idleTimeout = .seconds(3600)
    options.acceptTimeout = .seconds(3600)
    options.connectTimeout = .seconds(3600)
    return options
}

/// Runs `body` with a client for the repository "a/b" of `host` and closes it.
func withClient<Value>(
    _ host: String, _ options: RegistryOptions = testOptions(), path: String = "a/b",
    access: RegistryClient.Access = .pull, _ body: (RegistryClient) async throws -> Value
) async throws -> Value {
    let client = RegistryClient(
        repository: try Reference("\(host)/\(path)"), options: options, access: access)
    do {
        let value = try await body(client)
        await client.close()
        return value
    } catch {
        await client.close()
        throw error
    }
}

/// The error that `body` throws; nil where it throws none.
func registryError(_ body: () async throws -> Void) async -> RegistryError? {
    do { try await body() } catch let error as RegistryError { return error } catch {
        fatalError("another error: \(error)")
    }
    return nil
}

/// A new directory that goes with the value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = "/tmp/registry-tests." + randomHex(bytes: 8)
        try Files.makeDirectory(path, mode: 0o700)
    }

    deinit { try? Files.removeTree(path) }

    /// Writes a file below the directory and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String, mode: FileMode = 0o644) throws -> String {
        let file = path + "/" + name
        try Files.makeDirectories(Files.split(file).parent)
        try Files.write(Array(text.utf8), to: file, mode: mode)
        return file
    }
}
