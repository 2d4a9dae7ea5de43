import Bytes
import Glibc
import JSON
import Linux

/// The `config.json` of Docker's client, as `login` and `logout` change it: what else is in it stays.
package struct CredentialFile: Sendable {
    package let path: String

    /// The largest file that is read, in bytes.
    static let sizeLimit = 16 << 20

    /// The file in the client's directory of configuration.
    package init(directory: String) { path = directory + "/config.json" }

    /// Where credentials went.
    package enum Place: Equatable, Sendable {
        /// Into a program, by its name.
        case helper(String)
        /// Into the file at a path, where whoever reads the file reads them; or they were there already.
        case file(String, isNew: Bool)
    }

    /// A user name and what goes with it.
    package struct Account: Equatable, Sendable {
        package let user: String
        /// nil where an identity token stands in its place.
        package let password: String?

        package init(user: String, password: String?) {
            self.user = user
            self.password = password
        }
    }

    /// Who is logged in at `server`, by this file or its helper; nil where nobody is. Throws where the file cannot be used, or a
    /// helper fails.
    package func account(at server: LoginServer) throws(RegistryError) -> Account? {
        guard let configuration = try CredentialStore.read(path) else { return nil }
        let credential: Credential?
        if let helper = configuration.helper(for: server.spellings) {
            credential = try helper.credential(server: server.key)
        } else {
            credential = try CredentialStore.credential(
                in: configuration.auths ?? [:], path, domain: server.domain, path: "")
        }
        switch credential {
        case .password(let user, let password): return Account(user: user, password: password)
        case .identityToken:
            let entry = configuration.auths?.first { server.isNamed($0.key) && $0.value.auth != nil }
            let bytes = entry?.value.auth.flatMap { Base64.decoded($0.utf8) } ?? []
            return Account(user: String(decoding: bytes.prefix { $0 != 58 }, as: UTF8.self), password: nil)
        case .accessToken, nil: return nil
        }
    }

    /// Keeps a password, or an identity token in its place, for `server`: by the helper that the file names, else in the file.
    /// Throws where that cannot be done; the file is then as it was.
    package func store(
        user: String, password: String, identityToken: String?, for server: LoginServer
    ) throws(RegistryError) -> Place {
        let configuration = try CredentialStore.read(path)
        // Docker's client takes what the machine has as long as nothing was ever stored.
        let standard = configuration?.hasCredentials == true ? nil : CredentialHelper.standard()
        let helper =
            configuration?.helper(for: server.spellings) ?? standard.map { CredentialHelper(suffix: $0) }
        var entry: [(String, String)] = []
        if let helper {
            try helper.store(
                server: server.key, user: identityToken == nil ? user : CredentialHelper.tokenUser,
                secret: identityToken ?? password)
        } else {
            entry = [("auth", Base64.encoded(Array("\(user):\(identityToken == nil ? password : "")".utf8)))]
            if let identityToken { entry.append(("identitytoken", identityToken)) }
        }
        let isNew = try change { tree throws(RegistryError) in
            var auths = try entries(tree) ?? .object([])
            // What was there before must not be found beside it, under another name of the registry.
            let others = (auths.members ?? []).map(\.name).filter { server.isNamed($0) && !$0.isSame(as: server.key) }
            for name in others { auths[key: name] = nil }
            let kept = (auths[key: server.key]?.members ?? []).filter { !Self.isSecret($0.name) }
            auths[key: server.key] = .object(kept + entry.map { .init($0.0, .string($0.1)) })
            tree["auths"] = auths
            if let standard { tree["credsStore"] = .string(standard) }
        }
        return helper.map { .helper($0.program) } ?? .file(path, isNew: isNew)
    }

    /// Forgets what is stored for `server`, in the file and by its helper. Gives what failed: the name that was to be erased, and
    /// why; nothing where any of the registry's names could be. Throws where the file cannot be used.
    package func erase(_ server: LoginServer) throws(RegistryError) -> [(name: String, cause: String)] {
        var failures: [(name: String, cause: String)] = []
        if let helper = try CredentialStore.read(path)?.helper(for: server.spellings) {
            for name in server.spellings {
                do throws(RegistryError) { try helper.erase(server: name) } catch {
                    failures.append((name, error.description))
                }
            }
            if failures.count < server.spellings.count { failures = [] }
        }
        guard try CredentialStore.read(path) != nil else { return failures }
        try change { tree throws(RegistryError) in
            guard var auths = try entries(tree), let members = auths.members else { return }
            for member in members where server.isNamed(member.name) { auths[key: member.name] = nil }
            tree["auths"] = auths
        }
        return failures
    }

    private static func isSecret(_ name: String) -> Bool {
        ["auth", "username", "password", "identitytoken", "registrytoken"].contains(name.lowercased())
    }

    private func entries(_ tree: JSONTree) throws(RegistryError) -> JSONTree? {
        switch tree["auths"] {
        case nil, .null: return nil
        case .object(let members): return .object(members)
        default: throw .credentialFile(path: path, cause: "auths is no object")
        }
    }

    // MARK: - The file

    /// Reads, changes and replaces the file, one process of ours at a time. Returns whether there was anything to change.
    @discardableResult
    private func change(_ edit: (inout JSONTree) throws(RegistryError) -> Void) throws(RegistryError) -> Bool {
        let target = try failing { () throws(SystemError) in try Self.target(of: path) }
        let parent = Files.split(target).parent
        let folder = try failing { () throws(SystemError) in
            try Files.makeDirectories(parent, mode: 0o700)
            let folder = try FileDescriptor.open(parent, O_RDONLY | O_DIRECTORY)
            do throws(SystemError) { try folder.lock() } catch {
                // Some file systems have no locks; everybody else writes this file without one anyway.
                guard error.errno == Errno(ENOLCK) || error.errno == .notSupported || error.errno == .invalid else {
                    throw error
                }
            }
            return folder
        }
        defer { folder.unlock() }
        let before = try tree(target)
        var after = before ?? .object([])
        guard after.members != nil else { throw .credentialFile(path: path, cause: "it is no JSON object") }
        try edit(&after)
        if after == before { return false }
        try failing { () throws(SystemError) in
            try Self.write(after, to: target)
            try folder.sync()
        }
        return true
    }

    private func tree(_ target: String) throws(RegistryError) -> JSONTree? {
        guard let bytes = try CredentialStore.bytes(target, called: path) else { return nil }
        do throws(JSONError) { return try JSONTree.parse(bytes) } catch {
            throw .credentialFile(path: path, cause: error.description)
        }
    }

    private static func write(_ tree: JSONTree, to target: String) throws(SystemError) {
        var owner: FileStatus?
        do throws(SystemError) { owner = try Files.status(target) } catch {
            guard error.errno == .noEntry else { throw error }
        }
        let file = try WholeFile(target)
        // Of no use to others than their owner, whatever mode it had.
        let number = file.number
        try check("fchmod", target) { fchmod(number, 0o600) }
        if let owner, owner.isRegular, geteuid() == 0 {
            try Files.setOwner(raw: "", in: number, user: owner.user, group: owner.group)
        }
        try file.descriptor.writeAll(text(of: tree))
        try file.keep()
    }

    /// The document as Docker's client writes it: a tab for each level.
    static func text(of tree: JSONTree) -> [UInt8] {
        var bytes: [UInt8] = []
        // No text has a line feed in it, so what is behind one is indentation.
        var isIndentation = true
        for byte in tree.text(indent: 1).utf8 {
            if byte != 32 { isIndentation = byte == 10 }
            bytes.append(isIndentation && byte == 32 ? 9 : byte)
        }
        return bytes
    }

    /// What the name leads to over symbolic links, whether that exists or not: people keep this file elsewhere.
    private static func target(of path: String) throws(SystemError) -> String {
        var current = path
        for _ in 0..<40 {
            guard let link = try Files.linkTarget(current) else { return current }
            current = link.begins(with: "/") ? link : Files.split(current).parent + "/" + link
        }
        throw SystemError("open", path, .loop)
    }

    private func failing<T: ~Copyable>(_ body: () throws(SystemError) -> T) throws(RegistryError) -> T {
        do throws(SystemError) { return try body() } catch {
            throw .credentialFile(path: path, cause: "\(error)")
        }
    }
}
