import Archive
import Errors
import Glibc
import Linux
import OCI
import Runtime
import Store
import Workers

/// The workers that unpack the layers of one image at the same time.
struct UnpackRun: ~Copyable {
    private final class Running {
        let job: LayerJob
        let pending: PendingLayer
        let process: Process
        let way: FileDescriptor
        var answer: [UInt8] = []

        init(_ job: LayerJob, _ pending: PendingLayer, _ process: Process, _ way: consuming FileDescriptor) {
            self.job = job
            self.pending = pending
            self.process = process
            self.way = way
        }
    }

    private enum Process {
        /// Takes another layer afterwards.
        case unpacking(UnpackWorkerProcess)
        /// Ends when it has said what it has to say.
        case settling(ProcessID)

        var pid: ProcessID {
            switch self {
            case .unpacking(let process): process.pid
            case .settling(let pid): pid
            }
        }

        func waitForEnd() throws(SystemError) -> ExitStatus {
            switch self {
            case .unpacking(let process): try process.waitForEnd()
            case .settling(let pid): try waitForExit(of: pid)
            }
        }
    }

    private let executable: String
    private let runDirectory: String
    private let images: ImageStore
    private let layers: LayerStore
    private let workers: UnpackWorkers
    private var running: [Running] = []

    /// With processes of its own where `workers` is nil.
    init(_ service: ImageService, _ layers: LayerStore, _ workers: UnpackWorkers? = nil) {
        executable = service.executable
        runDirectory = service.paths.run
        images = service.images
        self.layers = layers
        self.workers = workers ?? UnpackWorkers(service)
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
        _ source: UnpackLayersWorker.Source = .stored
    ) throws {
        var ends = try FileDescriptor.pipe()
        let way = ends.takeFirst()
        let process = try workers.start(
            job.layer.diffID, source, reading: archive, into: pending.root, way: ends.takeSecond())
        running.append(Running(job, pending, .unpacking(process), way))
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
            try startSettling(layer, reading: input, numbers)
            size += try finishOne().size
        }
        return size
    }

    private mutating func startSettling(
        _ layer: UnpackedLayer, reading input: borrowing FileDescriptor, _ lowers: [CInt]
    ) throws {
        var ends = try FileDescriptor.pipe()
        let way = ends.takeFirst()
        let output = ends.takeSecond()
        let pid = try Worker.settleLayer.start(
            executable, [runDirectory, String(layers.ownership.rawValue), String(lowers.count)],
            inheriting: [input.rawValue, output.rawValue, 2, layer.pending.root.rawValue] + lowers)
        running.append(Running(layer.job, layer.pending, .settling(pid), way))
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
        var decoder = WireDecoder(worker.answer)
        let answer = try? decoder.read(UnpackLayersWorker.Answer.self)
        if answer != nil, case .unpacking(let process) = worker.process {
            workers.takeBack(process)
        } else {
            let status = try worker.process.waitForEnd()
            if answer == nil {
                throw EngineError("layer \(worker.job.blob.short) cannot be unpacked: \(silence(status))")
            }
        }
        switch answer! {
        case .unpacked(let report):
            return UnpackedLayer(worker.job, worker.pending, size: report.size, report.looseEnds)
        case .failed(let message):
            throw EngineError("layer \(worker.job.blob.short) cannot be unpacked: \(message)")
        }
    }

    private func silence(_ status: ExitStatus) -> String {
        if case .signaled(let signal) = status { return "its worker was killed by signal \(signal)" }
        return "its worker said nothing"
    }

    // Workers whose result nobody will use have no reason to go on.
    deinit {
        for worker in running {
            kill(worker.process.pid, SIGKILL)
            UserNamespace.withdraw(runDirectory: runDirectory, worker.process.pid)
            _ = try? worker.process.waitForEnd()
        }
    }
}
