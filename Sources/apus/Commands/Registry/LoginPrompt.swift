import Engine
import Glibc
import Linux

/// Asks on a terminal for what the command line does not say.
struct LoginPrompt {
    private let context: Context
    /// nil where there is no terminal to ask on.
    private let input: HiddenInput?

    /// The prompt on standard input. Throws `SystemError`. To be made before anything has threads.
    init(_ context: Context) throws {
        self.context = context
        input = Terminal.isTerminal(STDIN_FILENO) ? try HiddenInput(STDIN_FILENO) : nil
    }

    /// The user name and the password, of which those that are empty are asked for; `known` is who was logged in before. Throws where
    /// there is nobody to ask, or no answer.
    func ask(
        user: String, password: String, known: String?, _ server: RegistryAccounts.Server
    ) throws -> (user: String, password: String) {
        var user = Self.trimmed(user)
        guard !user.isEmpty && !password.isEmpty || input != nil else {
            throw try refusal("Error: Cannot perform an interactive login from a non TTY device")
        }
        if user.isEmpty { user = try askUser(known: known, server) }
        // A password of blanks is asked for, too, as with Docker.
        return (user, Self.trimmed(password).isEmpty ? try askPassword(server) : password)
    }

    private func askUser(known: String?, _ server: RegistryAccounts.Server) throws -> String {
        if server.isDefault {
            try context.output.line(
                "Log in with your Docker ID or email address to push and pull images from Docker Hub. "
                    + "If you don't have a Docker ID, head over to https://hub.docker.com/ to create one.\n"
                    + "You can log in with your password or a Personal Access Token (PAT). Using a limited-scope PAT"
                    + " grants better security and is required for organizations using SSO. Learn more at"
                    + " https://docs.docker.com/go/access-tokens/\n")
        }
        let known = known.flatMap { $0.isEmpty ? nil : $0 }
        try context.output.write(known.map { "Username (\($0)): " } ?? "Username: ")
        try context.output.flush()
        let answer = Self.trimmed(try Self.text(try HiddenInput.line(of: STDIN_FILENO) ?? [], "user name"))
        guard let user = answer.isEmpty ? known : answer else { throw try refusal("Error: Non-null Username Required") }
        return user
    }

    private func askPassword(_ server: RegistryAccounts.Server) throws -> String {
        try input?.hide()
        defer { input?.show() }
        if server.isDefault {
            try context.errors.write(
                """

                 Info -> A Personal Access Token (PAT) can be used instead.
                         To create a PAT, visit https://app.docker.com/settings


                """)
        }
        try context.output.write("Password: ")
        try context.output.flush()
        let line = try HiddenInput.line(of: STDIN_FILENO) ?? []
        try context.output.line("")
        try context.output.flush()
        let password = Self.trimmed(try Self.text(line, "password"))
        guard !password.isEmpty else { throw try refusal("Error: Password Required") }
        return password
    }

    /// The error behind a sentence of Docker's own form, which scripts look for.
    private func refusal(_ sentence: String) throws -> CommandFailure {
        try context.output.flush()
        try context.errors.line(sentence)
        return CommandFailure("")
    }

    /// `bytes` as text; `what` is what an error calls it. Throws for what is no UTF-8: repaired, it would be something else.
    static func text(_ bytes: [UInt8], _ what: String) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("the \(what) is no UTF-8")
        }
        return text
    }

    /// Without blanks around it, which Docker's prompts do not take.
    private static func trimmed(_ text: String) -> String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        let bytes = Array(text.utf8)
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
