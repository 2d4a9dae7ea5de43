import Glibc
import Linux

/// A directory that is removed with its value.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = "/tmp/apus-seccomp-\(randomHex(bytes: 6))"
        try Files.makeDirectory(path, mode: 0o700)
    }

    deinit { try? Files.removeTree(path) }
}

/// The programs of Tests/Support, compiled.
struct Helpers {
    struct Outcome {
        var code: CInt
        var output: String
    }

    static let haveCompiler = Files.exists("/usr/bin/cc")

    let directory: TemporaryDirectory
    var executor: String { "\(directory.path)/seccomp-exec" }
    var caller: String { "\(directory.path)/call" }

    init() throws {
        directory = try TemporaryDirectory()
        let support = Files.split(Files.split(#filePath).parent).parent + "/Support"
        for name in ["seccomp-exec", "call"] {
            let outcome = try run([
                "/usr/bin/cc", "-D_GNU_SOURCE", "-O1", "-o", "\(directory.path)/\(name)", "\(support)/\(name).c",
            ])
            if outcome.code != 0 { throw SystemError("cc", name, .invalid) }
        }
    }

    /// Runs a command; what it writes to standard output, and its code as a shell has it.
    func run(_ command: [String]) throws -> Outcome {
        let output = "\(directory.path)/\(randomHex(bytes: 4)).out"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin"), nil]
        defer { for entry in environment { free(entry) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, command[0], &actions, nil, &arguments, &environment)
        if failure != 0 { throw SystemError("posix_spawn", command[0], Errno(failure)) }
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0 && Errno.current == .interrupted {}
        let code = ExitStatus(waitStatus: status).shellCode
        return Outcome(code: code, output: try Files.readText(output))
    }
}
