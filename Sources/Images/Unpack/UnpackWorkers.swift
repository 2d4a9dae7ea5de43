import Archive
import Glibc
import Linux
import OCI
import Store
import Synchronization
import Workers

/// The processes that unpack the layers of one image. One that has done with a layer takes the next: to begin costs it as much as a layer of
/// some hundred files does.
final class UnpackWorkers: Sendable {
    private let executable: String
    private let runDirectory: String
    private let ownership: LayerStore.Ownership
    private let idle = Mutex<[UnpackWorkerProcess]>([])

    init(_ service: ImageService) {
        executable = service.executable
        runDirectory = service.paths.run
        ownership = service.layers.ownership
    }

    /// Has the archive that `archive` reads unpacked into the empty directory `root` by a process that does nothing else; what it has to say comes
    /// on `way`, whose end the process alone has then. Throws `SystemError`.
    func start(
        _ diffID: Digest, _ source: UnpackLayersWorker.Source, reading archive: borrowing FileDescriptor,
        into root: borrowing FileDescriptor,
        way: consuming FileDescriptor
    ) throws(SystemError) -> UnpackWorkerProcess {
        var encoder = WireEncoder()
        encoder.write(UnpackLayersWorker.Order(diffID: diffID.description, source: source))
        let order = encoder.bytes
        let attachments = [archive.rawValue, way.rawValue, root.rawValue]
        while let process = idle.withLock({ $0.popLast() }) {
            // One that somebody has killed meanwhile is as good as none.
            if (try? process.socket.send(order, attachments: attachments)) != nil { return process }
        }
        let process = try begin()
        try process.socket.send(order, attachments: attachments)
        return process
    }

    /// `process` has said what became of its layer.
    func takeBack(_ process: UnpackWorkerProcess) { idle.withLock { $0.append(process) } }

    private func begin() throws(SystemError) -> UnpackWorkerProcess {
        var ends = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
        let socket = PacketSocket(owning: ends.takeFirst())
        let other = ends.takeSecond()
        let pid = try Worker.unpackLayers.start(
            executable, [runDirectory, String(ownership.rawValue)],
            inheriting: [other.rawValue, nil, 2, try DecodingMemory.sharedFile()])
        endLifetime(other)
        return UnpackWorkerProcess(pid, socket)
    }
}

/// A process of `UnpackWorkers`. It ends with this value, after the layer that it is at.
final class UnpackWorkerProcess: Sendable {
    let pid: ProcessID
    fileprivate let socket: PacketSocket
    private let isWaitedFor = Mutex(false)

    fileprivate init(_ pid: ProcessID, _ socket: consuming PacketSocket) {
        self.pid = pid
        self.socket = socket
    }

    /// Ends it now, whatever it is at.
    func end() { kill(pid, SIGKILL) }

    /// Waits for its end, which has come or is coming by itself. Throws `SystemError`.
    func waitForEnd() throws(SystemError) -> ExitStatus {
        isWaitedFor.withLock { $0 = true }
        return try waitForExit(of: pid)
    }

    deinit {
        // Before its number can be somebody else's, it sees the end of the orders.
        shutdown(socket.descriptor.rawValue, CInt(SHUT_RDWR))
        if !isWaitedFor.withLock({ $0 }) { _ = try? waitForExit(of: pid) }
    }
}
