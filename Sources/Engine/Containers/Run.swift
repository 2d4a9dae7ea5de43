package import ContainerSpec
package import Errors
import Glibc
import Linux
import OCI
import Runtime
package import Store
package import Supervision

extension Engine {
    /// What `run` needs of an image without reading any JSON; nil where the image is not there, or nobody has asked
    /// for it under this name yet: then `prepareLaunch` finds or makes it.
    package func launchRecord(for options: RunOptions) -> LaunchRecord? {
        guard let record = images.launchRecord(for: options.image, platform: options.platform),
            record.isUnpacked(layers.ownership)
        else { return nil }
        // A layer may have been removed by hand: it is unpacked again.
        let store = layers
        return record.layers.allSatisfy { store.has($0) } ? record : nil
    }

    /// Starts a container from `record`, or from a directory with `--rootfs` (nil). The calling process has one
    /// thread. Where `client` says how that process ends (`departure`) it may do so without a return: it has nothing left to write.
    /// Returns when the supervisor has something to say, or a signal has come: `StartingContainer.attach` says how it went. Throws
    /// `EngineError`; nothing is left behind then. What has been begun before the options were known is taken where it suits them.
    package func start(
        _ options: RunOptions, image record: LaunchRecord?, client: AttachedClient.Options, lingering: Int,
        begun: Beginning?
    ) throws(EngineError) -> StartingContainer {
        try checkPassedStreams(options, client.caller)
        var options = options
        options.storageDriver = storageDriver
        let (mode, _) = UserNamespace.plan()
        let beginning = begun?.suiting(options, mode)
        let root = try rootSource(options, record, mode)
        // Until the record names them, the image's layers are kept from a sweep that an rmi beside us begins.
        var guarding = try holdOffSweeps()
        try requireLayers(of: record, options, mode)
        let claim = try claimContainer(options, beginning)
        beginning?.makeRoot(options, root)
        let (id, name) = (claim.id, claim.name)
        do throws(EngineError) {
            try requireStorageDriver()
            options = try claimVolumes(options, image: record?.config, for: id)
            let starting = try start(
                options, record, claim: claim, root: root, mode: mode, client: client, lingering: lingering,
                guarding: guarding.descriptor.rawValue, beginning)
            guarding.handOver()
            return starting
        } catch {
            // Nothing is made any more of what is to go.
            beginning?.finish()
            giveUp(id, name: name, options)
            throw error
        }
    }

    private func start(
        _ options: RunOptions, _ record: LaunchRecord?, claim: consuming ContainerClaim, root: SupervisorRequest.Root,
        mode: UserNamespace.Mode, client clientOptions: AttachedClient.Options, lingering: Int, guarding: CInt,
        _ beginning: Beginning?
    ) throws(EngineError) -> StartingContainer {
        let (id, name) = (claim.id, claim.name)
        var preparation = preparation(id, name: name, options, record, root, mode)
        preparation.size = options.tty ? clientOptions.caller.windowSize : nil
        if !options.detach, !options.passesStreams { preparation.streams = clientOptions.streams }
        preparation.lingering = lingering
        var request = try preparation.supervisorRequest()
        request.prepared = beginning?.preparation.parts
        request.living = beginning?.living
        request.newcomer = NewContainer(
            description: ContainerDescription(
                creating: id, name: name, options, record, preparation.image, request.plan),
            layers: record?.layers ?? [], containerIDFile: options.containerIDFile)
        if let path = options.containerIDFile { try writeContainerIDFile(path, id) }
        do throws(EngineError) {
            return try spawn(request, claim, clientOptions, guarding, beginning?.preparation)
        } catch {
            if let path = options.containerIDFile { unlink(path) }
            throw error
        }
    }

    /// A container that has the caller's own terminal could type what it likes there (ioctl_tty(2), TIOCSTI).
    func checkPassedStreams(_ options: RunOptions, _ caller: CallerStreams) throws(EngineError) {
        guard options.passesStreams else { return }
        for case .some(let number) in caller.numbers where Terminal.isTerminal(number) {
            throw EngineError(
                "--log-driver=passthrough cannot be honoured: a standard stream is a terminal, and the container would have "
                    + "it; redirect it, or leave the driver out", .unsupported)
        }
    }

