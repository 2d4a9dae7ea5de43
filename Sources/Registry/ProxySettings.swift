import AsyncHTTPClient
import Bytes
import FoundationEssentials

/// The proxies that the environment names, by curl's and Go's conventions: `https_proxy`, `http_proxy` and
/// `no_proxy`, in either case.
struct ProxySettings: Sendable {
    private let secure: String?
    private let plain: String?
    private let exceptions: [String]

    init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            (environment[name] ?? environment[name.uppercased()]).flatMap { $0.isEmpty ? nil : $0 }
        }
        secure = value("https_proxy")
        plain = value("http_proxy")
        exceptions = (value("no_proxy") ?? "").lowercased().split { $0 == "," || $0 == " " }.map(String.init)
    }

    /// The proxy for connections to `origin`; nil where they are made directly, as those to this machine are.
    /// Throws for an address that no proxy can have.
    func proxy(for origin: Origin) throws(RegistryError) -> HTTPClient.Configuration.Proxy? {
        guard !origin.isLoopback, !isExcepted(origin), let text = origin.isSecure ? secure : plain else { return nil }
        let address = text.contains("://") ? text : "http://" + text
        guard let url = URL(string: address), let host = url.host(percentEncoded: false), !host.isEmpty else {
            throw .unreachable(host: origin.description, cause: "the proxy's address in the environment is wrong")
        }
        switch url.scheme?.lowercased() {
        case "http":
            var authorization: HTTPClient.Authorization?
            if let user = url.user(percentEncoded: false) {
                authorization = .basic(username: user, password: url.password(percentEncoded: false) ?? "")
            }
            return .server(host: host, port: url.port ?? 80, authorization: authorization)
        case "socks5", "socks5h": return .socksServer(host: host, port: url.port ?? 1080)
        default:
            throw .unreachable(
                host: origin.description, cause: "proxies of the kind \(url.scheme ?? "") are not supported")
        }
    }

    private func isExcepted(_ origin: Origin) -> Bool {
        exceptions.contains { exception in
            if exception == "*" { return true }
            var name = Substring(exception)
            if let colon = name.lastPlace(of: ":"), let port = Int(name.behind(colon)) {
                guard port == origin.port else { return false }
                name = name[..<colon]
            }
            while name.firstLetter == "." { name = name.dropping(1) }
            return origin.host == name || origin.host.ends(with: "." + name)
        }
    }
}
