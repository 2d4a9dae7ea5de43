import Glibc
package import Linux

/// A process that still has to do with a sandbox.
package struct Leftover: Sendable, CustomStringConvertible {
    package let pid: ProcessID
    package let command: String
    /// Which file of /proc/PID names the sandbox.
    package let reason: String

    package var description: String { "process \(pid) '\(command)' (its \(reason) names the sandbox)" }
}

/// Processes that have `path` in their command line, environment or mounts. A mount of the sandbox lives only in a
/// namespace that one of them holds, so this finds mounts as well.
package func leftovers(of path: String) -> [Leftover] {
    guard let names = try? Files.list("/proc") else { return [] }
    var found: [Leftover] = []
    for name in names {
        guard let pid = ProcessID(name), pid != getpid() else { continue }
        for file in ["cmdline", "environ", "mountinfo"] {
            guard let bytes = try? Files.read("/proc/\(pid)/\(file)"),
                String(decoding: bytes, as: UTF8.self).contains(path)
            else { continue }
            let command = (try? Files.readText("/proc/\(pid)/cmdline")) ?? ""
            found.append(
                Leftover(pid: pid, command: command.split(separator: "\0").joined(separator: " "), reason: file))
            break
        }
    }
    return found
}

/// The same, once they had up to `seconds` to end by themselves: a supervisor may linger for the next start.
package func leftovers(of path: String, waitingSeconds seconds: Int) -> [Leftover] {
    let deadline = Deadline(seconds: seconds)
    while true {
        let found = leftovers(of: path)
        if found.isEmpty || deadline.isOver { return found }
        usleep(50_000)
    }
}

/// Kills what `leftovers` finds.
func killLeftovers(of path: String) {
    for _ in 0..<20 {
        let found = leftovers(of: path)
        if found.isEmpty { return }
        for process in found { kill(process.pid, SIGKILL) }
        usleep(50_000)
    }
}
