import DockerTypes
import Engine
import Errors
import Flags
import Glibc
import Linux

extension Verb {
    static let login = Verb(
        id: "login",
        syntax: CommandSyntax(
            summary: "Authenticate to a registry", usage: ["[OPTIONS] [SERVER]"],
            description: "Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.",
            flags: [
                Flag("password", "p", .string, "Password or Personal Access Token (PAT)"),
                Flag("password-stdin", nil, .bool, "Take the Password or Personal Access Token (PAT) from stdin"),
                Flag("username", "u", .string, "Username"),
            ],
            arguments: .atMost(1))
    ) { parsed, context in try Login(parsed, context).run() }

    static let logout = Verb(
        id: "logout",
        syntax: CommandSyntax(
            summary: "Log out from a registry", usage: ["[SERVER]"],
            description: "Log out from a registry.\nDefaults to Docker Hub if no server is specified.",
            arguments: .atMost(1))
    ) { parsed, context in
        let accounts = RegistryAccounts(context)
        let server = try accounts.server(parsed.positionals.first)
        try context.output.line("Removing login credentials for \(server.name)")
        let failures = try accounts.erase(server)
        if try accounts.isOverruled(at: server) {
            context.warn("DOCKER_AUTH_CONFIG still has credentials for \(server.name): unset it, too")
        }
        if !failures.isEmpty { try context.errors.line("WARNING: could not erase credentials:") }
        for failure in failures { try context.errors.line("\(failure.name): \(failure.cause)") }
        return 0
    }
}

extension RegistryAccounts {
    fileprivate init(_ context: Context) {
        self.init(configuration: context.options.config, agent: "apus/\(VersionInfo.number)")
    }
}

/// `apus login`.
struct Login {
    private let context: Context
    private let accounts: RegistryAccounts
    private let server: RegistryAccounts.Server
    private let user: String
    private let password: String
    private let readsPassword: Bool

    init(_ parsed: ParsedArguments, _ context: Context) throws {
        if parsed.isSet("password-stdin") {
            guard !parsed.isSet("password") else {
                throw CommandFailure("conflicting options: cannot specify both --password and --password-stdin")
            }
            guard parsed.isSet("username") else {
                throw CommandFailure("the --password-stdin option requires --username to be set")
            }
        }
        user = parsed.string("username") ?? ""
        password = parsed.string("password") ?? ""
        readsPassword = parsed.bool("password-stdin")
        if parsed.isSet("username"), user.isEmpty { throw CommandFailure("username is empty") }
        if parsed.isSet("password"), password.isEmpty { throw CommandFailure("password is empty") }
        self.context = context
        accounts = RegistryAccounts(context)
        server = try accounts.server(parsed.positionals.first)
    }

    func run() throws -> CInt {
        if !password.isEmpty {
            try context.errors.line("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
        }
        var password = password
        if readsPassword { password = try Self.readPassword() }
        // Before anything has threads.
        let prompt = try LoginPrompt(context)
        var known: RegistryAccounts.Account?
        if user.isEmpty, password.isEmpty {
            known = try accounts.account(at: server)
            if let known, let stored = known.password, !known.user.isEmpty, !stored.isEmpty,
                try isAccepted(known.user, stored)
            {
                return 0
            }
        }
        let asked = try prompt.ask(user: user, password: password, known: known?.user, server)
        try logIn(asked.user, asked.password)
        return 0
    }

    /// Tries what is stored, and says how that went.
    private func isAccepted(_ user: String, _ password: String) throws -> Bool {
        try context.errors.write(
            """
            Authenticating with existing credentials... [Username: \(user)]

             Info -> To login with a different account, run '\(Context.program) logout' followed by '\(Context.program) login'



            """)
        do throws(EngineError) { try logIn(user, password) } catch {
            // An answer that says nothing of the credentials is told, and they may be given again.
            let why = error.kind == .forbidden ? "Stored credentials invalid or expired" : nil
            try context.errors.line(why ?? "Login did not succeed, error: \(error.message)")
            return false
        }
        return true
    }

    private func logIn(_ user: String, _ password: String) throws(EngineError) {
        let (accounts, server) = (accounts, server)
        try engine {
            NameService.restrict()
            let token = try waitFor { try await accounts.check(user: user, password: password, at: server) }
            if let file = try accounts.store(user: user, password: password, identityToken: token, for: server) {
                try context.errors.write(Self.warning(file))
            }
            if try accounts.isOverruled(at: server) { context.warn(Self.overruled(server)) }
            try context.output.line("Login Succeeded")
        }
    }

    private static func overruled(_ server: RegistryAccounts.Server) -> String {
        "DOCKER_AUTH_CONFIG has credentials for \(server.name), too, and these are used as long as it is set"
    }

    private static func warning(_ file: String) -> String {
        """

        WARNING! Your credentials are stored unencrypted in '\(file)'.
        Configure a credential helper to remove this warning. See
        https://docs.docker.com/go/credential-store/


        """
    }

    /// The whole of standard input without the end of its last line.
    private static func readPassword() throws -> String {
        let input = FileDescriptor(owning: try check("dup") { dup(STDIN_FILENO) })
        var bytes = try input.readAll(limit: 1 << 20)
        if bytes.last == 10 { bytes.removeLast() }
        if bytes.last == 13 { bytes.removeLast() }
        return try LoginPrompt.text(bytes, "password")
    }
}
