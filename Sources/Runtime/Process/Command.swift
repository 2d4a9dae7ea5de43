import Glibc
import Linux
import OCI

/// The program that a container runs: where it is looked for, and what is said when it cannot be executed. The messages
/// are those that Docker's users know.
struct Command {
    let name: String
    let searchPath: String?
    private let arguments: [String]
    private let environment: [String]

    init(_ process: RuntimeSpec.Process) {
        arguments = process.args ?? []
        environment = process.env ?? []
        name = arguments.first ?? ""
        var path: String?
        // The last one counts, as for getenv(3) of a shell that took them over in order.
        for entry in environment where entry.utf8.starts(with: "PATH=".utf8) {
            path = String(decoding: entry.utf8.dropFirst(5), as: UTF8.self)
        }
        searchPath = path
    }

    /// The paths to try, in order.
    var candidates: [String] {
        // An empty or relative entry means the working directory, from which nothing is executed by surprise.
        SearchPath(searchPath ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", isAbsolute: true)
            .candidates(for: name)
    }

    /// Executes it, at first at the path `found`, where `check` saw it: returns only with the reason why not.
    func execute(_ found: String?) -> LaunchError {
        let image = ExecutionImage(arguments: arguments, environment: environment)
        var denied: (path: String, errno: Errno)?
        if let found { _ = image.execute(found) }
        for path in candidates {
            let errno = image.execute(path)
            switch errno {
            case .noEntry, .notDirectory:
                // A script or program that exists, and whose interpreter does not, fails like a missing one.
                if access(path, F_OK) == 0 { return Self.refusal(path, .noEntry) }
            case .access: if denied == nil, !isDirectory(path) || candidates.count == 1 { denied = (path, errno) }
            default: return failure(path, errno)
            }
        }
        if let denied { return failure(denied.path, denied.errno) }
        return notFound()
    }

    /// Executes `starter` (`OwnExecutable.starter`), which executes the command, at the path `found` where `check` saw it, and
    /// says on `socket` why it cannot. Returns where there is nothing to execute, which `execute` has the words for, or the
    /// starter is refused by a filter.
    func execute(_ found: String?, by starter: CInt, socket: CInt) {
        let paths: [String] = found.map { [$0] } ?? candidates.filter { access($0, F_OK) == 0 && !isDirectory($0) }
        if paths.isEmpty { return }
        DescriptorTable.setClosesOnExec(socket, false)
        let program = ExecutionImage(
            arguments: ["apus-exec", String(socket), String(paths.count)] + paths + arguments, environment: environment)
        // Filters that know one call alone know this one; where there is no /proc there is the other.
        _ = program.execute("/proc/self/fd/\(starter)")
        _ = program.execute(starter)
        DescriptorTable.setClosesOnExec(socket, true)
    }

    /// Why the file at `path`, which was there, could not be executed.
    static func refusal(_ path: String, _ errno: Errno) -> LaunchError {
        // What the kernel began with: of its interpreter or loader. Docker's exit code for these is 255.
        if errno == .noEntry || errno == .notDirectory {
            return LaunchError(
                .executable, SystemError("execve", path, .noExec),
                sentence: "exec \(path): no such file or directory"
                    + " (the file exists, but not the interpreter or loader that it names)")
        }
        return LaunchError(
            .executable, SystemError("execve", path, errno),
            sentence: errno == .noExec ? "exec \(path): \(errno)" : "exec: \"\(path)\": \(errno)")
    }

    /// Finds what is sure to fail, without executing anything: for a container that is created and not started. Returns
    /// the path that will be executed.
    func check() throws(LaunchError) -> String {
        var denied: (path: String, errno: Errno)?
        for path in candidates {
            let errno = Files.mayExecute(path)
            // Nothing of what is not there, or not to be reached otherwise, is a directory.
            guard errno == nil || errno == .access else { continue }
            if isDirectory(path) {
                if candidates.count == 1 { throw failure(path, .access) }
            } else if errno == .access {
                denied = (path, .access)
            } else {
                return path
            }
        }
        if let denied { throw failure(denied.path, denied.errno) }
        throw notFound()
    }

    private func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private func notFound() -> LaunchError {
        if name.utf8.contains(UInt8(ascii: "/")) {
            return cannot("exec: \"\(name)\": stat \(name): no such file or directory", .noEntry)
        }
        return cannot("exec: \"\(name)\": executable file not found in $PATH", .noEntry)
    }

    private func failure(_ path: String, _ errno: Errno) -> LaunchError {
        if errno == .access, isDirectory(path) { return cannot("exec: \"\(path)\": is a directory", .isDirectory) }
        return Self.refusal(path, errno)
    }

    private func cannot(_ sentence: String, _ errno: Errno) -> LaunchError {
        LaunchError(.executable, SystemError("execve", name, errno), sentence: sentence)
    }
}
