import Bytes
import OCI

/// The registry that `login` and `logout` are about.
package struct LoginServer: Equatable, Sendable {
    /// The name under which credentials are kept, in files and by helpers: the host with its port, or the address that Docker
    /// has for its own registry.
    package let key: String
    /// The registry as references name it.
    let domain: String

    /// The key of Docker's own registry.
    static let defaultKey = "https://index.docker.io/v1/"

    /// Whether it is Docker's own registry.
    package var isDefault: Bool { domain == Reference.defaultDomain }

    /// The registry that a user names by its host, or by an address of which only the host counts; empty for Docker's own.
    /// Throws `RegistryError` for what is no host.
    package init(_ text: String) throws(RegistryError) {
        var host = text[...]
        for scheme in ["https://", "http://"] where host.begins(with: scheme) {
            host = host.dropping(scheme.utf8.count)
        }
        host = host.until("/")
        if text.isEmpty || CredentialStore.names(of: Reference.defaultDomain).contains(where: { host.isSame(as: $0) }) {
            key = Self.defaultKey
            domain = Reference.defaultDomain
            return
        }
        guard Self.isHost(host) else { throw .server(text.excerpt) }
        key = String(host)
        domain = key
    }

    /// Whether references could name the host, or could if it had a port.
    private static func isHost(_ host: Substring) -> Bool {
        for suffix in ["", ":443"] {
            do throws(ReferenceError) {
                if try Reference("\(host)\(suffix)/name").domain.isSame(as: "\(host)\(suffix)") { return true }
            } catch { continue }
        }
        return false
    }

    /// The names that others may have written for the registry: of all of them `logout` is meant.
    var spellings: [String] {
        isDefault ? [key] + CredentialStore.names(of: domain) : [key, "http://" + key, "https://" + key]
    }

    /// Whether `name`, a key of a file, means the whole of this registry.
    func isNamed(_ name: String) -> Bool {
        let normal = CredentialStore.normalized(name)
        return CredentialStore.names(of: domain).contains { $0.isSame(as: normal) }
    }
}
