import Bytes
import FoundationEssentials
import OCI

/// Scheme, host and port of an address: what may see the same credentials.
struct Origin: Hashable, Sendable, CustomStringConvertible {
    let scheme: String
    /// Without brackets, in lower case.
    let host: String
    let port: Int

    /// nil for an address of another scheme than http and https, without a host, or with a port that is none.
    init?(_ url: URL) {
        guard let scheme = url.scheme?.lowercased(), scheme == "https" || scheme == "http" else { return nil }
        guard var host = url.host(percentEncoded: false)?.lowercased(), !host.isEmpty else { return nil }
        if host.begins(with: "["), host.ends(with: "]") { host = String(host.dropping(1).droppingLast(1)) }
        self.scheme = scheme
        self.host = host
        port = url.port ?? (scheme == "https" ? 443 : 80)
        // NIO ends the process over another number; of one that is too large for `URL.port` that knows nothing.
        guard (1...65535).contains(port), url.port != nil || !Self.namesPort(url) else { return nil }
    }

    /// Whether there is a port in `url`, which may be none that there can be.
    static func namesPort(_ url: URL) -> Bool {
        let address = Array(url.absoluteString.utf8)
        guard let slashes = address.firstIndex(of: UInt8(ascii: "/")), slashes + 2 <= address.count else {
            return false
        }
        let authority = address[(slashes + 2)...].prefix { !"/?#".utf8.contains($0) }
        let behindBrackets = authority.split(separator: UInt8(ascii: "]"), omittingEmptySubsequences: false).last ?? []
        guard let colon = behindBrackets.lastIndex(of: UInt8(ascii: ":")) else { return false }
        return colon + 1 < behindBrackets.endIndex
    }

    var isSecure: Bool { scheme == "https" }

    /// Whether the host is this machine by its name or number, which nobody else listens to or answers for.
    var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let numbers = host.split(on: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    /// Whether a redirect, or an upload, may lead from here to `target`: never from TLS to where others can listen, and in plain HTTP only to
    /// this machine or the same one.
    func mayLead(to target: Origin) -> Bool {
        target.isSecure || !isSecure && (target.isLoopback || target.host == host)
    }

    /// `url`, or where it is this secure origin but for TLS, as proxies that end it have registries say, the same with TLS. nil for what
    /// is no address of HTTP.
    func secured(_ url: URL) -> URL? {
        guard let target = Origin(url) else { return nil }
        guard isSecure, !target.isSecure, target.host == host, target.port == port || url.port == nil,
            var address = URLComponents(url: url, resolvingAgainstBaseURL: true)
        else { return url }
        address.scheme = scheme
        address.port = port == 443 ? nil : port
        return address.url
    }

    /// Host and port as a user writes them; the port is left out where the scheme implies it.
    var description: String {
        let name = host.has(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}

/// Where the protocol of a registry is spoken.
struct Endpoint: Hashable, Sendable {
    /// The registry as a reference names it: the key of certificates and credentials.
    let domain: String
    /// Whether it may be spoken to without TLS, wherever it is.
    var isInsecure = false
    /// Whether it is the place of Docker's registry that knows what there is (`search`).
    var isIndex = false

    /// Docker's registry is not spoken to under the name that it has in references.
    var host: String {
        guard domain == Reference.defaultDomain else { return domain }
        return isIndex ? "index.docker.io" : "registry-1.docker.io"
    }

    /// The addresses to try, best first: plain HTTP only where nobody can listen on the way, or where it was asked for.
    var bases: [URL] {
        let secure = URL(string: "https://\(host)")
        guard let secure, let origin = Origin(secure) else { return [] }
        guard isInsecure || origin.isLoopback, let plain = URL(string: "http://\(host)") else { return [secure] }
        return [secure, plain]
    }
}
