import Bytes
import Glibc
import JSON
import Linux

/// A program `docker-credential-NAME` that keeps credentials (the protocol of docker-credential-helpers: the verb
/// as its argument, the server's name or JSON on standard input, JSON on standard output).
struct CredentialHelper {
    let program: String

    /// The user name that stands for "the secret is an identity token".
    static let tokenUser = "<token>"

    init(suffix: String) { program = "docker-credential-" + suffix }

    /// The helper that Docker's client takes where no file names one; nil where this machine has none: `pass` where that is
    /// installed, otherwise `secretservice`.
    static func standard() -> String? {
        let suffix = HelperProgram.path(of: "pass") == nil ? "secretservice" : "pass"
        return HelperProgram.path(of: "docker-credential-" + suffix) == nil ? nil : suffix
    }

    /// What the program has for `server`; nil where it has nothing. Throws where it is missing or fails.
    func credential(server: String) throws(RegistryError) -> Credential? {
        switch try run("get", Array(server.utf8)) {
        case .failed(let said):
            if Self.isMissing(said) { return nil }
            throw .credentialHelper(program, cause: said)
        case .done(let output):
            guard let answer = try? JSONTree.decode(Answer.self, from: output) else {
                throw .credentialHelper(program, cause: "its answer is no JSON with Username and Secret")
            }
            if answer.user.isEmpty && answer.secret.isEmpty { return nil }
            if answer.user.isSame(as: Self.tokenUser) { return .identityToken(answer.secret) }
            return .password(user: answer.user, password: answer.secret)
        }
    }

    /// Has the program keep `secret` for `server`. Throws where it is missing or fails.
    func store(server: String, user: String, secret: String) throws(RegistryError) {
        var writer = JSONWriter.object()
        for (name, value) in [("ServerURL", server), ("Username", user), ("Secret", secret)] {
            writer.name(name)
            writer.string(value)
        }
        if case .failed(let said) = try run("store", writer.finished()) {
            // A program that complains about its input may repeat it.
            let isHarmless = !Secret(secret).isIn(said)
            throw .credentialHelper(
                program, cause: isHarmless ? said : "it refused to store them (what it said had the secret in it)")
        }
    }

    /// Has the program forget what it has for `server`, which may be nothing. Throws where it is missing or fails.
    func erase(server: String) throws(RegistryError) {
        if case .failed(let said) = try run("erase", Array(server.utf8)), !Self.isMissing(said) {
            throw .credentialHelper(program, cause: said)
        }
    }

    /// The sentence of the protocol for a server that nothing is kept for, in which programs differ only by what is around it.
    private static func isMissing(_ said: String) -> Bool { said.contains("credentials not found") }

    private enum Outcome {
        case done([UInt8])
        /// One line of what it said, or how it ended.
        case failed(String)
    }

    private func run(_ verb: String, _ input: [UInt8]) throws(RegistryError) -> Outcome {
        guard !program.has("/"), !program.has("\0") else {
            throw .credentialHelper(program, cause: "its name has a slash")
        }
        let result: HelperProgram.Result
        do throws(SystemError) {
            result = try HelperProgram.run(program, [verb], input: input)
        } catch {
            let cause =
                switch error.errno {
                case .noEntry: "it is not in PATH"
                case Errno(EFBIG): "it answers with more than 1 MiB"
                default: error.errno.description
                }
            throw .credentialHelper(program, cause: cause)
        }
        if result.status == .exited(code: 0) { return .done(result.output) }
        let said = ErrorBody.oneLine(String(decoding: result.output, as: UTF8.self))
        return .failed(said.isEmpty ? "it ended with \(result.status.shellCode)" : said)
    }

    private struct Answer: Decodable {
        var user: String
        var secret: String
        enum CodingKeys: String, CodingKey {
            case user = "Username"
            case secret = "Secret"
        }
    }
}
