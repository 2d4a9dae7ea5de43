import Glibc
package import Linux

/// A store, a run directory and a working directory of one test, and our executable run in them as one user.
package final class Sandbox: Sendable {
    package let user: TestUser
    /// An absolute path below /tmp, which no other test has and which the user owns.
    package let path: String

    fileprivate init(_ user: TestUser) throws {
        guard let entry = user.entry else { throw TestFailure("there is no user to be \(user)") }
        self.user = user
        path = "/tmp/apus-it.\(randomHex(bytes: 6))"
        try Files.makeDirectory(path, mode: 0o755)
        for folder in ["home", "data", "run", "work"] {
            try Files.makeDirectory("\(path)/\(folder)", mode: 0o700)
            if getuid() == 0 { try check("chown") { chown("\(path)/\(folder)", entry.uid, entry.gid) } }
        }
        // The machine's own policy must have no say.
        try trust(#"{"default": [{"type": "insecureAcceptAnything"}]}"#)
    }

    /// "NAME=value" for every program of this test.
    package var environment: [String] {
        [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=\(path)/home", "LANG=C.UTF-8",
            "USER=\(user.entry?.name ?? "")", "XDG_DATA_HOME=\(path)/data", "XDG_RUNTIME_DIR=\(path)/run",
            "TMPDIR=\(path)/work",
            // The superuser's store has a fixed place, from which this leads away.
            user == .root ? "APUS_ROOT=\(path)/data" : "", user == .root ? "APUS_RUN=\(path)/run" : "",
            // A supervisor that lingers for the next start would look like one that was left behind.
            "APUS_LINGER=0",
        ].filter { !$0.isEmpty }
    }

    /// Where the user's images, layers and containers are.
    package var store: String { user == .root ? "\(path)/data" : "\(path)/data/apus" }
    /// Where the user's run state is.
    package var runState: String { user == .root ? "\(path)/run" : "\(path)/run/apus" }

    /// How `program` is started as this test's user.
    package func spawn(_ program: String, _ arguments: [String], adding extra: [String] = []) -> Spawn {
        // A name without a slash is searched for in PATH.
        var words = (program.contains("/") ? [] : ["/usr/bin/env"]) + [program] + arguments
        if user != .root, getuid() == 0, let entry = user.entry {
            words =
                [
                    "/usr/bin/setpriv", "--reuid=\(entry.uid)", "--regid=\(entry.gid)", "--init-groups",
                    "--inh-caps=-all",
                ]
                + words
        }
        if user == .single { words = withoutSubordinateIDs + words }
        var result = Spawn(words[0], Array(words[1...]), environment: environment + extra)
        result.workingDirectory = "\(path)/work"
        return result
    }

    /// Starts `apus` with `arguments`.
    package func start(_ arguments: [String], environment: [String] = []) throws -> RunningProgram {
        try RunningProgram(spawn(Executable.path, arguments, adding: environment))
    }

    /// Runs `apus` to its end, with `input` as its standard input. Past `seconds` it is killed, and that is an error.
    package func apus(
        _ arguments: String..., input: [UInt8] = [], environment: [String] = [], seconds: Int = 120
    ) throws -> ProgramResult {
        try apus(arguments, input: input, environment: environment, seconds: seconds)
    }

    /// Runs `apus` to its end, with `input` as its standard input. Past `seconds` it is killed, and that is an error.
    package func apus(
        _ arguments: [String], input: [UInt8] = [], environment: [String] = [], seconds: Int = 120
    ) throws -> ProgramResult {
        let program = try start(arguments, environment: environment)
        if !input.isEmpty { try program.write(input) }
        program.closeInput()
        return try program.wait(seconds: seconds)
    }

    /// Runs `apus` and throws unless it exits with 0; returns its standard output without the last line feed.
    @discardableResult
    package func output(_ arguments: String..., input: [UInt8] = []) throws -> String {
        let result = try apus(arguments, input: input)
        guard result.code == 0 else { throw TestFailure("apus \(arguments.joined(separator: " ")): \(result)") }
        return result.text.hasSuffix("\n") ? String(result.text.dropLast()) : result.text
    }

    /// Runs another program of the machine as this test's user, and throws unless it exits with 0.
    @discardableResult
    package func tool(_ program: String, _ arguments: String..., environment: [String] = []) throws -> ProgramResult {
        let running = try RunningProgram(spawn(program, arguments, adding: environment))
        running.closeInput()
        let result = try running.wait(seconds: 300)
        guard result.code == 0 else {
            throw TestFailure("\(program) \(arguments.joined(separator: " ")): \(result)")
        }
        return result
    }

    /// Makes `policy`, in JSON, what the user lets in (containers-policy.json(5)).
    package func trust(_ policy: String) throws {
        var folder = "\(path)/home"
        for name in [".config", "containers"] {
            folder += "/" + name
            if try !Files.isPresent(folder) { try Files.makeDirectory(folder, mode: 0o700) }
            try give(folder)
        }
        try Files.write(Array(policy.utf8), to: folder + "/policy.json")
        try give(folder + "/policy.json")
    }

    private func give(_ file: String) throws {
        if getuid() == 0, let entry = user.entry { try check("chown") { chown(file, entry.uid, entry.gid) } }
    }

    /// Writes a file of the user's into the working directory; returns its path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: FileMode = 0o644) throws -> String {
        let file = "\(path)/work/\(name)"
        try Files.write(Array(text.utf8), to: file, mode: mode)
        try give(file)
        return file
    }
}

