import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension RegistryError {
    /// The failure of a connection in a user's words.
    init(connection error: any Error, to origin: Origin) {
        let host = origin.description
        switch error {
        case let error as RegistryError: self = error
        case let error as NIOConnectionError: self = .unreachable(host: host, cause: error.sentence)
        case let error as IOError: self = .unreachable(host: host, cause: Self.sentence(error.errnoCode))
        case let error as NIOSSLError: self = Self.secure(error, host)
        case is BoringSSLError, is NIOSSLExtraError: self = .insecure(host: host, cause: "\(error)")
        case let error as HTTPClientError: self = Self.transfer(error, host)
        case is HTTPParserError: self = .unreachable(host: host, cause: Self.closed)
        case let error as ChannelError: self = Self.transfer(error, host)
        case is CancellationError: self = .unreachable(host: host, cause: Self.interrupted)
        default: self = .unreachable(host: host, cause: ErrorBody.oneLine("\(error)"))
        }
    }

    private static func transfer(_ error: HTTPClientError, _ host: String) -> RegistryError {
        switch error {
        case .connectTimeout: .unreachable(host: host, cause: Self.timedOut)
        case .tlsHandshakeTimeout: .insecure(host: host, cause: "the TLS handshake timed out")
        case .readTimeout, .deadlineExceeded, .writeTimeout:
            .unreachable(host: host, cause: "it did not answer in time")
        case .remoteConnectionClosed, .uncleanShutdown: .unreachable(host: host, cause: Self.closed)
        case .cancelled: .unreachable(host: host, cause: Self.interrupted)
        default: .unreachable(host: host, cause: error.shortDescription.lowercased())
        }
    }

    private static func transfer(_ error: ChannelError, _ host: String) -> RegistryError {
        switch error {
        case .connectTimeout: .unreachable(host: host, cause: Self.timedOut)
        case .eof, .ioOnClosedChannel, .alreadyClosed, .inputClosed, .outputClosed:
            .unreachable(host: host, cause: Self.closed)
        default: .unreachable(host: host, cause: ErrorBody.oneLine("\(error)"))
        }
    }

    /// The same failure of a connection that a proxy was asked for; `error` is what it was made of.
    func through(proxy: String, _ error: any Error) -> RegistryError {
        switch (error as? HTTPClientError, self) {
        case (.proxyAuthenticationRequired?, .unreachable(let host, _)):
            .proxy(proxy, host: host, cause: Self.proxyWantsCredentials)
        case (.invalidProxyResponse?, .unreachable(let host, _)):
            .proxy(proxy, host: host, cause: "it refuses the connection: ask who runs it, or name the host in NO_PROXY")
        case (.httpProxyHandshakeTimeout?, .unreachable(let host, _)),
            (.socksHandshakeTimeout?, .unreachable(let host, _)):
            .proxy(proxy, host: host, cause: "it did not answer in time")
        case (_, .unreachable(let host, let cause)) where error is NIOConnectionError:
            .proxy(proxy, host: host, cause: cause)
        default: self
        }
    }

    static let proxyWantsCredentials =
        "it wants a user name and a password (407 Proxy Authentication Required): put them into its address in"
        + " HTTPS_PROXY or HTTP_PROXY (http://USER:PASSWORD@HOST)"
    static let timedOut = "nobody answers there (the connection timed out)"
    static let closed = "it closed the connection"
    static let interrupted = "the transfer was interrupted"

    private static func secure(_ error: NIOSSLError, _ host: String) -> RegistryError {
        switch error {
        case .handshakeFailed(let reason):
            let text = "\(reason)"
            if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
                return .insecure(host: host, cause: "it speaks plain HTTP, which is accepted of this machine alone")
            }
            if text.contains("CERTIFICATE_VERIFY_FAILED") {
                return .insecure(
                    host: host,
                    cause: "its certificate is of no trusted authority (put that authority's certificate into"
                        + " /etc/docker/certs.d/\(host)/ca.crt)")
            }
            return .insecure(host: host, cause: ErrorBody.oneLine(text))
        case .unableToValidateCertificate:
            return .insecure(host: host, cause: "its certificate is not for this name")
        case .uncleanShutdown: return .unreachable(host: host, cause: Self.closed)
        default: return .insecure(host: host, cause: ErrorBody.oneLine("\(error)"))
        }
    }

    static func sentence(_ number: CInt) -> String {
        let text = String(cString: strerror(number))
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// Whether the same request can have another outcome in a moment.
    var isPassing: Bool {
        switch self {
        // Nobody listens, or the name means nothing: that does not change within seconds.
        case .unreachable(_, let cause):
            !(cause.contains("connection refused") || cause.contains("not known") || cause.contains("proxies")
                || cause.contains("interrupted"))
        case .tooManyRequests: true
        case .refused(_, let status, _): status >= 500 && status != 501 && status != 505 || status == 408
        default: false
        }
    }
}

extension NIOConnectionError {
    /// The cause that says most: that of the resolver, or of the last address tried.
    fileprivate var sentence: String {
        if let failure = connectionErrors.last {
            if let system = failure.error as? IOError { return RegistryError.sentence(system.errnoCode) }
            if case .connectTimeout? = failure.error as? ChannelError { return RegistryError.timedOut }
            return ErrorBody.oneLine("\(failure.error)")
        }
        return "the name \(host) is not known"
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
