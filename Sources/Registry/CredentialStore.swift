import Bytes
import JSON
import Linux
import OCI

/// The credentials of the user's configuration files: `config.json` of Docker's client in `$DOCKER_CONFIG` or
/// `~/.docker`, then `auth.json` of the container tools in `$XDG_RUNTIME_DIR/containers`.
package struct CredentialStore: Sendable {
    /// The files that are asked, in this order; missing ones are passed over.
    package let paths: [String]
    /// The directory of the last file where it is not below the user's home, and so could be somebody else's.
    private let runtimeFolder: String?

    /// The store of a user with this environment.
    package init(environment: [String: String]) {
        var paths: [String] = []
        if let folder = environment["DOCKER_CONFIG"], !folder.isEmpty {
            paths.append(folder + "/config.json")
        } else if let home = environment["HOME"], !home.isEmpty {
            paths.append(home + "/.docker/config.json")
        }
        runtimeFolder = environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 + "/containers" }
        if let runtimeFolder { paths.append(runtimeFolder + "/auth.json") }
        self.paths = paths
    }

    /// The credential for the repository `path` at the registry `domain`; nil where none is stored. An entry for
    /// a part of the registry ("host/owner") goes before one for the whole.
    /// Throws where a file cannot be read or is not JSON of the right form, others may write to the directory of
    /// `auth.json`, or a credential helper fails. An `auth.json` in another user's directory (`XDG_RUNTIME_DIR` after
    /// su(1)) is passed over.
    package func credential(domain: String, path: String) throws(RegistryError) -> Credential? {
        for file in paths {
            guard try isTrusted(file), let configuration = try Self.read(file) else { continue }
            if let found = try Self.credential(in: configuration, file, domain: domain, path: path) { return found }
        }
        return nil
    }

    private func isTrusted(_ file: String) throws(RegistryError) -> Bool {
        guard let runtimeFolder, file == runtimeFolder + "/auth.json" else { return true }
        do throws(PrivateDirectory.Refusal) {
            // A group of its own for each user is common.
            _ = try PrivateDirectory.open(runtimeFolder, following: true, forbidden: 0o002)
            return true
        } catch {
            switch error {
            case .foreign, .notDirectory: return false
            case .failed(let failure) where failure.errno == .noEntry: return false
            case .failed(let failure): throw .credentialFile(path: file, cause: failure.errno.description)
            case .writable: throw .credentialFile(path: file, cause: "in its directory, \(error)")
            }
        }
    }

    struct Configuration: Decodable {
        struct Entry: Decodable {
            var auth: String?
            var username: String?
            var password: String?
            var identitytoken: String?
            var registrytoken: String?
        }
        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    private static func read(_ file: String) throws(RegistryError) -> Configuration? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Files.read(file, limit: 16 << 20)
        } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw .credentialFile(path: file, cause: error.errno.description)
        }
        if bytes.allSatisfy({ $0 <= 32 }) { return nil }
        do throws(JSONError) {
            return try JSONTree.decode(from: bytes)
        } catch { throw .credentialFile(path: file, cause: error.description) }
    }

    private static func credential(
        in configuration: Configuration, _ file: String, domain: String, path: String
    ) throws(RegistryError) -> Credential? {
        let names = names(of: domain)
        for name in names {
            guard let helper = configuration.credHelpers?[name], !helper.isEmpty else { continue }
            return try CredentialHelper(suffix: helper).credential(server: server(of: domain))
        }
        if let helper = configuration.credsStore, !helper.isEmpty {
            if let found = try CredentialHelper(suffix: helper).credential(server: server(of: domain)) { return found }
        }
        guard let auths = configuration.auths else { return nil }
        let byName = Dictionary(auths.map { (normalized($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
        for key in scopes(of: path).flatMap({ scope in names.map { $0 + scope } }) {
            guard let entry = byName[key] else { continue }
            if let found = try credential(of: entry, file, key) { return found }
        }
        return nil
    }

    private static func credential(
        of entry: Configuration.Entry, _ file: String, _ key: String
    ) throws(RegistryError) -> Credential? {
        if let token = entry.identitytoken, !token.isEmpty { return .identityToken(token) }
        if let token = entry.registrytoken, !token.isEmpty { return .accessToken(token) }
        if let auth = entry.auth, !auth.isEmpty {
            guard let data = Base64.decoded(auth.utf8), let colon = data.firstIndex(of: 58) else {
                throw .credentialFile(path: file, cause: "the \"auth\" of \(key) is not base64 of user:password")
            }
            let user = String(decoding: data[..<colon], as: UTF8.self)
            var password = data[data.index(after: colon)...]
            // Docker's client has written passwords with zero bytes behind them.
            while password.last == 0 { password.removeLast() }
            return .password(user: user, password: String(decoding: password, as: UTF8.self))
        }
        if let user = entry.username, let password = entry.password, !user.isEmpty {
            return .password(user: user, password: password)
        }
        return nil
    }

    /// The names that files have for the registry `domain`.
    static func names(of domain: String) -> [String] {
        domain == Reference.defaultDomain ? ["index.docker.io", "docker.io", "registry-1.docker.io"] : [domain]
    }

    /// The name by which helpers know the registry.
    static func server(of domain: String) -> String {
        domain == Reference.defaultDomain ? "https://index.docker.io/v1/" : domain
    }

    /// A key without scheme and version: "host" of "https://host/v1/".
    static func normalized(_ key: String) -> String {
        var name = Substring(key)
        for scheme in ["https://", "http://"] where name.begins(with: scheme) {
            name = name.dropping(scheme.utf8.count)
        }
        while name.ends(with: "/") { name = name.droppingLast(1) }
        for version in ["/v1", "/v2"] where name.ends(with: version) { name = name.droppingLast(version.utf8.count) }
        return String(name)
    }

    /// "/a/b", "/a", "" for "a/b".
    private static func scopes(of path: String) -> [String] {
        let parts = path.split(on: "/")
        return (0...parts.count).reversed().map { parts[..<$0].map { "/" + $0 }.joined() }
    }
}
