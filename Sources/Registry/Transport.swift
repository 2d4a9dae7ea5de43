import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// HTTP to any number of hosts: connections, certificates, proxies and redirects. No retries, no authentication.
final class Transport: Sendable {
    private let options: RegistryOptions
    private let trust: TrustStore
    private let proxies: ProxySettings
    private let clients = Mutex<[Use: HTTPClient]>([:])
    /// The registry that all connections are made for, as references name it; nil where there is none.
    private let registry: Endpoint?

    /// What connections are kept for. A registry that was sent something may be silent for longer.
    private struct Use: Hashable {
        let origin: Origin
        let isUpload: Bool
    }

    init(options: RegistryOptions, registry: Endpoint? = nil) {
        self.options = options
        self.registry = registry
        trust = TrustStore(environment: options.environment)
        proxies = ProxySettings(environment: options.environment)
    }

    /// Ends all connections. Must be called before the value goes.
    func shutdown() async {
        let all = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in all { try? await client.shutdown() }
    }

    struct Request: Sendable {
        var method: HTTPMethod = .GET
        var url: URL
        var headers: HTTPHeaders = [:]
        /// Sent to the origin of `url` alone, never to where it redirects.
        var authorization: String?
        /// Sent to `url` alone: it may be a secret.
        var body: [UInt8]?
        /// Content, which goes to where `url` redirects, too, as often as it takes.
        var content: Content?
        /// Whether the answer's body takes as long as it takes.
        var isDownload = false
    }

    /// What a request gives a registry to keep.
    enum Content: Sendable {
        case bytes([UInt8])
        case slice(UploadSlice)

        fileprivate var body: HTTPClientRequest.Body {
            switch self {
            case .bytes(let bytes): .bytes(ByteBuffer(bytes: bytes))
            case .slice(let slice): .stream(slice, length: .known(slice.count))
            }
        }
    }

    /// A head with its body still to read, and who sent it.
    struct Answer: Sendable {
        let response: HTTPClientResponse
        let origin: Origin
        /// The address that answered, behind all redirects.
        let url: URL
    }

    /// Sends the request, follows redirects, and gives the last answer.
    func send(_ request: Request) async throws(RegistryError) -> Answer {
        guard let first = Origin(request.url) else {
            throw .violation(host: request.url.absoluteString, cause: "its address is not http or https")
        }
        var url = request.url
        var origin = first
        var authorization = request.authorization
        for _ in 0...10 {
            var message = HTTPClientRequest(url: url.absoluteString)
            message.method = request.method
            message.headers = request.headers
            message.headers.replaceOrAdd(name: "User-Agent", value: options.userAgent)
            if let authorization { message.headers.replaceOrAdd(name: "Authorization", value: authorization) }
            if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
            if let content = request.content { message.body = content.body }
            let response = try await execute(message, origin, request)
            guard request.follows(response.status) else { return Answer(response: response, origin: origin, url: url) }
            guard let location = response.headers.first(name: "Location") else {
                throw .redirect(host: origin.description, cause: "the answer names no address")
            }
            guard let next = URL(string: location, relativeTo: url)?.absoluteURL, let target = Origin(next) else {
                throw .redirect(host: origin.description, cause: "\"\(ErrorBody.oneLine(location))\" is no address")
            }
            guard origin.mayLead(to: target) else {
                throw .redirect(host: origin.description, cause: "http://\(target) is not secure")
            }
            // Once away, credentials are gone for good: the way back is chosen by a stranger.
            if target != first { authorization = nil }
            url = next
            origin = target
        }
        throw .redirect(host: first.description, cause: "more than 10 redirects")
    }

    private func execute(
        _ message: HTTPClientRequest, _ origin: Origin, _ request: Request
    ) async throws(RegistryError) -> HTTPClientResponse {
        let use = Use(origin: origin, isUpload: request.content != nil)
        let client = try client(for: use)
        // What takes as long as it takes has no deadline, only a limit of silence.
        let isLong = request.isDownload || use.isUpload
        let deadline: NIODeadline = isLong ? .distantFuture : .now() + .seconds(180)
        do {
            let response = try await client.execute(message, deadline: deadline)
            if response.status == .proxyAuthenticationRequired, let proxy = proxies.name(for: origin) {
                throw RegistryError.proxy(proxy, host: origin.description, cause: RegistryError.proxyWantsCredentials)
            }
            return response
        } catch {
            let failure = RegistryError(connection: error, to: origin)
            throw proxies.name(for: origin).map { failure.through(proxy: $0, error) } ?? failure
        }
    }

    private func client(for use: Use) throws(RegistryError) -> HTTPClient {
        if let known = clients.withLock({ $0[use] }) { return known }
        let origin = use.origin
        var configuration = HTTPClient.Configuration()
        if origin.isSecure {
            // Docker's registry has its directory of certificates under the name in references.
            let name = origin.host == "registry-1.docker.io" ? "docker.io" : origin.description
            configuration.tlsConfiguration = try trust.configuration(
                for: origin, name: name, registry: registry?.domain)
            if registry?.isInsecure == true, registry?.bases.contains(where: { Origin($0) == origin }) == true {
                configuration.tlsConfiguration?.certificateVerification = .none
            }
        }
        configuration.proxy = try proxies.proxy(for: origin)
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(
            connect: TimeAmount(options.connectTimeout),
            read: TimeAmount(use.isUpload ? max(options.idleTimeout, options.acceptTimeout) : options.idleTimeout))
        if use.isUpload { configuration.timeout.write = TimeAmount(options.idleTimeout) }
        // Layers come faster over connections of their own than through one window of HTTP/2.
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        let fresh = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        let (kept, unused) = clients.withLock { clients -> (HTTPClient, HTTPClient?) in
            if let other = clients[use] { return (other, fresh) }
            clients[use] = fresh
            return (fresh, nil)
        }
        if let unused { unused.shutdown { _ in } }
        return kept
    }
}

extension Transport.Request {
    /// Whether an answer of this status sends the request on. Content goes where the method stays what it is (RFC 9110, 15.4).
    fileprivate func follows(_ status: HTTPResponseStatus) -> Bool {
        if content != nil { return [307, 308].contains(status.code) }
        return body == nil && [301, 302, 303, 307, 308].contains(status.code)
    }
}

extension HTTPClientResponse {
    /// The whole body; throws `tooLarge` past `limit` bytes.
    func collect(limit: Int, from origin: Origin, tooLarge: RegistryError) async throws(RegistryError) -> [UInt8] {
        if let length = headers.first(name: "Content-Length").flatMap({ Int($0) }), length > limit { throw tooLarge }
        var bytes: [UInt8] = []
        do {
            for try await chunk in body {
                bytes.append(contentsOf: chunk.readableBytesView)
                if bytes.count > limit { break }
            }
        } catch { throw RegistryError(connection: error, to: origin) }
        if bytes.count > limit { throw tooLarge }
        return bytes
    }

    /// What the body of a failure says; of an endless one, its beginning.
    func failure() async -> ErrorBody {
        var bytes: [UInt8] = []
        do {
            for try await chunk in body {
                bytes.append(contentsOf: chunk.readableBytesView.prefix(65536 - bytes.count))
                if bytes.count >= 65536 { break }
            }
        } catch {}
        return ErrorBody(bytes)
    }
}
