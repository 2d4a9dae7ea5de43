import Archive
import ContainerSpec
import Errors
import Glibc
import Images
import Linux
import OCI
import Store
import Supervision
import Synchronization

/// Makes layers of what steps have written: at once where the next step is to stand on them, and whole, with digest, name, archive and
/// entry in the cache, beside the steps that go on.
final class LayerKeeper: Sendable {
    private let tools: BuildTools
    private let pins: LayerPins
    private let ingest: ImageIngest
    private let cache: BuildCacheStore
    private let queue = WorkQueue(width: 2)
    private let failure = Mutex<EngineError?>(nil)

    init(_ tools: BuildTools, _ pins: LayerPins, _ ingest: ImageIngest, _ cache: BuildCacheStore) {
        self.tools = tools
        self.pins = pins
        self.ingest = ingest
        self.cache = cache
    }

    /// The layer of what is in `scratch`, made on `below`. `isExported`: whether the image that is made has it, and so needs its archive.
    /// `lock` is the step's, and held until the layer has its name. Throws `EngineError`.
    func keep(
        _ scratch: LayerScratch, on below: [BuildLayer], _ label: BuildLayer.Label, isExported: Bool, _ lock: StepLock
    ) throws(EngineError) -> BuildLayer {
        let created = Timestamp.now()
        let driver = try scratch.driver()
        switch driver {
        case .overlay, nil:
            let path =
                driver == nil ? try scratch.makeEmptyLayer() : scratch.path + "/" + StorageDriver.overlay.directory
            let layer = BuildLayer(.init(path: path, created: created.rfc3339), label, in: scratch)
            queue.submit { [self] in
                finish(layer, lowest: below.first, label, isExported: isExported, created)
                lock.release()
            }
            return layer
        case .fuseOverlay, .copy:
            let layer = try unpacked(scratch, driver!, on: below, label, created)
            note(layer, label, created)
            lock.release()
            return layer
        }
    }

    /// Waits until all layers have their names. Throws the first error that there was.
    func finish() throws(EngineError) {
        queue.finish()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    // MARK: overlay

    // A layer that could not be named is none for the cache, and the build fails where it needs it.
    private func finish(
        _ layer: BuildLayer, lowest: BuildLayer?, _ label: BuildLayer.Label, isExported: Bool, _ created: Timestamp
    ) {
        do throws(EngineError) {
            let written = try archive(layer, lowest, isExported: isExported)
            try tools.checkCancellation()
            try sync()
            var named: Result<Void, EngineError> = .success(())
            pins.whenFree {
                do throws(EngineError) { try name(layer, written) } catch { named = .failure(error) }
            }
            try named.get()
            layer.update {
                $0.directory = written.digest
                $0.diffID = written.digest
                $0.size = written.size
            }
            note(layer, label, created)
        } catch {
            if error.kind != .cancelled { failure.withLock { $0 = $0 ?? error } }
        }
    }

    private func name(_ layer: BuildLayer, _ written: TreeArchive.Result) throws(EngineError) {
        do throws(StoreError) {
            try ingest.protect([written.digest])
            // Where somebody else has the same one, ours stays where it is until the build ends.
            guard try tools.layers.adopt(layer.now.path, as: written.digest, size: written.contentSize) else { return }
            let path = tools.layers.path(of: written.digest)
            layer.update { $0.path = path }
        } catch { throw EngineError(error) }
    }

    private func archive(
        _ layer: BuildLayer, _ lowest: BuildLayer?, isExported: Bool
    ) throws(EngineError) -> TreeArchive.Result {
        let pin = pins.pin()
        defer { pin.release() }
        return try tools.write(layer.archive(above: lowest), to: isExported ? ingest : nil)
    }

    private func sync() throws(EngineError) {
        do throws(SystemError) {
            let folder = try FileDescriptor.open(tools.layers.folder, O_RDONLY | O_DIRECTORY)
            try Files.syncFileSystem(of: folder.rawValue)
            endLifetime(folder)
        } catch { throw EngineError(error) }
    }

    // MARK: other drivers

    /// What fuse-overlayfs or a copy has written is no directory that others can be mounted from: it becomes an archive, and that is unpacked.
    private func unpacked(
        _ scratch: LayerScratch, _ driver: StorageDriver, on below: [BuildLayer], _ label: BuildLayer.Label,
        _ created: Timestamp
    ) throws(EngineError) -> BuildLayer {
        let pin = pins.pin()
        let directories = [scratch.path + "/" + driver.directory] + below.reversed().map(\.now.path)
        let archive = TreeArchive(
            form: driver == .copy ? .difference : .upper, directories: directories, isOfFuse: driver == .fuseOverlay,
            mountPlaces: MountPoints.places)
        let written = try tools.write(archive, to: ingest)
        pin.release()
        let blob = Descriptor(mediaType: MediaType.ociLayer, digest: written.digest, size: written.size)
        let name = try tools.unpack(blob, as: written.digest, on: below, ingest)
        return BuildLayer(
            .init(
                path: tools.layers.path(of: name), directory: name, diffID: written.digest, size: written.size,
                created: created.rfc3339), label)
    }

    // MARK: the cache

    private func note(_ layer: BuildLayer, _ label: BuildLayer.Label, _ created: Timestamp) {
        let state = layer.now
        guard let diffID = state.diffID, let directory = state.directory else { return }
        let entry = BuildCacheEntry(
            key: label.key, layer: diffID, directory: directory,
            size: tools.layers.size(of: directory) ?? state.size ?? 0, created: created, lastUsed: created,
            useCount: 1, description: label.description)
        do throws(StoreError) { try cache.write(entry) } catch {
            failure.withLock { $0 = $0 ?? EngineError(error) }
        }
    }
}

/// A step's lock, which is given back by whichever thread comes last.
final class StepLock: Sendable {
    private let lock: Mutex<HeldLock?>

    private final class HeldLock: Sendable {
        let lock: FileLock
        init(_ lock: consuming FileLock) { self.lock = lock }
    }

    init(_ lock: consuming FileLock) { self.lock = Mutex(HeldLock(lock)) }

    /// Gives it back; nothing where it was given back before.
    func release() { lock.withLock { $0 = nil } }
}
