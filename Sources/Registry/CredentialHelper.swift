import Bytes
import JSON
import Linux

/// A program `docker-credential-NAME` that keeps credentials (the protocol of docker-credential-helpers: the verb
/// as its argument, the server's name on standard input, JSON on standard output).
struct CredentialHelper {
    let program: String

    init(suffix: String) { program = "docker-credential-" + suffix }

    /// What the program has for `server`; nil where it has nothing. Throws where it is missing or fails.
    func credential(server: String) throws(RegistryError) -> Credential? {
        guard !program.has("/") else { throw .credentialHelper(program, cause: "its name has a slash") }
        let result: HelperProgram.Result
        do throws(SystemError) {
            result = try HelperProgram.run(program, ["get"], input: Array(server.utf8))
        } catch {
            let cause = error.errno == .noEntry ? "it is not in PATH" : error.errno.description
            throw .credentialHelper(program, cause: cause)
        }
        guard result.status == .exited(code: 0) else {
            let said = ErrorBody.oneLine(String(decoding: result.output, as: UTF8.self))
            if said.contains("credentials not found") { return nil }
            throw .credentialHelper(program, cause: said.isEmpty ? "it ended with \(result.status.shellCode)" : said)
        }
        guard let answer = try? JSONTree.decode(Answer.self, from: result.output) else {
            throw .credentialHelper(program, cause: "its answer is no JSON with Username and Secret")
        }
        if answer.user.isEmpty && answer.secret.isEmpty { return nil }
        if answer.user == "<token>" { return .identityToken(answer.secret) }
        return .password(user: answer.user, password: answer.secret)
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
