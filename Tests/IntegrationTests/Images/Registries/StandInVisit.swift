import Linux
import TestSupport
import Testing

/// A user with a small image, who goes to a registry.
struct StandInVisit {
    let sandbox: Sandbox
    let registry: StandInRegistry

    /// Runs `body` as `user`, who has the image `small:1`, and `small:2`, another one.
    static func with(_ user: TestUser, _ registry: StandInRegistry, _ body: (StandInVisit) throws -> Void) throws {
        let layer = try HostilePullTests.layer()
        try withSandbox(user) { sandbox throws in
            for tag in ["1", "2"] {
                try sandbox.output("import", "--change", "ENV VERSION=\(tag)", "-", "small:\(tag)", input: layer)
            }
            try body(StandInVisit(sandbox: sandbox, registry: registry))
        }
    }

    var host: String { registry.host }

    /// Runs `apus` with variables that take the place of the sandbox's own.
    func apus(_ words: String..., environment: [String] = []) throws -> ProgramResult {
        let program = try RunningProgram(
            sandbox.spawn("/usr/bin/env", environment + [Executable.path] + words))
        program.closeInput()
        return try program.wait()
    }

    func login(_ user: String, _ password: String) throws -> ProgramResult {
        try sandbox.apus("login", "-u", user, "--password-stdin", host, input: Array(password.utf8))
    }

    /// Logs in, and expects that to go well.
    func loggedIn(_ user: String, _ password: String, _ place: SourceLocation = #_sourceLocation) throws {
        let result = try login(user, password)
        #expect(result.code == 0 && result.text.contains("Login Succeeded"), "\(result)", sourceLocation: place)
    }

    /// Pushes an image as `name`, below the registry.
    func push(_ image: String, as name: String) throws -> ProgramResult {
        try sandbox.output("tag", image, "\(host)/\(name)")
        return try sandbox.apus("push", "-q", "\(host)/\(name)")
    }

    /// Pushes an image, forgets it here, and pulls it back; expects all of it to go well.
    func sendAndFetch(_ image: String, as name: String, _ place: SourceLocation = #_sourceLocation) throws {
        let pushed = try push(image, as: name)
        #expect(pushed.code == 0, "\(pushed)", sourceLocation: place)
        let id = try sandbox.output("image", "inspect", "--format", "{{.Id}}", image)
        try sandbox.output("rmi", image, "\(host)/\(name)")
        let pulled = try sandbox.apus("pull", "-q", "\(host)/\(name)")
        #expect(pulled.code == 0, "\(pulled)", sourceLocation: place)
        guard pulled.code == 0 else { return }
        try sandbox.output("tag", "\(host)/\(name)", image)
        #expect(
            try sandbox.output("image", "inspect", "--format", "{{.Id}}", image) == id, sourceLocation: place)
    }

    /// The digest by which the image was pushed or pulled as `name`.
    func digest(_ name: String) throws -> String {
        let text = try sandbox.output(
            "image", "inspect", "--format", "{{range .RepoDigests}}{{println .}}{{end}}", "\(host)/\(name)")
        let repository = "\(host)/\(name.prefix { $0 != ":" })@"
        let found = text.split(separator: "\n").first { $0.hasPrefix(repository) }
        return try String(#require(found).dropFirst(repository.count))
    }

    /// Expects `words` to fail with a sentence.
    func refuses(_ words: String..., saying sentence: String, _ place: SourceLocation = #_sourceLocation) throws {
        let result = try sandbox.apus(words)
        #expect(result.code == 1, "\(result)", sourceLocation: place)
        #expect(result.errorText == "apus: \(sentence)\n", sourceLocation: place)
    }

    /// Expects a push to fail with a sentence.
    func refusesPush(
        _ image: String, as name: String, saying sentence: String, _ place: SourceLocation = #_sourceLocation
    ) throws {
        let result = try push(image, as: name)
        #expect(result.code == 1, "\(result)", sourceLocation: place)
        #expect(result.errorText == "apus: \(sentence)\n", sourceLocation: place)
    }
}
