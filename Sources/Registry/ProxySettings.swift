import Addresses
import AsyncHTTPClient
import Bytes
import FoundationEssentials

/// The proxies that the environment names, by the rules of Go's programs, and so of Docker's: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, the
/// latter two names in lower case where those are empty. `ALL_PROXY` is curl's alone.
struct ProxySettings: Sendable {
    private let secure: String?
    private let plain: String?
    private let exceptions: ProxyExceptions
    /// Whether this is the program of a web server, where a client can set HTTP_PROXY by a header (CVE-2016-5386).
    private let isGateway: Bool

    init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            [environment[name], environment[name.lowercased()]].lazy.compactMap(\.self).first { !$0.isEmpty }
        }
        secure = value("HTTPS_PROXY")
        plain = value("HTTP_PROXY")
        exceptions = ProxyExceptions(value("NO_PROXY") ?? "")
        isGateway = environment["REQUEST_METHOD"].map { !$0.isEmpty } ?? false
    }

    /// The address of the proxy for `origin`, without credentials, as messages have it; nil where there is none.
    func name(for origin: Origin) -> String? {
        guard let text = address(for: origin), let url = Self.url(text), let host = url.host() else { return nil }
        return url.port.map { "\(host):\($0)" } ?? host
    }

    private func address(for origin: Origin) -> String? {
        guard !origin.isLoopback, !exceptions.hold(origin) else { return nil }
        return origin.isSecure ? secure : plain
    }

    // A scheme can be left out.
    private static func url(_ text: String) -> URL? {
        let hasScheme = text.place(of: ":").map { text[$0...].begins(with: "://") } ?? false
        return URL(string: hasScheme ? text : "http://" + text)
    }

    /// The proxy for connections to `origin`; nil where they are made directly, as those to this machine are.
    /// Throws for an address that no proxy can have.
    func proxy(for origin: Origin) throws(RegistryError) -> HTTPClient.Configuration.Proxy? {
        guard let text = address(for: origin) else { return nil }
        func refused(_ cause: String) -> RegistryError { .unreachable(host: origin.description, cause: cause) }
        if isGateway, !origin.isSecure {
            throw refused("HTTP_PROXY is not used where REQUEST_METHOD is set: unset one of them")
        }
        let variable = origin.isSecure ? "HTTPS_PROXY" : "HTTP_PROXY"
        guard let url = Self.url(text), let host = url.host(percentEncoded: false), !host.isEmpty else {
            throw refused("the proxy's address in \(variable) is wrong")
        }
        let scheme = url.scheme?.lowercased() ?? ""
        let port = url.port ?? ["http": 80, "socks5": 1080, "socks5h": 1080][scheme] ?? 0
        guard ["http", "socks5", "socks5h"].contains(scheme) else {
            throw refused("proxies of the kind \(ErrorBody.oneLine(scheme)) are not supported")
        }
        // NIO ends the process over another number.
        guard (1...65535).contains(port), url.port != nil || !Origin.namesPort(url) else {
            throw refused("the proxy's address in \(variable) is wrong")
        }
        let user = url.user(percentEncoded: false)
        let password = url.password(percentEncoded: false)
        guard scheme == "http" else {
            guard user == nil, password == nil else {
                throw refused("SOCKS proxies with a user name are not supported, as the one in \(variable)")
            }
            return .socksServer(host: host, port: port)
        }
        guard user != nil || password != nil else { return .server(host: host, port: port) }
        return .server(
            host: host, port: port, authorization: .basic(username: user ?? "", password: password ?? ""))
    }
}

/// The hosts of `NO_PROXY`, which are reached without a proxy.
struct ProxyExceptions: Sendable {
    private enum Entry {
        case everything
        case subnet(Subnet)
        case address(IPAddress, port: String)
        /// The names that end in `suffix`, which begins with a dot, and, where `isWhole`, the one that is behind the dot.
        case domain(suffix: String, port: String, isWhole: Bool)
    }

    private let entries: [Entry]

    /// Reads a list with commas: `*`, `10.0.0.0/8`, `192.0.2.1`, `192.0.2.1:443`, `[2001:db8::1]:443`, `example.com` (and what is below it),
    /// `.example.com` or `*.example.com` (only that), each with a port or without.
    init(_ list: String) {
        entries = list.split(on: ",").compactMap { Self.entry(Self.trimmed($0)) }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        func isBlank(_ letter: Unicode.Scalar?) -> Bool {
            letter.map { $0 == " " || (9...13).contains($0.value) } ?? false
        }
        while isBlank(text.firstLetter) { text = text.dropping(1) }
        while isBlank(text.lastLetter) { text = text.droppingLast(1) }
        return text.lowercased()
    }

    private static func entry(_ text: String) -> Entry? {
        if text.isEmpty { return nil }
        if text.isSame(as: "*") { return .everything }
        if let subnet = Subnet(text) { return .subnet(subnet) }
        var (host, port) = (text[...], Substring())
        if let (name, number) = split(text) { (host, port) = (name, number) }
        if let address = IPAddress(host) { return .address(address, port: String(port)) }
        if host.begins(with: "*.") { host = host.dropping(1) }
        guard !host.isEmpty else { return nil }
        let isWhole = host.firstLetter != "."
        return .domain(suffix: (isWhole ? "." : "") + host, port: String(port), isWhole: isWhole)
    }

    /// Host, without brackets, and port; nil where there is no port.
    private static func split(_ text: String) -> (Substring, Substring)? {
        guard let colon = text.lastPlace(of: ":") else { return nil }
        let (host, port) = (text[..<colon], text.behind(colon))
        if host.begins(with: "["), host.ends(with: "]") { return (host.dropping(1).droppingLast(1), port) }
        // An address of version 6 without brackets has no port.
        return host.has(":") ? nil : (host, port)
    }

    /// Whether `origin` is one of them.
    func hold(_ origin: Origin) -> Bool {
        let address = IPAddress(origin.host)
        let port = "\(origin.port)"
        return entries.contains { entry in
            switch entry {
            case .everything: return true
            case .subnet(let subnet): return address.map { subnet.contains($0.unmapped) } ?? false
            case .address(let wanted, let number):
                return address?.unmapped == wanted.unmapped && (number.isEmpty || number.isSame(as: port))
            case .domain(let suffix, let number, let isWhole):
                guard address == nil, number.isEmpty || number.isSame(as: port) else { return false }
                return origin.host.ends(with: suffix) || isWhole && origin.host.isSame(as: String(suffix.dropping(1)))
            }
        }
    }
}