    private func spawn(
        _ request: SupervisorRequest, _ claim: borrowing ContainerClaim, _ options: AttachedClient.Options,
        _ guarding: CInt, _ preparation: Preparation?
    ) throws(EngineError) -> StartingContainer {
        do throws(SystemError) {
            var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
            // The client blocks the signals that it passes on, so none is lost between here and its loop.
            let client = try AttachedClient(socket: pair.takeFirst(), options: options)
            let supervisorEnd = pair.takeSecond()
            // Who has warnings to print cannot leave yet.
            if request.plan.warnings.isEmpty,
                client.depart(
                    closing: [supervisorEnd.rawValue, claim.hold.rawValue, guarding], helper: preparation?.helper)
            {
                Supervisor.become(
                    request, client: supervisorEnd.release(), hold: claim.hold.rawValue, guarding: guarding)
            }
            _ = try Supervisor.spawn(
                request, client: supervisorEnd.rawValue, hold: claim.hold.rawValue, guarding: guarding)
            // Where it ends without a word that is seen when nobody has this end.
            endLifetime(supervisorEnd)
            client.awaitNews()
            return StartingContainer(
                id: claim.id, name: claim.name, warnings: request.plan.warnings, client: client,
                preparation: preparation)
        } catch {
            throw EngineError("cannot start the container's supervisor: \(error)")
        }
    }

    // MARK: parts that create and run share

    func preparation(
        _ id: String, name: String, _ options: RunOptions, _ record: LaunchRecord?, _ root: SupervisorRequest.Root,
        _ mode: UserNamespace.Mode
    ) -> ContainerStart {
        ContainerStart(
            id, name: name, in: containers, options, image: record?.config ?? ContainerConfig(),
            imageID: record?.imageID, root: root, mode: mode)
    }

    /// Throws where the driver that the user wants cannot work, as far as that shows before anything is mounted.
    func requireStorageDriver() throws(EngineError) {
        guard storageDriver == .fuseOverlay, let obstacle = FuseOverlay.obstacle() else { return }
        throw EngineError(
            "the storage driver fuse-overlayfs cannot be used: \(obstacle)", .start(exitCode: 125))
    }

    func holdOffSweeps() throws(EngineError) -> FileLock {
        do throws(StoreError) { return try images.holdOffSweeps() } catch { throw EngineError(error) }
    }

    /// Throws where a sweep has taken a layer between the look at the image and the lock that the caller holds against sweeps.
    func requireLayers(
        of record: LaunchRecord?, _ options: RunOptions, _ mode: UserNamespace.Mode
    ) throws(EngineError) {
        guard let record else { return }
        let store = LayerStore(paths, mode)
        if record.layers.allSatisfy({ store.has($0) }) { return }
        throw EngineError("No such image: \(options.image): it was removed just now", .notFound)
    }

    func rootSource(
        _ options: RunOptions, _ record: LaunchRecord?, _ mode: UserNamespace.Mode
    ) throws(EngineError) -> SupervisorRequest.Root {
        guard let record else {
            return try SupervisorRequest.Root(directory: options.image)
        }
        let store = LayerStore(paths, mode)
        guard record.isUnpacked(store.ownership) else {
            throw EngineError(
                "image \(options.image) was unpacked for another id map: remove it with 'apus rmi' and pull it again")
        }
        return .layers(record.layers.map { store.path(of: $0) })
    }

    func write(
        _ description: ContainerDescription, layers: [Digest], isEphemeral: Bool
    ) throws(EngineError) {
        let record = try description.record(layers: layers)
        do throws(StoreError) {
            try containers.writeRecord(record, of: description.id, isEphemeral: isEphemeral)
        } catch { throw EngineError(error) }
    }

    func writeContainerIDFile(_ path: String, _ id: String) throws(EngineError) {
        do throws(SystemError) {
            try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644).writeAll(id.utf8)
        } catch {
            if error.errno == .exists {
                throw EngineError(
                    "container ID file found, make sure the other container isn't running or delete \(path)", .conflict)
            }
            throw EngineError("failed to create the container ID file: open \(path): \(error.errno)")
        }
    }
}
