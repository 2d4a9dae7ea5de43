import Glibc
import Linux

/// Runs other programs.
enum Tool {
    /// Whether `name` is on the path.
    static func has(_ names: String...) -> Bool {
        names.allSatisfy { name in
            ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"].contains { access("\($0)/\(name)", X_OK) == 0 }
        }
    }

    static let isRoot = geteuid() == 0

    /// Runs a shell script in `directory`; returns its exit status and what it printed on both outputs.
    @discardableResult
    static func shell(_ script: String, in directory: String = "/") throws -> (status: CInt, output: String) {
        var ends = try FileDescriptor.pipe()
        let reader = ends.takeFirst()
        let writer = ends.takeSecond()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, writer.rawValue, 1)
        posix_spawn_file_actions_adddup2(&actions, writer.rawValue, 2)
        let texts = ["sh", "-c", "cd '\(directory)' || exit 99\n\(script)"]
        var words: [UnsafeMutablePointer<CChar>?] = texts.map { (text: String) in strdup(text) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var process: pid_t = 0
        let failure = posix_spawn(&process, "/bin/sh", &actions, nil, words, environ)
        close(writer.release())
        guard failure == 0 else { throw SystemError("posix_spawn", "/bin/sh", Errno(failure)) }
        let output = String(decoding: try reader.readAll(), as: UTF8.self)
        var status: CInt = 0
        try check("waitpid") { waitpid(process, &status, 0) }
        return (status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f, output)
    }

    /// The test driver, which is built beside the tests.
    static let driver: String = {
        var candidates = [(try? Files.readLink("/proc/self/exe")) ?? ""] + CommandLine.arguments
        candidates = candidates.map { Files.split($0).parent }.flatMap {
            ["\($0)/ArchiveDriver", "\($0)/../ArchiveDriver"]
        }
        return candidates.first { access($0, X_OK) == 0 } ?? "ArchiveDriver"
    }()
}
