import Glibc
import Linux
import TestSupport

/// A bundle in a sandbox, with busybox as its root, and the runtime that is driven on it.
struct OCIBundle {
    let sandbox: Sandbox
    var path: String { "\(sandbox.path)/work/bundle" }
    var root: String { "\(sandbox.path)/run/oci" }

    init(_ sandbox: Sandbox) throws {
        self.sandbox = sandbox
        try sandbox.tool("mkdir", "-p", "\(path)/rootfs")
        try sandbox.tool("tar", "--no-same-owner", "-C", "\(path)/rootfs", "-xf", try Fixtures.busyboxTar)
    }

    /// Writes a configuration that runs `script`, with further members (JSON, each followed by a comma).
    func configure(_ script: String, process: String = "", members: String = "", linux: String = "") throws {
        let entry = sandbox.user.entry!
        let isRoot = sandbox.user == .root
        // An ordinary user is root in a user namespace of its own.
        let map = { (id: UInt32) in "[{\"containerID\": 0, \"hostID\": \(id), \"size\": 1}]" }
        let user =
            isRoot
            ? "" : ", \"uidMappings\": \(map(entry.uid)), \"gidMappings\": \(map(entry.gid))"
        let kinds = ["pid", "mount", "ipc", "uts", "network"] + (isRoot ? [] : ["user"])
        let namespaces = kinds.map { "{\"type\": \"\($0)\"}" }.joined(separator: ",")
        let text = """
            {"ociVersion": "1.2.0", "root": {"path": "rootfs"}, \(members)
             "annotations": {"org.example.key": "value"},
             "process": {"cwd": "/", "user": {"uid": 0, "gid": 0}, \(process) "env": ["PATH=/bin"],
              "args": ["sh", "-c", \(Self.quoted(script))]},
             "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
              {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
              {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]}],
             "linux": {"namespaces": [\(namespaces)]\(user)\(linux.isEmpty ? "" : ", " + linux)}}
            """
        try sandbox.write(text, to: "bundle/config.json")
    }

    static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }

    /// Runs `apus oci` with `words` to its end.
    func oci(_ words: String..., environment: [String] = []) throws -> ProgramResult {
        try sandbox.apus(["oci", "--root", root] + words, environment: environment)
    }

    /// As `oci`, and throws unless it exits with 0.
    @discardableResult
    func must(_ words: String...) throws -> String {
        let result = try sandbox.apus(["oci", "--root", root] + words)
        guard result.code == 0 else { throw TestFailure("oci \(words.joined(separator: " ")): \(result)") }
        return result.text
    }

    /// `create` of the bundle as `id`. The container has a file as its output: it outlives the command, and would hold
    /// a pipe open.
    func create(_ id: String, _ words: String...) throws {
        let output = "\(sandbox.path)/work/output"
        let command = [Executable.path, "oci", "--root", root, "create", "--bundle", path] + words + [id]
        let program = try RunningProgram(
            sandbox.spawn("/bin/sh", ["-c", "exec \"$@\" >'\(output)' 2>&1", "sh"] + command))
        program.closeInput()
        let result = try program.wait()
        guard result.code == 0 else { throw TestFailure("create: \(result) \(text("output"))") }
    }

    /// The status in what `state` prints.
    func status(_ id: String) throws -> String {
        let text = try must("state", id)
        for line in text.split(separator: "\n") where line.contains("\"status\"") {
            return String(line.split(separator: "\"")[3])
        }
        throw TestFailure("no status: \(text)")
    }

    /// Waits until `condition` holds.
    func wait(_ what: String, _ condition: () throws -> Bool) throws {
        for _ in 0..<1200 {
            if try condition() { return }
            usleep(25_000)
        }
        throw TestFailure("waited too long for \(what)")
    }

    /// The text of a file in the working directory; empty where there is none.
    func text(_ name: String) -> String { (try? Files.readText("\(sandbox.path)/work/\(name)")) ?? "" }
}

/// Runs `body` with a bundle; containers that it leaves are a failure.
func withBundle(_ user: TestUser, _ body: (OCIBundle) throws -> Void) throws {
    try withSandbox(user) { sandbox throws in
        let bundle = try OCIBundle(sandbox)
        try body(bundle)
        let left = try bundle.must("list", "-q")
        guard left.isEmpty else { throw TestFailure("containers are left: \(left)") }
    }
}
