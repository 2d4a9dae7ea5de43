import Bytes
import ContainerSpec
import Dockerfile
import Errors
import Linux
import OCI
import Supervision

/// A RUN whose variables have their values.
struct RunStep: Sendable {
    let instruction: RunInstruction
    let mounts: [RunMount]
    /// Where the files of each mount with `from`, or of type bind, come from, in the order of `mounts`; nil for the others.
    let sources: [FileSource?]
    /// SHELL.
    let shell: [String]
    /// "NAME=value": the image's, the arguments of the stage, proxies.
    let environment: [String]
    /// Absolute.
    let workingDirectory: String
    /// USER; empty: root.
    let user: String
    let request: BuildRequest
    /// What `sources` are, whatever their directories are called now; nil where that says it.
    var sourceKeys: [Digest?] = []

    /// Runs it in a root file system of `lowers` (layers' directories, the lowest first), whose own files go below the directory `scratch`, as
    /// a container's would. `started` is called once: when its process runs, from when on `lowers` may get other names, or when it is
    /// certain that none will. `report` gets what it writes, one call at a time. Throws where it cannot be run, and with BuildKit's
    /// sentence where it ends with another code than 0: the kind is `start` with that code then. Throws the kind `cancelled` where the
    /// build ends before; no process of it is left then.
    func execute(
        on lowers: [String], in scratch: String, _ tools: BuildTools, started: @escaping @Sendable () -> Void = {},
        report: @escaping @Sendable (BuildStep.Stream, [UInt8]) -> Void
    ) throws(EngineError) {
        let moment = StartMoment(started)
        defer { moment.pass() }
        try tools.checkCancellation()
        try checkSupport()
        let container = try RunContainer(tools)
        defer { container.remove() }
        let prepared = PreparedMounts(self, in: container.directory, runDirectory: container.runDirectory, tools)
        defer { prepared.finish() }
        try prepared.prepare()
        var build = BuildContainer(
            layers: lowers.isEmpty ? [try container.emptyDirectory()] : lowers, scratch: scratch)
        build.mounts = prepared.mounts
        build.targets = prepared.targets
        let outcome = try container.run(
            options(prepared), build, passing: prepared.descriptors,
            started: {
                prepared.serve()
                moment.pass()
            },
            report: report)
        try check(outcome, report)
    }

    private func checkSupport() throws(EngineError) {
        if instruction.security == .insecure {
            throw EngineError(
                "RUN --security=insecure is refused: security.insecure is not allowed, a build's commands have no more rights "
                    + "than those of 'apus run'", .unsupported)
        }
        for device in instruction.devices where device.isRequired {
            throw EngineError(
                "RUN --device=\(device.name.excerpt) is refused: devices of the Container Device Interface are not supported",
                .unsupported)
        }
        guard !arguments.isEmpty else { throw EngineError("RUN without a command", .invalid) }
    }

    // MARK: the program

    /// What is executed.
    var arguments: [String] {
        switch instruction.program {
        case .shell(let text): shell + [text]
        case .exec(let list): list
        case .script(let name, _): [Self.script(name)]
        }
    }

    /// Where the script of a here-document is, as with BuildKit.
    static func script(_ name: String) -> String {
        // A name is a word of the user's, with any bytes in it.
        let bytes = name.utf8.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
        let file = String(decoding: bytes, as: UTF8.self)
        return "/dev/pipes/" + (file.isEmpty || file == "." || file == ".." ? "script" : file)
    }

    private var network: NetworkMode {
        let wanted = instruction.network == .default ? request.container.network : instruction.network
        return switch wanted {
        case .default: .automatic
        case .none: .none
        case .host: .host
        }
    }

    private func options(_ prepared: PreparedMounts) -> RunOptions {
        var options = RunOptions(image: "build")
        options.cmd = arguments
        // BuildKit's commands have no variable with their host's name unless the image has one.
        options.env = ["HOSTNAME"] + environment + prepared.environment
        options.workingDir = workingDirectory
        options.user = user
        options.hostname = "buildkitsandbox"
        options.networkMode = network
        options.mounts = prepared.options
        options.autoRemove = true
        options.logConfig.type = "none"
        options.noHealthcheck = true
        // A service manager that waits for the build does not wait for this.
        options.sdNotify = .ignore
        options.extraHosts = request.container.hosts
        options.shmSize = request.container.sharedMemory
        options.ulimits = request.container.limits
        options.resources = request.container.resources
        if let parent = request.container.cgroupParent { options.resources.cgroupParent = parent }
        return options
    }

    // MARK: the end

    private func check(
        _ outcome: RunContainer.Outcome, _ report: (BuildStep.Stream, [UInt8]) -> Void
    ) throws(EngineError) {
        let process = "process \(goQuoted(arguments.joined(separator: " "))) did not complete successfully: "
        switch outcome {
        case .exited(code: 0): return
        case .exited(let code): throw EngineError(process + "exit code: \(code)", .start(exitCode: code))
        // BuildKit's runtime says so on the command's own standard error, and ends with 1.
        case .failed(let code, let message) where code == 126 || code == 127:
            report(.errorOutput, Array("\(message)\n".utf8))
            throw EngineError(process + "exit code: 1", .start(exitCode: 1))
        case .failed(let code, let message) where message.begins(with: "failed to compute cache key: "):
            throw EngineError(message, .start(exitCode: code))
        case .failed(let code, let message): throw EngineError(process + message, .start(exitCode: code))
        case .cancelled: throw EngineError("context canceled", .cancelled)
        case .lost:
            throw EngineError(process + "its supervisor was killed", .start(exitCode: 137))
        }
    }
}
