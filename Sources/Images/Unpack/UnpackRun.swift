import Archive
import Errors
import Glibc
import Linux
import OCI
import Store
import Workers

/// The workers that unpack the layers of one image at the same time.
struct UnpackRun: ~Copyable {
    private final class Running {
        let job: LayerJob
        let pending: PendingLayer
        let pid: ProcessID
        let way: FileDescriptor
        var answer: [UInt8] = []

        init(_ job: LayerJob, _ pending: PendingLayer, _ pid: ProcessID, _ way: consuming FileDescriptor) {
            self.job = job
            self.pending = pending
            self.pid = pid
            self.way = way
        }
    }

    private let executable: String
    private let runDirectory: String
    private let images: ImageStore
    private let layers: LayerStore
    private var running: [Running] = []

    init(_ service: ImageService, _ layers: LayerStore) {
        executable = service.executable
        runDirectory = service.paths.run
        images = service.images
        self.layers = layers
    }

    /// The number of workers that are unpacking.
    var count: Int { running.count }

    /// Starts a worker that unpacks `job`.
    mutating func start(_ job: LayerJob, _ pending: PendingLayer) throws {
        let blob = try images.open(job.blob)
        try start(job, pending, reading: blob)
    }

    /// As `start(_:_:)`, of the archive that `archive` reads, wherever that is.
    mutating func start(
        _ job: LayerJob, _ pending: PendingLayer, reading archive: borrowing FileDescriptor,
        _ source: UnpackLayerWorker.Source = .stored
    ) throws {
        try start(
            .unpackLayer, job, pending, reading: archive, [job.layer.diffID.description, source.rawValue],
            [DecodingMemory.sharedFile()])
    }

    /// Settles what `layer` leaves to the layers below, `lowers`, the topmost first, all in the store, and gives it to the
    /// store. Throws with the layer and the cause where it failed.
    mutating func settle(_ layer: UnpackedLayer, on lowers: [Digest]) throws {
        try layer.pending.commit(size: try complete(layer, on: lowers), isSettled: !layer.looseEnds.isEmpty)
    }

    /// As `settle`, but does not give it to the store. Returns the size of all of its files in bytes.
    mutating func complete(_ layer: UnpackedLayer, on lowers: [Digest]) throws -> Int64 {
        var size = layer.size
        if !layer.looseEnds.isEmpty, !lowers.isEmpty || !layer.looseEnds.links.isEmpty {
            var numbers: [CInt] = []
            defer { for number in numbers { close(number) } }
            for lower in lowers {
                // Not for reading: its owner may be somebody who forbids that to us outside the namespace.
                numbers.append(
                    try FileDescriptor.open(layers.path(of: lower), FileDescriptor.pathOnly | O_DIRECTORY).release())
            }
            var encoder = WireEncoder()
            encoder.write(layer.looseEnds)
            let input = try MemoryFile.create("loose ends", encoder.bytes)
            try start(.settleLayer, layer.job, layer.pending, reading: input, [String(lowers.count)], numbers)
            size += try finishOne().size
        }
        return size
    }

    private mutating func start(
        _ worker: Worker, _ job: LayerJob, _ pending: PendingLayer, reading input: borrowing FileDescriptor,
        _ arguments: [String], _ numbers: [CInt]
    ) throws {
        var ends = try FileDescriptor.pipe()
        let way = ends.takeFirst()
        let output = ends.takeSecond()
        let pid = try worker.start(
            executable, [runDirectory, String(layers.ownership.rawValue)] + arguments,
            inheriting: [input.rawValue, output.rawValue, 2, pending.root.rawValue] + numbers)
        running.append(Running(job, pending, pid, way))
        endLifetime(output)
    }

    /// Waits for the next worker to end; throws with the layer and the cause where it failed.
    mutating func finishOne() throws -> UnpackedLayer {
        while true {
            var set = PollSet()
            for worker in running { set.add(worker.way.rawValue) }
            _ = try set.wait()
            for (place, worker) in running.enumerated() where set.isReadable(place) {
                var got = 0
                withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { buffer in
                    got = (try? worker.way.read(into: buffer)) ?? 0
                    worker.answer.append(contentsOf: buffer[..<got])
                }
                if got > 0 { continue }
                running.remove(at: place)
                return try finish(worker)
            }
        }
    }

    private func finish(_ worker: Running) throws -> UnpackedLayer {
        let status = try waitForExit(of: worker.pid)
        var decoder = WireDecoder(worker.answer)
        let result = try? decoder.read(UnpackLayerWorker.Result.self)
        switch result {
        case .unpacked(let report)? where status == .exited(code: 0):
            return UnpackedLayer(worker.job, worker.pending, size: report.size, report.looseEnds)
        case .failed(let message)?:
            throw EngineError("layer \(worker.job.blob.short) cannot be unpacked: \(message)")
        default:
            let end =
                if case .signaled(let signal) = status { "was killed by signal \(signal)" } else { "said nothing" }
            throw EngineError("layer \(worker.job.blob.short) cannot be unpacked: its worker \(end)")
        }
    }

    // Workers whose result nobody will use have no reason to go on.
    deinit {
        for worker in running {
            kill(worker.pid, SIGKILL)
            _ = try? waitForExit(of: worker.pid)
        }
    }
}
