import ContainerSpec
import Errors
import Glibc
import Images
import Linux
import OCI
import Store
import Supervision
import Workers

/// The container of a RUN: one that goes with its supervisor, and that no command and no event knows of. One thread uses it.
final class RunContainer {
    typealias Outcome = BuildSession.Outcome

    private let tools: BuildTools
    private let containers: ContainerStore
    private let id: String
    // Keeps it from sweeps until its supervisor holds it; -1 from then on.
    private var hold: CInt

    /// Makes its directories. Throws `EngineError`.
    init(_ tools: BuildTools) throws(EngineError) {
        self.tools = tools
        let containers = ContainerStore(tools.paths)
        let (id, hold) = try engine {
            let guarding = try tools.images.images.holdOffSweeps()
            defer { guarding.descriptor.unlock() }
            let claim = try containers.createUnlisted()
            // The lock is that of both.
            return (claim.id, try claim.hold.duplicate().release())
        }
        self.containers = containers
        self.id = id
        self.hold = hold
    }

    deinit { letGo() }

    private func letGo() {
        if hold >= 0 { close(hold) }
        hold = -1
    }

    /// What of it is on the disk, and goes with it.
    var directory: String { containers.directory(id) }
    /// As `directory`, for what does not outlive the boot.
    var runDirectory: String { containers.runDirectory(id) }

    /// An empty directory, for a root file system of no layers. Throws `EngineError`.
    func emptyDirectory() throws(EngineError) -> String {
        let path = directory + "/nothing"
        try engine {
            try Files.makeDirectories(directory)
            try Files.makeContainerRoot(path)
        }
        return path
    }

    /// Runs it, and returns when no process of it is left. `descriptors` are those that `build` counts on; they are borrowed.
    /// Throws `EngineError` where there can be no supervisor.
    func run(
        _ options: RunOptions, _ build: BuildContainer, passing descriptors: [CInt], started: () -> Void,
        report: (BuildStep.Stream, [UInt8]) -> Void
    ) throws(EngineError) -> Outcome {
        var work = work(options)
        work.build = build
        work.build?.descriptorCount = descriptors.count
        var pair = try engine { try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue)) }
        let session = BuildSession(socket: pair.takeFirst())
        let other = pair.takeSecond()
        let supervisor = try start(work, other.rawValue, descriptors)
        endLifetime(other)
        letGo()
        let outcome = session.run(cancellation: tools.cancellation, started: started) { isError, bytes in
            report(isError ? .errorOutput : .output, bytes)
        }
        // Without a client it kills the container; it ends when there is nothing more to clean up.
        session.end()
        _ = try? waitForExit(of: supervisor)
        return tools.cancellation.isCancelled && outcome != .exited(code: 0) ? .cancelled : outcome
    }

    private func start(
        _ work: SuperviseRequest, _ socket: CInt, _ descriptors: [CInt]
    ) throws(EngineError) -> ProcessID {
        do throws(SystemError) {
            let file = try work.file()
            return try Worker.supervise.start(
                tools.executable, [id], inheriting: [nil, nil, nil, socket, hold, file.rawValue] + descriptors)
        } catch { throw EngineError("cannot start the supervisor of a build's container: \(error)") }
    }

    private func work(_ options: RunOptions) -> SuperviseRequest {
        var options = options
        options.storageDriver = tools.storageDriver
        // Networks name the containers that are on them.
        let name = "build-\(id.prefix(12))"
        let description = ContainerDescription(
            id: id, name: name, created: Timestamp.now().rfc3339, options: options, imageConfig: ContainerConfig(),
            imageReference: nil, imageID: nil, platform: nil, command: options.cmd, hostname: options.hostname ?? name)
        return SuperviseRequest(
            paths: tools.paths, id: id, name: name, description: description, layers: [], size: nil,
            streams: AttachedStreams(input: false, output: true, errorOutput: true), lingering: 0)
    }

    /// Removes what its supervisor has left, if that was killed, or was never there.
    func remove() {
        letGo()
        guard Files.exists(directory) || Files.exists(runDirectory) else { return }
        // What cannot be removed now the next sweep finds.
        guard let doomed = try? containers.remove(id, name: nil) else { return }
        _ = try? TreeRemoval(executable: tools.executable, runDirectory: tools.paths.run).remove([doomed])
    }
}
