import Cgroups
import Glibc
import Linux
import OCI
import Runtime
import Seccomp
package import Store

extension Engine {
    /// What `run` needs of an image without reading any JSON; nil where the image is not there, or nobody has asked
    /// for it under this name yet: then `prepareLaunch` finds or makes it.
    package func launchRecord(for options: RunOptions) -> LaunchRecord? {
        guard let record = images.launchRecord(for: options.image, platform: options.platform),
            record.isUnpacked(layers.ownership)
        else { return nil }
        return record
    }

    /// Starts a container from `record`, or from a directory with `--rootfs` (nil). The calling process has one
    /// thread. Returns while the supervisor is still at it: `StartingContainer.attach` says how it went. Throws
    /// `EngineError`; nothing is left behind then.
    package func start(
        _ options: RunOptions, image record: LaunchRecord?, client: AttachedClient.Options, lingering: Int
    ) throws(EngineError) -> StartingContainer {
        try checkPassedStreams(options)
        let (mode, map) = UserNamespace.plan()
        let root = try rootSource(options, record, mode)
        // Until the record names them, the image's layers are kept from a sweep that an rmi beside us begins.
        let guarding = try holdOffSweeps()
        defer { guarding.descriptor.unlock() }
        let claim = try claimContainer(options)
        let (id, name) = (claim.id, claim.name)
        do throws(EngineError) {
            return try start(
                options, record, claim: claim, root: root, mode: mode, map: map, client: client, lingering: lingering)
        } catch {
            giveUp(id, name: name)
            throw error
        }
    }

    private func start(
        _ options: RunOptions, _ record: LaunchRecord?, claim: consuming ContainerClaim, root: SupervisorRequest.Root,
        mode: UserNamespace.Mode, map: IDMap?, client clientOptions: AttachedClient.Options, lingering: Int
    ) throws(EngineError) -> StartingContainer {
        let (id, name) = (claim.id, claim.name)
        let config = record?.config ?? ContainerConfig()
        let request = try supervisorRequest(
            options, config, id: id, name: name, root: root, mode: mode, imageID: record?.imageID,
            size: options.tty ? Terminal.size(of: 0) ?? Terminal.size(of: 1) : nil,
            streams: options.detach || options.logConfig.type == LogConfiguration.Driver.passthrough.rawValue
                ? .none : clientOptions.streams, lingering: lingering, isNew: true)
        let description = ContainerDescription(
            creating: id, name: name, options, record, config, request.plan)
        if let path = options.containerIDFile { try writeContainerIDFile(path, id) }
        do throws(EngineError) {
            var starting = try spawn(request, claim, clientOptions)
            do throws(EngineError) {
                // While the supervisor is at work: it waits for the go before anything of the container runs.
                try write(description, layers: record?.layers ?? [], isEphemeral: options.autoRemove)
            } catch {
                // A supervisor that gives up removes what is being written here.
                throw starting.abandon() ?? error
            }
            starting.go()
            return starting
        } catch {
            if let path = options.containerIDFile { unlink(path) }
            throw error
        }
    }

    /// A container that has the caller's own terminal could type what it likes there (ioctl_tty(2), TIOCSTI).
    func checkPassedStreams(_ options: RunOptions) throws(EngineError) {
        guard options.logConfig.type == LogConfiguration.Driver.passthrough.rawValue else { return }
        for number in [CInt](0...2) where isatty(number) != 0 {
            throw EngineError(
                "--log-driver=passthrough cannot be honoured: a standard stream is a terminal, and the container would have "
                    + "it; redirect it, or leave the driver out")
        }
    }

    /// What a supervisor needs for a container with `options`. `size` is that of the terminal it shall have; `streams`
    /// are what the command that starts it is served; `isNew`: it was not created before.
    func supervisorRequest(
        _ options: RunOptions, _ config: ContainerConfig, id: String, name: String, root: SupervisorRequest.Root,
        mode: UserNamespace.Mode, imageID: Digest?, size: WindowSize?, streams: AttachedStreams, lingering: Int,
        isNew: Bool
    ) throws(EngineError) -> SupervisorRequest {
        let layers = if case .layers(let layers) = root { layers } else { [String]() }
        let ownMap = try ownIDMap(options, container: id, layers: layers)
        // Root of a namespace of its own is no root of the machine.
        var plan = try plan(options, config, id, ownMap == nil ? mode : .mapped)
        if let size {
            plan.spec.process?.consoleSize = .init(height: UInt(size.rows), width: UInt(size.columns))
        }
        let notification = ServiceNotification.asked(options.sdNotify)
        if let warning = notification?.hand(to: &plan.spec) { plan.warnings.append(warning) }
        let attachesInput =
            options.openStdin && !options.detach && (options.attach.isEmpty || options.attach.contains(.stdin))
        return SupervisorRequest(
            containers: containers, id: id, name: name, root: root, plan: plan, seccomp: try seccompProgram(plan),
            cgroup: CgroupRequest(
                .automatic(name: Cgroup.namePrefix + id, parent: options.resources.cgroupParent),
                resources: plan.spec.linux?.resources),
            ownUserNamespace: ownMap, terminal: options.tty, openInput: options.openStdin,
            autoRemove: options.autoRemove, pidFile: options.pidFile, lingering: lingering, streams: streams,
            log: try logConfiguration(options, config, id: id, name: name, imageID: imageID),
            subject: ContainerJournal.Subject(
                name: name, image: options.image, labels: (config.labels ?? [:]).merging(options.labels) { $1 }),
            notification: notification, isNew: isNew,
            settings: ServeLoop.Settings(
                inputEndsWithClient: attachesInput && !options.tty, stopSignal: plan.stopSignal,
                hasOwnStopSignal: options.stopSignal != nil || config.stopSignal != nil,
                stopTimeout: plan.stopTimeout, restartPolicy: options.restartPolicy ?? .no))
    }

