import Archive
import Glibc
import Linux
import OCI
import Registry
import Synchronization
import TestSupport

/// A registry that takes blobs and manifests for the repository "a/b", as the distribution specification has it. What a test wants
/// otherwise it answers itself, before it asks this.
final class UploadRegistry: Sendable {
    struct State {
        var blobs: [String: [UInt8]] = [:]
        /// What other repositories have, which can be mounted.
        var elsewhere: [String: Set<String>] = [:]
        var sessions: [String: [UInt8]] = [:]
        /// By digest or tag.
        var manifests: [String: (type: String, bytes: [UInt8])] = [:]
        /// What the next request of each session must have in its query: it changes with every answer.
        var tickets: [String: String] = [:]
        var count = 0
    }

    let state = Mutex(State())
    /// What is added to answers that begin an upload.
    let hints: [(String, String)]

    init(hints: [(String, String)] = []) { self.hints = hints }

    /// The blob of this digest; nil where nothing has come.
    func blob(_ digest: Digest) -> [UInt8]? { state.withLock { $0.blobs[digest.description] } }

    /// Keeps what has come of a body without a word to the client, as of a connection that broke.
    func keep(_ request: HTTPServer.Request) -> HTTPServer.Response {
        let session = Self.session(request)
        state.withLock { state in
            if let bytes = state.sessions[session] { state.sessions[session] = bytes + request.body }
        }
        var response = HTTPServer.Response()
        response.isSilent = true
        return response
    }

    func answer(_ request: HTTPServer.Request) -> HTTPServer.Response {
        let path = request.path
        guard path.hasPrefix("/v2/a/b/") else { return .text(path == "/v2/" ? 200 : 404, "{}") }
        let rest = path.dropFirst("/v2/a/b/".count).split(separator: "/", omittingEmptySubsequences: false)
        return state.withLock { state in
            switch (request.method, rest[0], rest.count) {
            case ("HEAD", "blobs", 2): Self.found(state.blobs[String(rest[1])])
            case ("HEAD", "manifests", 2): Self.found(state.manifests[String(rest[1])]?.bytes)
            case ("POST", "blobs", 3): begin(request, &state)
            case ("PUT", "manifests", 2): put(request, String(rest[1]), &state)
            case (_, "blobs", 3): proceed(request, String(rest[2]), &state)
            default: .text(404, "{}")
            }
        }
    }

    private static func found(_ bytes: [UInt8]?) -> HTTPServer.Response {
        bytes.map { HTTPServer.Response(body: $0) } ?? .text(404, "")
    }

    private static func session(_ request: HTTPServer.Request) -> String {
        String(request.path.split(separator: "/").last ?? "")
    }

    /// The value of `name` in the query.
    static func field(_ request: HTTPServer.Request, _ name: String) -> String? {
        for field in request.target.split(separator: "?").dropFirst().joined().split(separator: "&")
        where field.hasPrefix(name + "=") {
            return String(field.dropFirst(name.count + 1)).replacing("%3A", with: ":").replacing("%2F", with: "/")
        }
        return nil
    }

    private func begin(_ request: HTTPServer.Request, _ state: inout State) -> HTTPServer.Response {
        if let digest = Self.field(request, "mount"), let from = Self.field(request, "from"),
            state.elsewhere[from]?.contains(digest) == true
        {
            return HTTPServer.Response(status: 201, headers: [("Location", "/v2/a/b/blobs/\(digest)")])
        }
        state.count += 1
        let session = "session\(state.count)"
        state.sessions[session] = []
        return HTTPServer.Response(status: 202, headers: next(session, &state) + hints)
    }

    // Relative, as the specification allows.
    private func next(_ session: String, _ state: inout State) -> [(String, String)] {
        let count = state.sessions[session]?.count ?? 0
        state.count += 1
        state.tickets[session] = "t%2F\(state.count)"
        return [
            ("Location", "/v2/a/b/blobs/uploads/\(session)?_state=t%2F\(state.count)&x=1"),
            ("Range", "0-\(max(0, count - 1))"),
        ]
    }

    private static func error(_ status: Int, _ code: String) -> HTTPServer.Response {
        .text(status, #"{"errors":[{"code":"\#(code)","message":"no"}]}"#)
    }

    private func proceed(
        _ request: HTTPServer.Request, _ session: String, _ state: inout State
    ) -> HTTPServer.Response {
        guard let bytes = state.sessions[session] else { return Self.error(404, "BLOB_UPLOAD_UNKNOWN") }
        if request.method == "GET" { return HTTPServer.Response(status: 204, headers: next(session, &state)) }
        guard request.target.contains("_state=\(state.tickets[session] ?? "")&x=1") else {
            return Self.error(400, "BLOB_UPLOAD_INVALID")
        }
        if let range = request.headers["content-range"], range.prefix(while: { $0 != "-" }) != "\(bytes.count)" {
            return Self.error(416, "RANGE_INVALID")
        }
        switch request.method {
        case "DELETE":
            state.sessions[session] = nil
            return HTTPServer.Response(status: 204)
        case "PATCH":
            state.sessions[session] = bytes + request.body
            return HTTPServer.Response(status: 202, headers: next(session, &state))
        case "PUT":
            let whole = bytes + request.body
            let digest = Digest(of: whole).description
            guard Self.field(request, "digest") == digest else { return Self.error(400, "DIGEST_INVALID") }
            state.sessions[session] = nil
            state.blobs[digest] = whole
            return HTTPServer.Response(status: 201, headers: [("Docker-Content-Digest", digest)])
        default: return .text(405, "")
        }
    }

    private func put(_ request: HTTPServer.Request, _ name: String, _ state: inout State) -> HTTPServer.Response {
        let digest = Digest(of: request.body).description
        for name in [name, digest] {
            state.manifests[name] = (request.headers["content-type"] ?? "", request.body)
        }
        return HTTPServer.Response(status: 201, headers: [("Docker-Content-Digest", digest)])
    }
}

/// A blob to be sent: bytes, and a file that has them.
struct TestBlob {
    let bytes: [UInt8]
    let descriptor: Descriptor
    private let folder: TemporaryDirectory

    /// `count` bytes, of which no 64 KiB are like others.
    init(_ count: Int) throws {
        var block = (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }
        var bytes: [UInt8] = []
        for number in 0...count / block.count {
            for place in 0..<4 { block[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
            bytes += block.prefix(count - bytes.count)
        }
        self.bytes = bytes
        descriptor = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: bytes), size: Int64(count))
        folder = try TemporaryDirectory()
        try Files.write(bytes, to: folder.path + "/blob")
    }

    /// The file's content, or its first `count` bytes.
    func source(first count: Int? = nil) throws -> UploadSource {
        var path = folder.path + "/blob"
        if let count {
            path += ".short"
            try Files.write(Array(bytes.prefix(count)), to: path)
        }
        return UploadSource(try FileDescriptor.open(path, O_RDONLY), of: descriptor.digest)
    }
}

/// What became of a push of `blob` to `host`.
func upload(
    _ blob: TestBlob, to host: String, mounting: [String] = [], options: RegistryOptions = testOptions(),
    hasSource: Bool = true
) async throws -> UploadOutcome {
    let source = hasSource ? try blob.source() : nil
    return try await withClient(host, options, access: .push) {
        try await $0.upload(blob.descriptor, from: source, mounting: mounting)
    }
}
