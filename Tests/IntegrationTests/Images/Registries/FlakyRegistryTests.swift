import Glibc
import Linux
import Synchronization
import TestSupport
import Testing

/// A registry behind something that cuts, corrupts, lies and sends people round in circles: what `pull` and `push` do then.
@Suite struct FlakyRegistryTests {
    /// A way of going wrong, on the first answers to some request.
    struct Fault: Sendable, CustomStringConvertible {
        let description: String
        /// Requests that it befalls.
        let befalls: @Sendable (HTTPServer.Request) -> Bool
        /// How many of them; more than are ever made: all.
        var times = 1
        let change: @Sendable (inout HTTPServer.Response) -> Void
    }

    /// What is in front of `registry`.
    private func front(_ registry: StandInRegistry, _ fault: Fault) -> HTTPServer {
        let left = Mutex(fault.times)
        return HTTPServer { request in
            var response = registry.answer(request)
            let isDue =
                fault.befalls(request)
                && left.withLock { left in
                    left -= 1
                    return left >= 0
                }
            if isDue { fault.change(&response) }
            return response
        }
    }

    private static func isLayer(_ request: HTTPServer.Request) -> Bool {
        request.method == "GET" && request.path.contains("/blobs/sha256:")
    }

    private static func isManifest(_ request: HTTPServer.Request) -> Bool {
        request.method == "GET" && request.path.contains("/manifests/")
    }

    private static func isUpload(_ request: HTTPServer.Request) -> Bool {
        ["PUT", "PATCH"].contains(request.method) && request.path.contains("/blobs/uploads/")
    }

    private static func status(_ status: Int, _ headers: [(String, String)] = [])
        -> @Sendable (inout HTTPServer.Response) -> Void
    {
        { $0 = .text(status, "<html>Bad Gateway</html>", headers) }
    }

    private static let passing = [
        Fault(description: "a layer that is cut", befalls: isLayer) {
            $0.claimedLength = $0.body.count
            $0.body = Array($0.body.prefix($0.body.count / 2))
        },
        Fault(description: "silence about a layer", befalls: isLayer) { $0.isSilent = true },
        Fault(description: "silence about a manifest", befalls: isManifest, times: 2) { $0.isSilent = true },
        Fault(description: "502 for a layer", befalls: isLayer, change: status(502)),
        Fault(description: "500 for a manifest", befalls: isManifest, change: status(500)),
        Fault(description: "429 for a layer", befalls: isLayer, times: 2, change: status(429, [("Retry-After", "0")])),
        Fault(description: "502 for an upload", befalls: isUpload, change: status(502)),
        Fault(description: "silence about an upload", befalls: isUpload) { $0.isSilent = true },
        Fault(
            description: "503 for a manifest that is pushed", befalls: { $0.method == "PUT" && isNewManifest($0) },
            change: status(503, [("Retry-After", "0")])),
    ]

    private static func isNewManifest(_ request: HTTPServer.Request) -> Bool { request.path.contains("/manifests/") }

    @Test(arguments: passing) func whatPassesIsTriedAgain(_ fault: Fault) throws {
        let registry = StandInRegistry(.open)
        let server = front(registry, fault)
        try withSandbox(.any) { sandbox throws in
            let name = "\(server.host)/a/small:1"
            try sandbox.output("import", "-", name, input: try HostilePullTests.layer())
            let pushed = try sandbox.apus("push", "-q", name)
            #expect(pushed.code == 0, "\(pushed)")
            try sandbox.output("rmi", name)
            let pulled = try sandbox.apus("pull", "-q", name)
            #expect(pulled.code == 0, "\(pulled)")
            try sandbox.output("system", "check")
        }
    }

    private static let lasting: [(Fault, String)] = [
        (
            Fault(description: "a layer of another content", befalls: isLayer, times: 100) {
                if !$0.body.isEmpty { $0.body[$0.body.count / 2] ^= 1 }
            }, "is corrupt"
        ),
        (
            Fault(description: "a layer that says to be longer", befalls: isLayer, times: 100) {
                $0.claimedLength = $0.body.count + 1
            }, "is corrupt"
        ),
        (
            Fault(description: "a layer that is longer", befalls: isLayer, times: 100) {
                $0.body.append(0)
                $0.isChunked = true
            }, "is corrupt"
        ),
        (
            Fault(description: "a manifest of another type", befalls: isManifest, times: 100) {
                $0.headers = [("Content-Type", "application/vnd.oci.image.index.v1+json")]
            }, "it was announced as application/vnd.oci.image.index.v1+json"
        ),
        (
            Fault(description: "a page instead of a manifest", befalls: isManifest, times: 100) {
                $0 = .text(200, "<html>log in here</html>", [("Content-Type", "text/html")])
            }, "the manifest cannot be used"
        ),
        (
            Fault(description: "a circle", befalls: isManifest, times: 100) {
                $0 = .text(307, "", [("Location", "?again")])
            }, "redirects to where nothing is fetched: more than 10 redirects"
        ),
        (
            Fault(description: "the way to a plain address", befalls: isLayer, times: 100) {
                $0 = .text(307, "", [("Location", "http://registry.example/x")])
            }, "http://registry.example is not secure"
        ),
        (
            Fault(
                description: "too many requests", befalls: isManifest, times: 100,
                change: status(429, [("Retry-After", "5400")])), "try again in 90 minutes"
        ),
    ]

    @Test(arguments: lasting.indices) func whatStaysIsToldAndNothingIsKept(_ place: Int) throws {
        let (fault, sentence) = Self.lasting[place]
        let registry = StandInRegistry(.open)
        let server = front(registry, fault)
        try withSandbox(.any) { sandbox throws in
            let name = "\(server.host)/a/small:1"
            try sandbox.output("import", "-", name, input: try HostilePullTests.layer())
            #expect(try sandbox.apus("push", "-q", name).code == 0)
            try sandbox.output("rmi", name)
            let pulled = try sandbox.apus("pull", "-q", name)
            #expect(pulled.code == 1, "\(fault): \(pulled)")
            #expect(pulled.errorText.contains(sentence), "\(fault): \(pulled)")
            #expect(pulled.errorText.split(separator: "\n").count == 1, "\(fault): \(pulled)")
            #expect(try sandbox.output("images", "-q").isEmpty)
        }
    }
}