    private func spawn(
        _ request: SupervisorRequest, _ claim: consuming ContainerClaim, _ options: AttachedClient.Options
    ) throws(EngineError) -> StartingContainer {
        do throws(SystemError) {
            var pair = try FileDescriptor.socketPair(type: CInt(SOCK_SEQPACKET.rawValue))
            // The client blocks the signals that it passes on, so none is lost between here and its loop.
            let client = try AttachedClient(socket: pair.takeFirst(), options: options)
            let supervisorEnd = pair.takeSecond()
            _ = try Supervisor.spawn(request, client: supervisorEnd.rawValue, hold: claim.hold.rawValue)
            return StartingContainer(claim: claim, warnings: request.plan.warnings, client: client)
        } catch {
            throw EngineError("cannot start the container's supervisor: \(error)")
        }
    }

    // MARK: parts that create and start share

    private func logConfiguration(
        _ options: RunOptions, _ config: ContainerConfig, id: String, name: String, imageID: Digest?
    ) throws(EngineError) -> LogConfiguration {
        do throws(OptionError) {
            return try LogConfiguration(options, image: config, id: id, name: name, imageID: imageID)
        } catch { throw EngineError(error.description) }
    }

    func holdOffSweeps() throws(EngineError) -> FileLock {
        do throws(StoreError) { return try images.holdOffSweeps() } catch { throw EngineError(error) }
    }

    func rootSource(
        _ options: RunOptions, _ record: LaunchRecord?, _ mode: UserNamespace.Mode
    ) throws(EngineError) -> SupervisorRequest.Root {
        guard let record else {
            return try directoryRoot(options)
        }
        let store = layers(mode)
        guard record.isUnpacked(store.ownership) else {
            throw EngineError(
                "image \(options.image) was unpacked for another id map: remove it with 'apus rmi' and pull it again")
        }
        return .layers(record.layers.map { store.path(of: $0) })
    }

    /// The directory that `--rootfs` names.
    func directoryRoot(_ options: RunOptions) throws(EngineError) -> SupervisorRequest.Root {
        guard let path = realpath(options.image, nil) else {
            throw EngineError("root file system \(options.image): \(Errno.current)")
        }
        defer { free(path) }
        return .directory(String(cString: path))
    }

    func plan(
        _ options: RunOptions, _ config: ContainerConfig, _ id: String, _ mode: UserNamespace.Mode
    ) throws(EngineError) -> LaunchPlan {
        var builder = SpecBuilder(
            options: options, image: config, containerID: id, filesDirectory: containers.runDirectory(id),
            host: .current(mode: mode))
        do throws(OptionError) { return try builder.build() } catch { throw EngineError(error.description) }
    }

    private func seccompProgram(_ plan: LaunchPlan) throws(EngineError) -> SeccompProgram? {
        let cache = SeccompCache(directory: paths.cache + "/seccomp")
        var capabilities: UInt64 = 0
        for name in plan.spec.process?.capabilities?.bounding ?? [] {
            if let number = CapabilityName.all.firstIndex(of: name) { capabilities |= 1 << UInt64(number) }
        }
        switch plan.seccomp {
        case .unconfined: return nil
        case .standard:
            do throws(SeccompError) { return try cache.defaultProgram(capabilities: capabilities) } catch {
                throw EngineError(error.description)
            }
        case .file(let path):
            let contents: [UInt8]
            do throws(SystemError) { contents = try Files.read(path, limit: 16 << 20) } catch {
                throw EngineError("cannot read the seccomp profile \(path): \(error.errno)")
            }
            let program: SeccompProgram?
            do throws(SeccompError) {
                program = try cache.program(profile: contents, file: path, capabilities: capabilities)
            } catch { throw EngineError(error.description) }
            if program?.needsListener ?? false {
                throw EngineError(
                    "the seccomp profile \(path) asks for notifications (SCMP_ACT_NOTIFY): nobody would answer them")
            }
            return program
        }
    }

    func write(
        _ description: ContainerDescription, layers: [Digest], isEphemeral: Bool
    ) throws(EngineError) {
        let record = ContainerRecord(image: description.imageID, layers: layers, body: try description.encoded())
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
                    "container ID file found, make sure the other container isn't running or delete \(path)")
            }
            throw EngineError("cannot write the container ID file \(path): \(error.errno)")
        }
    }
}

/// A container that a supervisor is starting, and the session of the command line with it.
package struct StartingContainer: ~Copyable {
    package let id: String
    package let name: String
    /// One sentence for each thing that is not quite as asked.
    package let warnings: [String]
    private var client: AttachedClient
    // Keeps the container from sweeps until its record is written. From then on its supervisor alone holds it: a
    // command line that cannot get rid of its output must not keep others from removing the container.
    private var claim: ContainerClaim?

    init(claim: consuming ContainerClaim, warnings: [String], client: consuming AttachedClient) {
        id = claim.id
        name = claim.name
        self.warnings = warnings
        self.client = client
        self.claim = consume claim
    }

    mutating func go() {
        client.go()
        claim = nil
    }

    /// Has the supervisor give up and clean up, and waits for it; what it had given up for already.
    mutating func abandon() -> EngineError? { client.abandon() }

    /// Waits until the container's process runs; nil then, else how it ended (`run --detach`).
    package func awaitStart() -> AttachedClient.Outcome? { client.awaitStart() }

    /// Serves the container's streams until it ends or the user detaches (see `AttachedClient.run`).
    package mutating func attach(started: () -> Void = {}) -> AttachedClient.Outcome { client.run(started: started) }
}
