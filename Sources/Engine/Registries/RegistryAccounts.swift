package import Errors
import Registry

/// `login` and `logout`: who the user is to registries. It needs no store.
package struct RegistryAccounts: Sendable {
    /// A registry, as its users name it.
    package struct Server: Sendable {
        fileprivate let value: LoginServer
        /// The host with its port; the address of Docker's own registry.
        package var name: String { value.key }
        /// Whether it is Docker's own.
        package var isDefault: Bool { value.isDefault }
    }

    /// Who is logged in.
    package struct Account: Sendable {
        package let user: String
        /// nil where the registry gave an identity token for it.
        package let password: String?
    }

    /// What failed while credentials were erased: under which name of the registry, and why.
    package struct EraseFailure: Sendable {
        package let name: String
        package let cause: String
    }

    private let file: CredentialFile
    private let options: RegistryOptions

    /// The accounts of the client's configuration in the directory `configuration`; `agent` is what registries are told to be
    /// talking to.
    package init(configuration: String, agent: String) {
        file = CredentialFile(directory: configuration)
        var options = RegistryOptions()
        options.userAgent = agent
        options.environment["DOCKER_CONFIG"] = configuration
        self.options = options
    }

    /// The registry that `text` names, a host or an address; nil and the empty text mean Docker's own. Throws for what is no host.
    package func server(_ text: String?) throws(EngineError) -> Server {
        try engine { Server(value: try LoginServer(text ?? "")) }
    }

    /// Who is logged in at `server`; nil where nobody is. Throws where the file or the helper that knows cannot be used.
    package func account(at server: Server) throws(EngineError) -> Account? {
        try engine {
            try file.account(at: server.value).map { Account(user: $0.user, password: $0.password) }
        }
    }

    /// Asks the registry whether it accepts the password. Returns the identity token that it gave in its place, or nil. Throws;
    /// `forbidden` where it does not accept it.
    package func check(user: String, password: String, at server: Server) async throws(EngineError) -> String? {
        do {
            return try await RegistryLogin(server.value, options: options).check(user: user, password: password)
        } catch { throw EngineError(error) }
    }

    /// Keeps what was accepted. Returns the file in which a password stands now that did not before; nil where there is none.
    /// Throws where it cannot be kept.
    package func store(
        user: String, password: String, identityToken: String?, for server: Server
    ) throws(EngineError) -> String? {
        try engine {
            let place = try file.store(
                user: user, password: password, identityToken: identityToken, for: server.value)
            guard case .file(let path, isNew: true) = place, identityToken == nil else { return nil }
            return path
        }
    }

    /// Whether `$DOCKER_AUTH_CONFIG` has credentials for `server`, which go before those that are stored. Throws where it cannot be read.
    package func isOverruled(at server: Server) throws(EngineError) -> Bool {
        try engine { try CredentialStore(environment: options.environment).isOverruled(at: server.value) }
    }

    /// Forgets the credentials of `server`. Returns what could not be erased, where nothing could. Throws where the file cannot
    /// be used.
    package func erase(_ server: Server) throws(EngineError) -> [EraseFailure] {
        try engine { try file.erase(server.value).map { EraseFailure(name: $0.name, cause: $0.cause) } }
    }
}