/// Runs `body` with a sandbox of `user`, throws if a process or mount of it is left afterwards, and removes it.
@discardableResult
package func withSandbox<R>(_ user: TestUser, _ body: (Sandbox) throws -> R) throws -> R {
    let sandbox = try Sandbox(user)
    let result: R
    do {
        result = try body(sandbox)
    } catch {
        killLeftovers(of: sandbox.path)
        try? sandbox.remove()
        throw error
    }
    let left = leftovers(of: sandbox.path, waitingSeconds: 30)
    if !left.isEmpty { killLeftovers(of: sandbox.path) }
    try sandbox.remove()
    if !left.isEmpty {
        throw TestFailure("left behind:\n" + left.map(\.description).joined(separator: "\n"))
    }
    return result
}

extension Sandbox {
    fileprivate func remove() throws {
        // What containers made belongs to subordinate ids: removing it takes the user namespace, or the superuser.
        let command =
            getuid() == 0
            ? Spawn("/bin/rm", ["-rf", path])
            : Spawn(
                "/usr/bin/unshare", ["--user", "--map-root-user", "--map-auto", "/bin/rm", "-rf", path],
                environment: ["PATH=/usr/bin:/bin"])
        let result = try RunningProgram(command).wait()
        if result.code != 0 { throw TestFailure("cannot remove \(path): \(result)") }
    }
}

/// Our executable.
package enum Executable {
    /// The file that `APUS_BINARY` names, else that of the debug build, copied to where every user can execute it.
    package static let path: String = {
        let build = "\(repository)/.build/debug/apus"
        let source = getenv("APUS_BINARY").map { String(cString: $0) } ?? build
        let copy = "/tmp/apus-it-bin.\(getuid()).\(randomHex(bytes: 6))"
        do {
            try Files.makeDirectory(copy, mode: 0o755)
            let result = try RunningProgram(
                Spawn("/usr/bin/install", ["-m", "755", source, "\(copy)/apus"], environment: ["PATH=/usr/bin:/bin"])
            ).wait()
            guard result.code == 0 else { fatalError("cannot copy \(source): \(result.errorText)") }
        } catch { fatalError("cannot copy \(source): \(error)") }
        cleanUpPath = strdup(copy)
        atexit {
            guard let cleanUpPath else { return }
            try? Files.removeTree(String(cString: cleanUpPath))
        }
        return "\(copy)/apus"
    }()

    nonisolated(unsafe) private static var cleanUpPath: UnsafeMutablePointer<CChar>?

    /// The folder of Package.swift.
    package static let repository: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()
}
