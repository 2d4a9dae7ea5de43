import Dockerfile
import Errors
import Glibc
import Images
import Linux
import Logs
import Runtime
import Store
import TestSupport

@testable import Build

/// A store of its own with a context directory, in which single instructions are carried out; removed with the value.
final class CopySandbox: Sendable {
    let path: String
    let tools: BuildTools
    private let paths: StorePaths

    init() throws {
        path = "/tmp/apus-copy-tests." + randomHex(bytes: 8)
        try Files.makeDirectory(path, mode: 0o755)
        paths = try StorePaths(data: path + "/data", run: path + "/run").prepared()
        let images = ImageService(paths, eventLog: EventLog(directory: paths.data), executable: Executable.path)
        tools = BuildTools(
            paths: paths, images: images, layers: images.layers, executable: Executable.path, storageDriver: nil,
            cancellation: try Cancellation())
        try Files.makeDirectory(context, mode: 0o755)
    }

    deinit {
        let removal = TreeRemovalForTests(executable: Executable.path, runDirectory: paths.run)
        removal.remove(path)
    }

    var context: String { path + "/context" }

    /// Runs a shell script in the context; returns what it wrote.
    @discardableResult
    func shell(_ script: String, inNamespace: Bool = false) throws -> String {
        var words = ["/bin/bash", "-euc", "umask 022; " + script]
        if inNamespace, getuid() != 0 {
            words = [Executable.path, "--root", paths.data, "--runroot", path + "/run", "unshare"] + words
        }
        var program = Spawn(
            words[0], Array(words[1...]),
            environment: [
                "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=\(path)", "LANG=C.UTF-8", "TZ=UTC",
            ])
        program.workingDirectory = context
        let running = try RunningProgram(program)
        running.closeInput()
        let result = try running.wait()
        guard result.code == 0 else { throw TestFailure("\(script): \(result)") }
        return result.text
    }

    /// The step that `line` says, whose files come from `source` (nil: the context, with its `.dockerignore`).
    func step(_ line: String, in directory: String = "/", from source: FileSource? = nil) throws -> CopyStep {
        let file = try Dockerfile(Array("FROM scratch\n\(line)\n".utf8))
        guard let instruction = file.stages.first?.instructions.first else { throw TestFailure("no instruction") }
        var tree = ContextTree(directory: context, ignored: nil)
        if let bytes = try? Files.read(context + "/.dockerignore", limit: 1 << 20) {
            tree = ContextTree(directory: context, ignored: try IgnoreMatcher(bytes))
        }
        switch instruction.action {
        case .copy(let copy):
            return CopyStep(
                instruction: copy, isAdd: false, workingDirectory: directory, source: source ?? .context(tree))
        case .add(let copy):
            return CopyStep(
                instruction: copy, isAdd: true, workingDirectory: directory, source: source ?? .context(tree))
        default: throw TestFailure("\(line) is no COPY")
        }
    }

    /// Carries `line` out on `lowers`; returns the directory of what it wrote.
    @discardableResult
    func copy(
        _ line: String, in directory: String = "/", from source: FileSource? = nil, on lowers: [String] = []
    ) throws -> String {
        let step = try step(line, in: directory, from: source)
        let selection = try step.select(tools)
        return try execute(step, selection, on: lowers)
    }

    func execute(_ step: CopyStep, _ selection: FileSelection, on lowers: [String] = []) throws -> String {
        let scratch = path + "/scratch." + randomHex(bytes: 4)
        try Files.makeDirectory(scratch, mode: 0o755)
        try step.execute(selection, on: lowers, in: scratch, tools)
        return scratch + "/upper"
    }

    /// What is below `directory`: type, mode, owner, path and target, one line each, by their paths.
    func list(_ directory: String) throws -> [String] {
        try shell(
            "cd \(directory); find . -mindepth 1 -printf '%y %m %U:%G %P%l\\n' | sed 's/^l 777/l/' | LC_ALL=C sort -k4 -k3",
            inNamespace: true
        ).split(separator: "\n").map(String.init)
    }

    /// What `line` writes, as `list` has it.
    func result(_ line: String, in directory: String = "/", on lowers: [String] = []) throws -> [String] {
        try list(try copy(line, in: directory, on: lowers))
    }

    /// The sentence that `line` fails with; an empty one where it does not.
    func failure(_ line: String, on lowers: [String] = []) throws -> String {
        do {
            try copy(line, on: lowers)
            return ""
        } catch let error as EngineError { return error.message }
    }

    /// The layer that the script makes in an empty directory.
    func layer(_ script: String) throws -> String {
        let layer = path + "/layer." + randomHex(bytes: 4)
        try Files.makeDirectory(layer, mode: 0o755)
        try shell("cd \(layer); \(script)", inNamespace: true)
        return layer
    }
}

/// Removes what may belong to subordinate ids.
private struct TreeRemovalForTests {
    let executable: String
    let runDirectory: String

    func remove(_ path: String) {
        if (try? Files.removeTree(path)) != nil { return }
        _ = try? Spawn(executable, ["remove-tree", runDirectory, path]).start(descriptors: [0, 1, 2])
    }
}
