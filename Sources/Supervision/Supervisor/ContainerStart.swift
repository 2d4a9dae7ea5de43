package import Errors
import Cgroups
package import ContainerSpec
import Glibc
package import Linux
import Logs
package import OCI
package import Runtime
import Seccomp
package import Store

/// One start of a container: what is known of it before it has a supervisor.
package struct ContainerStart: Sendable {
    package var containers: ContainerStore
    package var id: String
    package var name: String
    package var options: RunOptions
    /// What its image says; empty with `--rootfs`.
    package var image: ContainerConfig
    /// nil with `--rootfs`.
    package var imageID: Digest?
    package var root: SupervisorRequest.Root
    /// With what ids the caller's containers run.
    package var mode: UserNamespace.Mode
    /// The size that its terminal begins with; nil where it has none, or the caller has none.
    package var size: WindowSize?
    /// What the command that starts it is served.
    package var streams = AttachedStreams.none
    /// How long its supervisor stays for the next start, in seconds.
    package var lingering = 0
    /// What it is where a build runs it; nil for every other.
    var build: BuildContainer?

    /// The start of the container `id` of `containers`, which has `root`.
    package init(
        _ id: String, name: String, in containers: ContainerStore, _ options: RunOptions, image: ContainerConfig,
        imageID: Digest?, root: SupervisorRequest.Root, mode: UserNamespace.Mode
    ) {
        self.containers = containers
        self.id = id
        self.name = name
        self.options = options
        self.image = image
        self.imageID = imageID
        self.root = root
        self.mode = mode
    }

    /// Works out all that the supervisor needs. Takes the ids of `--userns=auto`, and writes a compiled filter into the
    /// cache; nothing else is changed. Throws `EngineError` for options that cannot be honoured here.
    package func supervisorRequest() throws(EngineError) -> SupervisorRequest {
        let ownMap = try ownIDMap()
        let volumes = try volumeSources()
        // Root of a namespace of its own is no root of the machine.
        let host = hostFacts(ownMap == nil ? mode : .mapped)
        var plan = try plan(host, volumes, ownMap)
        if let size {
            plan.spec.process?.consoleSize = .init(height: UInt(size.rows), width: UInt(size.columns))
        }
        let notification = ServiceNotification.asked(options.sdNotify)
        if let warning = notification?.hand(to: &plan.spec) { plan.warnings.append(warning) }
        var networks: NetworkRequest?
        if plan.network == .bridged { networks = try NetworkRequest(options, image: image, of: name, in: containers) }
        var cgroup = CgroupRequest(
            .automatic(name: Cgroup.namePrefix + id, parent: options.resources.cgroupParent),
            resources: plan.spec.linux?.resources)
        cgroup.support = host.cgroups
        var request = SupervisorRequest(
            containers: containers, id: id, name: name, root: root,
            storageDriver: options.storageDriver, plan: plan, networks: networks,
            volumes: MountedVolume.all(of: options, volumes),
            images: try MountedImage.all(of: options, in: LayerStore(containers.paths, mode)),
            seccomp: try seccompProgram(plan),
            identity: mode == .single && ownMap == nil ? try identityFilters(plan) : nil,
            cgroup: cgroup,
            ownUserNamespace: ownMap, terminal: options.tty, openInput: options.openStdin,
            autoRemove: options.autoRemove, pidFile: options.pidFile, lingering: lingering, streams: streams,
            log: try logConfiguration(), subject: subject, notification: notification,
            settings: settings(plan))
        if let build { request.adapt(to: build) }
        return request
    }

    private var subject: ContainerJournal.Subject {
        ContainerJournal.Subject(
            name: name, image: options.image, labels: (image.labels ?? [:]).merging(options.labels) { $1 })
    }

    private func settings(_ plan: LaunchPlan) -> ServeLoop.Settings {
        let attachesInput = options.openStdin && !options.detach
        return ServeLoop.Settings(
            inputEndsWithClient: attachesInput && !options.tty, stopSignal: plan.stopSignal,
            hasOwnStopSignal: options.stopSignal != nil || image.stopSignal != nil, stopTimeout: plan.stopTimeout,
            restartPolicy: options.restartPolicy ?? .no)
    }

    private func ownIDMap() throws(EngineError) -> IDMap? {
        let layers = if case .layers(let layers) = root { layers } else { [String]() }
        do throws(OptionError) {
            return try OwnIDMap.claim(options, container: id, layers: layers, in: containers.paths)
        } catch { throw EngineError(error) }
    }

    private func logConfiguration() throws(EngineError) -> LogConfiguration {
        do throws(OptionError) {
            return try LogConfiguration(options, image: image, id: id, name: name, imageID: imageID)
        } catch { throw EngineError(error) }
    }

    private func hostFacts(_ mode: UserNamespace.Mode) -> HostFacts {
        var host = HostFacts.current(mode: mode, runDirectory: containers.paths.run)
        host.lacksBridges = NetworkRequest.isLackNoted(containers.paths)
        return host
    }

    private func plan(
        _ host: HostFacts, _ volumes: [VolumeSource], _ ownMap: IDMap?
    ) throws(EngineError) -> LaunchPlan {
        var builder = SpecBuilder(
            options: options, image: image, containerID: id, filesDirectory: containers.runDirectory(id), host: host)
        builder.joined = try joinedContainer()
        builder.volumes = volumes
        builder.ownMap = ownMap
        do throws(OptionError) { return try builder.build() } catch { throw EngineError(error) }
    }

    private func volumeSources() throws(EngineError) -> [VolumeSource] {
        let store = VolumeStore(containers.paths)
        var sources: [VolumeSource] = []
        for mount in options.mounts {
            guard case .volume(let volume) = mount.kind, let name = volume.name else { continue }
            do throws(StoreError) { sources.append(VolumeSource(try store.read(name), in: store)) } catch {
                throw EngineError(error)
            }
        }
        return sources
    }

    private func joinedContainer() throws(EngineError) -> JoinedContainer? {
        guard case .container(let name) = options.networkMode else { return nil }
        do throws(StoreError) {
            var other = try containers.find(name)
            // One that shares another's has no files of its own for it.
            for _ in 0..<16 {
                let summary = ContainerSummary.read(try containers.readRecord(other).body, id: other)
                guard case .container(let next)? = summary?.options.networkMode else { break }
                other = try containers.find(next)
            }
            let state = try containers.state(other)
            let summary = ContainerSummary.read(try containers.readRecord(other).body, id: other)
            let process = state.isActive ? state.process : nil
            return JoinedContainer(
                namespace: process.map { "/proc/\($0.pid)/ns/net" }, filesDirectory: containers.runDirectory(other),
                hostname: summary?.hostname ?? String(other.prefix(12)))
        } catch { throw EngineError("joining network namespace of container: \(error)") }
    }

    private var seccompCache: SeccompCache { SeccompCache(directory: containers.paths.cache + "/seccomp") }

    private func capabilities(_ plan: LaunchPlan) -> UInt64 {
        var capabilities: UInt64 = 0
        for name in plan.spec.process?.capabilities?.bounding ?? [] {
            if let number = Capability.number(of: name) { capabilities |= 1 << UInt64(number) }
        }
        return capabilities
    }

    private func identityFilters(_ plan: LaunchPlan) throws(EngineError) -> IdentityFilters? {
        let (cache, capabilities) = (seccompCache, capabilities(plan))
        do throws(SeccompError) {
            guard let asked = try IdentityFilter.program(.asked, capabilities: capabilities, from: cache),
                let ignored = try IdentityFilter.program(.ignored, capabilities: capabilities, from: cache)
            else { return nil }
            // For what the kernel is to do by itself (SECCOMP_USER_NOTIF_FLAG_CONTINUE).
            let isAsked = KernelVersion.running >= KernelVersion(5, 5)
            return IdentityFilters(asked: isAsked ? asked.instructions : [], ignored: ignored.instructions)
        } catch { throw EngineError(error) }
    }

    private func seccompProgram(_ plan: LaunchPlan) throws(EngineError) -> SeccompProgram? {
        let (cache, capabilities) = (seccompCache, capabilities(plan))
        switch plan.seccomp {
        case .unconfined: return nil
        case .standard:
            do throws(SeccompError) { return try cache.defaultProgram(capabilities: capabilities) } catch {
                throw EngineError(error)
            }
        case .file(let path):
            let contents: [UInt8]
            do throws(SystemError) { contents = try Files.readGiven(path, limit: 16 << 20) } catch {
                throw EngineError(
                    "opening seccomp profile (\(path)) failed: open \(path): \(error.errno)", .invalid)
            }
            let program: SeccompProgram?
            do throws(SeccompError) {
                program = try cache.program(profile: contents, file: path, capabilities: capabilities)
            } catch { throw EngineError(error) }
            if program?.needsListener ?? false {
                throw EngineError(
                    "the seccomp profile \(path) asks for notifications (SCMP_ACT_NOTIFY): nobody would answer them",
                    .unsupported)
            }
            return program
        }
    }
}
