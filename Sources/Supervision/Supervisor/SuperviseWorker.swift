package import ContainerSpec
import Errors
import Glibc
import JSON
package import Linux
package import OCI
import Runtime
package import Store

/// What a command hands to the process that becomes a container's supervisor (`start`). It travels in a memory file: a
/// supervisor that was forked from a process that has read JSON would keep that memory as long as the container runs.
package struct SuperviseRequest {
    var paths: StorePaths
    var id: String
    var name: String
    var description: ContainerDescription
    var layers: [Digest]
    var size: WindowSize?
    var streams: AttachedStreams
    /// In seconds.
    var lingering: Int
    /// What it is where a build runs it; nil for every other.
    package var build: BuildContainer?

    /// A memory file with all of it. Throws `SystemError`.
    package func file() throws(SystemError) -> FileDescriptor {
        var encoder = WireEncoder()
        encoder.write(paths.data)
        encoder.write(paths.run)
        encoder.write(id)
        encoder.write(name)
        guard let json = try? description.json() else { throw SystemError("encode", id, .invalid) }
        encoder.write(data: json)
        encoder.write(layers)
        encoder.write(size != nil)
        encoder.write(size?.rows ?? 0)
        encoder.write(size?.columns ?? 0)
        encoder.write(streams)
        encoder.write(lingering)
        encoder.write(build)
        return try MemoryFile.create("apus-start", encoder.bytes)
    }

    /// Reads what `file()` wrote; nil for anything else.
    init?(_ bytes: [UInt8]) {
        var decoder = WireDecoder(bytes)
        do {
            let data: String = try decoder.read()
            paths = StorePaths(data: data, run: try decoder.read())
            id = try decoder.read()
            name = try decoder.read()
            // Not by JSONDecoder: what that touches, a supervisor would keep in memory.
            description = try JSONTree.parse(try decoder.readData()).decode(name: "description")
            layers = try decoder.read()
            let hasSize: Bool = try decoder.read()
            let rows: UInt16 = try decoder.read()
            let columns: UInt16 = try decoder.read()
            size = hasSize ? WindowSize(rows: rows, columns: columns) : nil
            streams = try decoder.read()
            lingering = try decoder.read()
            build = try decoder.read()
        } catch { return nil }
    }

    package init(
        paths: StorePaths, id: String, name: String, description: ContainerDescription, layers: [Digest],
        size: WindowSize?, streams: AttachedStreams, lingering: Int
    ) {
        self.paths = paths
        self.id = id
        self.name = name
        self.description = description
        self.layers = layers
        self.size = size
        self.streams = streams
        self.lingering = lingering
    }
}

extension SuperviseRequest {
    /// What the container's root file system is made of, where containers run with the ids of `mode`. Throws where a layer is
    /// missing.
    func root(_ mode: UserNamespace.Mode) throws(EngineError) -> SupervisorRequest.Root {
        let image = description.options.image
        if let build { return .layers(build.layers) }
        if description.options.rootfs { return try SupervisorRequest.Root(directory: image) }
        let store = LayerStore(paths, mode)
        if let missing = layers.first(where: { !store.has($0) }) {
            throw EngineError("layer \(missing) of image \(image) is not there for this id map: pull the image again")
        }
        return .layers(layers.map { store.path(of: $0) })
    }
}

/// The process that becomes the supervisor of a container that was created before: `supervise ID`, with the session of
/// the command as its descriptor 3, the container's lock as 4 and the request as 5 (and those of a `BuildContainer` behind it).
/// It works the plan out anew: from the options, the image's configuration, and what the machine is now.
package enum SuperviseWorker {
    private static let session: CInt = 3
    private static let hold: CInt = 4

    /// Does the worker's work, with the descriptors that it was given; returns the exit code.
    package static func run() -> CInt {
        let file = FileDescriptor(owning: 5)
        guard let bytes = try? file.readAll(limit: 64 << 20), let work = SuperviseRequest(bytes) else { return 125 }
        endLifetime(file)
        let request: SupervisorRequest
        do throws(EngineError) { request = try plan(work) } catch {
            fail(work, error)
            return 125
        }
        Supervisor.run(request, client: session, hold: hold)
        return 0
    }

    /// Fills the volumes of a container that was just created, with the request as descriptor 3; returns the exit code, with
    /// a sentence on standard error.
    package static func fillVolumes() -> CInt {
        let file = FileDescriptor(owning: 3)
        guard let bytes = try? file.readAll(limit: 64 << 20), let work = SuperviseRequest(bytes) else { return 125 }
        var failure: String?
        do throws(EngineError) {
            let request = try plan(work)
            do throws(SupervisorFailure) { try Supervisor.fillVolumes(of: request) } catch { failure = error.message }
        } catch { failure = error.message }
        guard let failure else { return 0 }
        try? FileDescriptor(owning: 2).writeAll(failure.utf8)
        return 1
    }

    private static func plan(_ work: SuperviseRequest) throws(EngineError) -> SupervisorRequest {
        let (mode, _) = UserNamespace.plan()
        let (options, containers) = (work.description.options, ContainerStore(work.paths))
        let root = try work.root(mode)
        var start = ContainerStart(
            work.id, name: work.name, in: containers, options, image: work.description.imageConfig,
            imageID: work.description.imageID, root: root, mode: mode)
        start.size = work.size
        start.streams = work.streams
        start.lingering = work.lingering
        start.build = work.build
        return try start.supervisorRequest()
    }

    private static func fail(_ work: SuperviseRequest, _ error: EngineError) {
        let subject = ContainerJournal.Subject(name: work.name, image: work.description.options.image, labels: [:])
        let journal = ContainerJournal(
            containers: ContainerStore(work.paths), id: work.id, isEphemeral: false, subject: subject)
        // Who runs it for a build removes what is left of it.
        if work.build == nil { journal.failed(exitCode: 125, error: error.message) }
        let frame = AttachFrame.failed(code: 125, message: error.message)
        _ = AttachChannel.send(frame.bytes, to: session, waiting: true)
    }
}
