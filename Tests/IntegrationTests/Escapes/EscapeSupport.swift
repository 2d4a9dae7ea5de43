import Linux
import TestSupport
import Testing

// Tests of published escapes: each tries what the advisory describes against a real container, and shows with a control
// that the same attempt works where the guard is missing. Docs/threat-model.md has the table.
extension Sandbox {
    /// Gives a container the program of Tests/Support/attacker.c.
    func attackerFlags() throws -> [String] { ["-v", "\(try Fixtures.attacker):/attacker:ro"] }

    /// A directory that is no business of any container's, with a file `secret`. Made once for a sandbox.
    func outside() throws -> String {
        let folder = "\(path)/work/outside"
        try tool("/bin/sh", "-c", "mkdir -p \"$0\" && echo of-the-host >\"$0/secret\"", folder)
        return folder
    }

    /// A copy of busybox's root in the working directory, changed by a shell script that runs in it.
    func rootDirectory(_ name: String = "root", _ script: String) throws -> String {
        let root = "\(path)/work/\(name)"
        let command = "mkdir -p \"$0\" && tar -xf \"$1\" -C \"$0\" && cd \"$0\" && \(script)"
        try tool("/bin/sh", "-c", command, root, try Fixtures.busyboxTar)
        return root
    }

    /// Runs a command in a container of a root directory.
    func runRoot(_ root: String, _ flags: [String] = [], _ command: String...) throws -> ProgramResult {
        try apus(["run", "--rm", "--network", "none"] + flags + ["--rootfs", root] + command)
    }

    /// What a shell script prints in a new mount and PID namespace, as the root of a new user namespace for an ordinary
    /// user: the place for stand-ins of runtimes. The arguments are `$0`, `$1` and so on.
    func standIn(_ script: String, _ arguments: String...) throws -> String {
        let user = user == .root ? [] : ["--user", "--map-root-user"]
        let words = user + ["--mount", "--pid", "--fork", "/bin/sh", "-c", script] + arguments
        let program = try RunningProgram(spawn("/usr/bin/unshare", words))
        program.closeInput()
        let result = try program.wait(seconds: 60)
        guard result.code == 0 else { throw TestFailure("the stand-in failed: \(result)") }
        return result.text.hasSuffix("\n") ? String(result.text.dropLast()) : result.text
    }

    /// The names in a directory of the host's, sorted.
    func names(_ folder: String) throws -> [String] { try Files.list(folder).sorted() }
}
