import Glibc
import Linux
import Store
import Synchronization

/// A layer that is unpacked while its blob comes: the worker reads what has been hashed, before anybody knows that it is the blob.
///
/// What it makes is the layer only if it has the diff id of the image's configuration. Where the worker fails, for whatever reason, it has made
/// nothing, and the layer is to be unpacked from the whole blob, which says why.
final class ArrivingLayer: Sendable {
    private let job: LayerJob
    private let service: ImageService
    private let ingest: ImageIngest
    private let unpacked: UnpackedLayers
    private let limit: ConcurrencyLimit
    private let state = Mutex(State.new)

    private enum State {
        case new
        /// The worker takes more, and tells in the end whether it has the layer.
        case running(StreamInput, Task<Bool, Never>)
        /// It gets no more.
        case ended(Task<Bool, Never>?)
    }

    /// Begins nothing yet; will do with the layer what `ImageService.unpackEarly` does, where `limit` has a place for it.
    init(
        _ job: LayerJob, _ service: ImageService, ingest: ImageIngest, unpacked: UnpackedLayers, limit: ConcurrencyLimit
    ) {
        self.job = job
        self.service = service
        self.ingest = ingest
        self.unpacked = unpacked
        self.limit = limit
    }

    /// Starts the worker, unless it was started before, nobody has a place for it, or the system has no room.
    func begin() async {
        guard case .new = state.withLock({ $0 }), await limit.takeFree() else { return }
        guard var ends = try? FileDescriptor.socketPair(type: CInt(SOCK_STREAM.rawValue)) else {
            return await limit.leave()
        }
        let reader = ReadingEnd(ends.takeFirst())
        let input = StreamInput(ends.takeSecond())
        let outcome = Task { [job, service, ingest, unpacked, limit] in
            let isUnpacked: Bool
            do {
                try await onOwnThread {
                    // Somebody who sends must not wait for a worker that has gone.
                    defer { reader.end() }
                    try service.unpackEarly(job, .arriving, ingest: ingest, unpacked: unpacked) {
                        try reader.duplicate()
                    }
                }
                isUnpacked = true
            } catch { isUnpacked = false }
            await limit.leave()
            return isUnpacked
        }
        state.withLock { $0 = .running(input, outcome) }
    }

    /// The next bytes of the blob have come. Waits where the worker is slow.
    func take(_ bytes: UnsafeRawBufferPointer) {
        guard case .running(let input, _) = state.withLock({ $0 }) else { return }
        // What goes wrong the worker's end tells.
        if (try? input.send(bytes)) != true { end() }
    }

    /// Nothing more comes.
    func end() {
        state.withLock { state in
            switch state {
            case .new: state = .ended(nil)
            case .running(let input, let outcome):
                input.end()
                state = .ended(outcome)
            case .ended: break
            }
        }
    }

    /// Whether there is a worker, or was one.
    var hasBegun: Bool {
        switch state.withLock({ $0 }) {
        case .new, .ended(nil): false
        case .running, .ended: true
        }
    }

    /// Waits for the worker's end, after `end()`. Whether the layer is unpacked, or somebody else is unpacking it.
    var isUnpacked: Bool {
        get async {
            end()
            guard case .ended(let outcome?) = state.withLock({ $0 }) else { return false }
            return await outcome.value
        }
    }
}

/// The end of a connection that a worker reads.
private final class ReadingEnd: Sendable {
    private let socket: FileDescriptor

    init(_ socket: consuming FileDescriptor) { self.socket = socket }

    func duplicate() throws(SystemError) -> FileDescriptor { try socket.duplicate() }

    func end() { shutdown(socket.rawValue, CInt(SHUT_RDWR)) }
}
