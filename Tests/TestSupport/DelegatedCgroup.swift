import Glibc
import Linux

/// A cgroup of version 2 that a sandbox's user may write to, in a mount namespace where it is seen. It has no
/// controllers where the machine's control groups are of version 1; freezing, killing and events work all the same.
package struct DelegatedCgroup: Sendable {
    private let sandbox: Sandbox
    private let name = "apus-it-\(randomHex(bytes: 6))"
    private static let script = "\(Executable.repository)/Tests/Harness/in-cgroup"

    fileprivate init(_ sandbox: Sandbox) { self.sandbox = sandbox }

    /// Why there can be none here; nil where there can.
    package static let obstacle: String? = {
        guard getuid() == 0 else { return "only root can mount a cgroup tree of its own" }
        let probe = "apus-it-probe-\(getpid())"
        let result = try? RunningProgram(Spawn(script, [probe, "0", "0", "/bin/true"], environment: path)).wait()
        _ = try? RunningProgram(Spawn(script, [probe, "--remove"], environment: path)).wait()
        return result?.code == 0 ? nil : "no cgroup can be made: \(result?.errorText ?? "unshare fails")"
    }()

    private static let path = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]

    private func spawn(_ program: String, _ arguments: [String]) throws -> Spawn {
        let inner = sandbox.spawn(program, arguments)
        guard let entry = sandbox.user.entry else { throw TestFailure("there is no user to be \(sandbox.user)") }
        var result = Spawn(
            Self.script, [name, "\(entry.uid)", "\(entry.gid)", inner.path] + inner.arguments,
            environment: inner.environment)
        result.workingDirectory = inner.workingDirectory
        return result
    }

    /// Starts `apus` in it, as the sandbox's user.
    package func start(_ arguments: String...) throws -> RunningProgram {
        try RunningProgram(spawn(Executable.path, arguments))
    }

    /// Runs `apus` in it to its end.
    package func apus(_ arguments: String...) throws -> ProgramResult {
        try run(Executable.path, arguments)
    }

    /// Runs another program in it to its end, as the sandbox's user.
    package func run(_ program: String, _ arguments: [String]) throws -> ProgramResult {
        let running = try RunningProgram(spawn(program, arguments))
        running.closeInput()
        return try running.wait(seconds: 120)
    }

    /// Removes it; what was left in it, one path on a line.
    fileprivate func remove() throws -> String {
        let result = try RunningProgram(Spawn(Self.script, [name, "--remove"], environment: Self.path)).wait()
        guard result.code == 0 else { throw TestFailure("cannot remove cgroup \(name): \(result)") }
        return result.text
    }
}

/// Runs `body` with a sandbox that has the image `busybox`, unless that is not wanted, and a cgroup of its own; a cgroup
/// that is left in that is a failure.
package func withDelegatedCgroup(
    _ user: TestUser, busybox: Bool = true, _ body: (Sandbox, DelegatedCgroup) throws -> Void
) throws {
    try withSandbox(user) { sandbox in
        if busybox { try sandbox.importBusybox() }
        let cgroup = DelegatedCgroup(sandbox)
        do { try body(sandbox, cgroup) } catch {
            _ = try? cgroup.remove()
            throw error
        }
        // A supervisor removes its cgroup behind its answer.
        let deadline = Deadline(seconds: 30)
        while !leftovers(of: sandbox.path).isEmpty, !deadline.isOver { usleep(20_000) }
        let left = try cgroup.remove()
        if !left.isEmpty { throw TestFailure("left in the cgroup:\n\(left)") }
    }
}
