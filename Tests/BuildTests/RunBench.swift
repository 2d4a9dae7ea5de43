@testable import Build
import Bytes
import ContainerSpec
@testable import Dockerfile
import Errors
import Glibc
import Images
import Linux
import Logs
import Runtime
import Store
import Synchronization
import TestSupport
import Testing

/// A store with the layer of a busybox, in which steps are run.
final class RunBench: Sendable {
    let path: String
    let paths: StorePaths
    let base: String
    let tools: BuildTools

    private init() throws {
        path = "/tmp/apus-run.\(randomHex(bytes: 6))"
        try Files.makeDirectory(path, mode: 0o755)
        paths = try StorePaths(data: "\(path)/data", run: "\(path)/run").prepared()
        base = "\(paths.layers)/base"
        try Files.makeDirectory(base, mode: 0o755)
        let result = try RunningProgram(
            Spawn(
                "/bin/tar", ["-C", base, "--no-same-owner", "-xf", try Fixtures.busyboxTar],
                environment: ["PATH=/usr/bin:/bin"])
        ).wait()
        guard result.code == 0 else { throw TestFailure("tar: \(result)") }
        let images = ImageService(
            paths, eventLog: EventLog(directory: paths.data), executable: Executable.path)
        tools = BuildTools(
            paths: paths, images: images, layers: images.layers, executable: Executable.path, storageDriver: nil,
            cancellation: try Cancellation())
    }

    /// The same tools with another storage driver, or another cancellation.
    func tools(_ driver: StorageDriver? = nil, _ cancellation: Cancellation? = nil) -> BuildTools {
        BuildTools(
            paths: paths, images: tools.images, layers: tools.layers, executable: tools.executable,
            storageDriver: driver, cancellation: cancellation ?? tools.cancellation)
    }

    /// Runs `body` with one; throws where a process or mount of it is left afterwards.
    static func with(_ body: (RunBench) throws -> Void) throws {
        let bench = try RunBench()
        defer { bench.remove() }
        try body(bench)
        let left = leftovers(of: bench.path, waitingSeconds: 30)
        if !left.isEmpty { throw TestFailure("left behind: \(left)") }
        let containers = try Files.list(bench.paths.containers)
        let running = try Files.list(bench.paths.runningContainers)
        if !containers.isEmpty || !running.isEmpty {
            throw TestFailure("directories are left: \(containers) \(running)")
        }
    }

    private func remove() { Self.remove(path) }

    /// Removes what a bench at `path` has left.
    static func remove(_ path: String) {
        // In the user namespace that its files were made in, whatever that is here.
        let result = try? RunningProgram(
            Spawn(Executable.path, ["remove-tree", path + "/run", path], environment: ["PATH=/usr/bin:/bin"])
        ).wait()
        if result?.code != 0 { Issue.record("\(path) cannot be removed: \(result?.description ?? "")") }
    }

    /// A new directory below the bench's.
    func folder(_ name: String) throws -> String {
        let folder = "\(path)/\(name)"
        try Files.makeDirectory(folder, mode: 0o711)
        return folder
    }

    /// What one step did.
    struct Ran: Sendable {
        /// Both streams, in the order in which they came.
        var text: String
        var errorText: String
        /// The directory that it wrote to.
        var scratch: String
        /// Whether there is anything in it at `path`. fuse-overlayfs leaves a white-out for whatever is removed, even if no layer has it.
        func has(_ path: String) -> Bool {
            ["upper", "fuse-upper", "rootfs"].contains { folder in
                guard let status = try? Files.status("\(scratch)/\(folder)/\(path)", following: false) else {
                    return false
                }
                return !status.isWhiteout
            }
        }
    }

    /// A step that is to be run.
    struct Step {
        var program: RunInstruction.Program
        var mounts: [String] = []
        var sources: [FileSource?] = []
        var environment: [String] = []
        var workingDirectory = "/"
        var user = ""
        var network = RunInstruction.Network.none
        var request = BuildRequest(context: .empty, pulling: PullOptions(agent: "apus-test"))
        var lowers: [String]?

        init(_ text: String) { program = .shell(text) }
    }

    /// What is needed for `step`.
    func step(_ step: Step) throws -> RunStep {
        let instruction = RunInstruction(
            program: step.program, command: .shell(""), mounts: step.mounts, network: step.network, security: .sandbox,
            devices: [])
        let mounts = try step.mounts.map { try RunMount($0, Variables(), escape: UInt8(ascii: "\\")) }
        return RunStep(
            instruction: instruction, mounts: mounts, sources: step.sources, shell: ["/bin/sh", "-c"],
            environment: step.environment, workingDirectory: step.workingDirectory, user: step.user,
            request: step.request)
    }

    /// Runs `step`; throws as it does.
    @discardableResult
    func run(_ wanted: Step, _ tools: BuildTools? = nil, started: @escaping @Sendable () -> Void = {}) throws -> Ran {
        let output = Mutex<(all: [UInt8], errors: [UInt8])>(([], []))
        let scratch = try folder("scratch.\(randomHex(bytes: 6))")
        do {
            try step(wanted).execute(on: wanted.lowers ?? [base], in: scratch, tools ?? self.tools, started: started) {
                stream, bytes in
                output.withLock {
                    $0.all += bytes
                    if stream == .errorOutput { $0.errors += bytes }
                }
            }
        } catch let error as EngineError {
            let text = output.withLock { String(decoding: $0.all, as: UTF8.self) }
            throw RunFailed(error: error, text: text, scratch: scratch)
        }
        return output.withLock {
            Ran(
                text: String(decoding: $0.all, as: UTF8.self), errorText: String(decoding: $0.errors, as: UTF8.self),
                scratch: scratch)
        }
    }

    /// As `run`, for a text with mounts.
    @discardableResult
    func run(_ text: String, _ mounts: [String] = [], _ sources: [FileSource?] = []) throws -> Ran {
        var wanted = Step(text)
        wanted.mounts = mounts
        wanted.sources = sources
        return try run(wanted)
    }

    /// How `step` failed; throws where it did not.
    func failure(_ wanted: Step, _ tools: BuildTools? = nil) throws -> RunFailed {
        do {
            let ran = try run(wanted, tools)
            throw TestFailure("it did not fail: \(ran.text)")
        } catch let error as RunFailed { return error }
    }
}

/// A step that failed.
struct RunFailed: Error, CustomStringConvertible {
    let error: EngineError
    let text: String
    let scratch: String

    var description: String { "\(error.message) (\(error.kind)): \(text)" }
}
