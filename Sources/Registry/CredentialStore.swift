import Bytes
import JSON
import Linux
import OCI

/// The credentials of the user's configuration: `$DOCKER_AUTH_CONFIG`, then files: `config.json` of Docker's client in `$DOCKER_CONFIG` or
/// `~/.docker`, then `auth.json` of the container tools: in `$REGISTRY_AUTH_FILE` alone where that is set, otherwise in
/// `$XDG_RUNTIME_DIR/containers` and in `$XDG_CONFIG_HOME/containers` (`~/.config/containers`). The first file that has an
/// entry for a repository decides.
package struct CredentialStore: Sendable {
    /// The files that are asked, in this order; missing ones are passed over.
    package let paths: [String]
    /// What the environment itself has: the text of a `config.json`, of which the entries count (Docker's client reads it since 28.3).
    private let text: String?
    /// The directory of a file that is not below the user's home, and so could be somebody else's.
    private let runtimeFolder: String?

    /// The store of a user with this environment.
    package init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        text = value(Self.variable)
        let home = value("HOME")
        var paths: [String] = []
        if let folder = value("DOCKER_CONFIG") ?? home.map({ $0 + "/.docker" }) {
            paths.append(folder + "/config.json")
        }
        if let file = value("REGISTRY_AUTH_FILE") {
            runtimeFolder = nil
            paths.append(file)
        } else {
            runtimeFolder = value("XDG_RUNTIME_DIR").map { $0 + "/containers" }
            let configuration = value("XDG_CONFIG_HOME") ?? home.map { $0 + "/.config" }
            for folder in [runtimeFolder, configuration.map { $0 + "/containers" }] {
                if let folder { paths.append(folder + "/auth.json") }
            }
        }
        self.paths = paths
    }

    /// The credential for the repository `path` at the registry `domain`; nil where none is stored. An entry for
    /// a part of the registry ("host/owner") goes before one for the whole.
    /// Throws where a file cannot be read or is not JSON of the right form, others may write to the directory of
    /// `auth.json`, or a credential helper fails. An `auth.json` in another user's directory (`XDG_RUNTIME_DIR` after
    /// su(1)) is passed over.
    package func credential(domain: String, path: String) throws(RegistryError) -> Credential? {
        if let found = try ownCredential(domain: domain, path: path) { return found }
        for file in paths {
            guard try isTrusted(file), let configuration = try Self.read(file) else { continue }
            if let found = try Self.credential(in: configuration, file, domain: domain, path: path) { return found }
        }
        return nil
    }

    /// The variable that can have credentials itself.
    static let variable = "DOCKER_AUTH_CONFIG"

    /// What the environment itself has for a repository. Throws where that is not JSON of the right form.
    private func ownCredential(domain: String, path: String) throws(RegistryError) -> Credential? {
        guard let text else { return nil }
        let configuration: Configuration
        do throws(JSONError) { configuration = try JSONTree.decode(from: Array(text.utf8)) } catch {
            throw .credentialFile(path: "$" + Self.variable, cause: error.description)
        }
        return try Self.credential(in: configuration.auths ?? [:], "$" + Self.variable, domain: domain, path: path)
    }

    /// Whether the environment itself has credentials for all of the registry, which go before those of every file. Throws as
    /// `credential`.
    package func isOverruled(at server: LoginServer) throws(RegistryError) -> Bool {
        try ownCredential(domain: server.domain, path: "") != nil
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

            /// Whether nothing is in it: a helper has the credentials, and the entry tells that there are any.
            var isEmpty: Bool {
                [auth, username, password, identitytoken, registrytoken].allSatisfy { $0?.isEmpty ?? true }
            }
        }
        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?

        /// The program for a registry that is known by any of `names`: its own, or else that for all; nil where the file itself
        /// has its credentials, as an empty name says.
        func helper(for names: [String]) -> CredentialHelper? {
            let suffix = names.lazy.compactMap { credHelpers?[$0] }.first ?? credsStore ?? ""
            return suffix.isEmpty ? nil : CredentialHelper(suffix: suffix)
        }

        /// Whether the file has credentials, or says who has.
        var hasCredentials: Bool {
            !(auths ?? [:]).isEmpty || !(credHelpers ?? [:]).isEmpty || !(credsStore ?? "").isEmpty
        }
    }

    /// What `file` says; nil where it is missing or empty. Throws where it cannot be read, or is not JSON of the right form.
    static func read(_ file: String) throws(RegistryError) -> Configuration? {
        guard let bytes = try bytes(file, called: file) else { return nil }
        do throws(JSONError) {
            return try JSONTree.decode(from: bytes)
        } catch { throw .credentialFile(path: file, cause: error.description) }
    }

    /// The content of `file`, which errors call `name`; nil where there is none.
    static func bytes(_ file: String, called name: String) throws(RegistryError) -> [UInt8]? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Files.read(file, limit: CredentialFile.sizeLimit)
        } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw .credentialFile(path: name, cause: error.errno.description)
        }
        return bytes.allSatisfy { $0 == 32 || (9...13).contains($0) } ? nil : bytes
    }

    private static func credential(
        in configuration: Configuration, _ file: String, domain: String, path: String
    ) throws(RegistryError) -> Credential? {
        let names = [server(of: domain)] + names(of: domain)
        if let helper = configuration.helper(for: names) {
            let found = try helper.credential(server: server(of: domain))
            // The helper of one registry alone has the last word on it.
            if found != nil || names.contains(where: { configuration.credHelpers?[$0] != nil }) { return found }
        }
        return try credential(in: configuration.auths ?? [:], file, domain: domain, path: path)
    }

    /// The credential that `auths`, entries of `file`, have for a repository; that of the longest part of its name.
    static func credential(
        in auths: [String: Configuration.Entry], _ file: String, domain: String, path: String
    ) throws(RegistryError) -> Credential? {
        var byName: [String: Configuration.Entry] = [:]
        // Of several spellings of a name the plain one counts, then the first in the order of their bytes.
        for (key, entry) in auths.sorted(by: { $0.key.comes(before: $1.key) }) where !entry.isEmpty {
            let name = normalized(key)
            if key.isSame(as: name) || byName[name] == nil { byName[name] = entry }
        }
        for key in scopes(of: path).flatMap({ scope in names(of: domain).map { $0 + scope } }) {
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
        domain == Reference.defaultDomain ? LoginServer.defaultKey : domain
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
