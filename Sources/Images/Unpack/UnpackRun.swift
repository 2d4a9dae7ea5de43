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

    /// Starts a worker for `job`. `lowers` are the layers below, the topmost first, all unpacked.
    mutating func start(_ job: LayerJob, _ pending: PendingLayer, lowers: [Digest] = []) throws {
        let blob = try images.open(job.blob)
        var ends = try FileDescriptor.pipe()
        let way = ends.takeFirst()
        let input = ends.takeSecond()
        var numbers: [CInt] = []
        defer { for number in numbers { close(number) } }
        for lower in lowers {
            // Not for reading: its owner may be somebody who forbids that to us outside the namespace.
            numbers.append(
                try FileDescriptor.open(layers.path(of: lower), FileDescriptor.pathOnly | O_DIRECTORY).release())
        }
        let pid = try Worker.unpackLayer.start(
            executable,
            [runDirectory, String(layers.ownership.rawValue), job.diffID.description, String(lowers.count)],
            inheriting: [blob.rawValue, input.rawValue, 2, pending.root.rawValue] + numbers)
        running.append(Running(job, pending, pid, way))
        _ = consume input
    }

    /// Waits for the next worker to end. Returns the job if it must be done again with the layers below; throws
    /// with the layer and the cause where it failed.
    mutating func finishOne() throws -> LayerJob? {
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

    private func finish(_ worker: Running) throws -> LayerJob? {
        let status = try waitForExit(of: worker.pid)
        var decoder = WireDecoder(worker.answer)
        let result = try? decoder.read(UnpackLayerWorker.Result.self)
        switch result {
        case .unpacked(let report)? where status == .exited(code: 0):
            try worker.pending.commit(size: report.size)
            return nil
        case .needsLowers?: return worker.job
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
