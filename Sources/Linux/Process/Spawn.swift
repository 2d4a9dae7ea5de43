import CLinux
import Glibc

/// A program to start with posix_spawn(3): safe in a process with threads, where fork(2) is not.
package struct Spawn: Sendable {
    /// The executable's path; it is not searched for.
    package var path: String
    /// What follows the program's name.
    package var arguments: [String]
    /// The program's own name, its argument 0; nil for `path`.
    package var name: String?
    /// "NAME=value"; the child gets these alone. nil for those of the calling process, byte for byte.
    package var environment: [String]?
    /// Where the child starts; nil for where the parent is.
    package var workingDirectory: String?
    /// Whether the child leads a new session (setsid(2)); otherwise it leads a new process group.
    package var newSession = false
    /// The path of a terminal that becomes the child's controlling one and its descriptors 0, 1 and 2;
    /// needs `newSession`.
    package var terminal: String?

    package init(_ path: String, _ arguments: [String] = [], environment: [String]? = []) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts the program, with `descriptors` (numbers in this process) as its 0, 1, 2… and no other descriptor,
    /// no signal blocked and none ignored. Throws `SystemError` where it cannot be executed.
    package func start(descriptors: [CInt]) throws(SystemError) -> ProcessID {
        // Above all target numbers, so that no duplication overwrites the source of a later one.
        var sources: [CInt] = []
        defer { for source in sources { close(source) } }
        for descriptor in descriptors {
            sources.append(
                try check("fcntl") { apus_fcntl_set(descriptor, F_DUPFD_CLOEXEC, CInt(descriptors.count + 3)) })
        }

        var pid: ProcessID = 0
        let failure = Self.withCStrings([name ?? path] + arguments) { argv in
            func spawn(_ envp: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
                apus_spawn(
                    &pid, path, argv, envp, workingDirectory, terminal, sources, CInt(sources.count), newSession ? 1 : 0
                )
            }
            return environment.map { Self.withCStrings($0) { spawn($0) } } ?? spawn(environ)
        }
        if failure != 0 { throw SystemError("posix_spawn", path, Errno(failure)) }
        return pid
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers = strings.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }
}
