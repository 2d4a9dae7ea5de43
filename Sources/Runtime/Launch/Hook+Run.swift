import Glibc
import Linux
package import OCI

extension RuntimeSpec {
    /// Runs `hooks` in their order, up to the first that fails, as `Hook.run` does each. Throws with its place in the list,
    /// which begins with 0, as the peers count.
    package static func run(
        _ hooks: [Hook], _ kind: String, input: [UInt8], directory: String, inherited: [String]? = nil
    ) throws(LaunchError) {
        for (place, hook) in hooks.enumerated() {
            do throws(LaunchError) {
                try hook.run(input: input, directory: directory, inherited: inherited)
            } catch {
                throw LaunchError(.hook, sentence: "error running \(kind) hook #\(place): \(error)", errno: error.errno)
            }
        }
    }
}

extension RuntimeSpec.Hook {
    /// Runs the hook where the calling process is, with `input` on its standard input, and waits for it, at most as long
    /// as its time-out says; then it is killed. A hook without an environment of its own gets `inherited`, or, where that
    /// is nil, the caller's. Throws where it cannot be started or does not end with 0, with what it wrote at the end.
    package func run(input: [UInt8], directory: String, inherited: [String]? = nil) throws(LaunchError) {
        // The kernel wants a program's name even if the list is empty.
        var spawn = Spawn(path, Array((args ?? []).dropFirst()), environment: env ?? inherited)
        spawn.name = args?.first
        spawn.workingDirectory = directory
        let output = try step(.hook, path) { () throws(SystemError) in try MemoryFile.create("apus-hook") }
        let status = try step(.hook, path) { () throws(SystemError) -> ExitStatus? in
            let state = try MemoryFile.create("apus-state", input)
            // What it says goes to a file and not to a pipe: a hook that leaves a process behind would hold a pipe open.
            let pid = try spawn.start(descriptors: [state.rawValue, output.rawValue, output.rawValue])
            return try Self.wait(for: pid, seconds: timeout)
        }
        if status == .exited(code: 0) { return }
        let why =
            switch status {
            case nil: "did not end within \(timeout ?? 0) s and was killed"
            case .exited(let code): "failed with exit status \(code)"
            case .signaled(let signal): "was killed by signal \(signal)"
            }
        throw LaunchError(.hook, sentence: "the hook \(path) \(why)" + Self.lastWords(output))
    }

    // Nil when the time is over.
    private static func wait(for pid: ProcessID, seconds: Int?) throws(SystemError) -> ExitStatus? {
        guard let seconds, seconds > 0 else { return try waitForExit(of: pid) }
        let pidfd = try openProcess(pid)
        var set = PollSet()
        set.add(pidfd.rawValue)
        if try set.wait(milliseconds: CInt(clamping: seconds * 1000)) { return try waitForExit(of: pid) }
        kill(pid, SIGKILL)
        _ = try waitForExit(of: pid)
        return nil
    }

    private static func lastWords(_ output: borrowing FileDescriptor) -> String {
        guard (try? output.rewind()) != nil, let bytes = try? output.readAll(limit: 1 << 20) else { return "" }
        var text = String(decoding: bytes.suffix(1024), as: UTF8.self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text.isEmpty ? "" : ": " + text
    }
}
