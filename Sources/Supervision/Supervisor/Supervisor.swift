import ContainerSpec
import Errors
import Glibc
package import Linux
import Logs
import OCI
import Runtime
import Seccomp
import Store

/// The process that owns one container: forked from the command line while that has one thread, it enters the
/// user's namespace, starts the container, serves it, starts it again where that is wanted, records its end and cleans up
/// behind it.
///
/// No Foundation on its path: its private memory is paid once per container.
package struct Supervisor: ~Copyable {
    private let held: HeldRequest
    var request: SupervisorRequest { _read { yield held.request } }
    private let hold: CInt
    // The lock that keeps the image's layers from sweeps until the container's record names them.
    private var guarding: CInt?
    private var isRecorded: Bool
    /// What was made for the container before it had a supervisor.
    var prepared: PreparedParts?
    let journal: ContainerJournal
    var mode = UserNamespace.Mode.host
    /// Whether it is still to say that others can join its user namespace.
    var isUnpublished = false
    var cgroup: ContainerCgroup?
    /// Namespaces of the present run that the kernel takes longer to take down than anybody waits for the end of a short command:
    /// they are let go of when it has been told (`tellEnd`).
    var heldMounts: FileDescriptor?
    var heldNetwork: FileDescriptor?
    /// Who serves the root file system of the present run, where somebody does.
    let rootServer = RootServer()
    /// nil for a container that is on none.
    let networks: ContainerNetworks?
    /// Copies of the starting command's standard streams, where they are to be the container's: never closed, since each
    /// start of it takes them.
    let passed: [CInt]

    /// Forks the supervisor and returns its number. `client` is its end of the attach socket, `hold` the container's
    /// lock; both stay open in the caller, who closes them. `guarding` is a lock against sweeps, which the supervisor ends
    /// (`FileLock.handOver`).
    package static func spawn(
        _ request: SupervisorRequest, client: CInt, hold: CInt, guarding: CInt
    ) throws(SystemError) -> ProcessID {
        let process = try fork {
            run(request, client: client, hold: hold, guarding: guarding)
            return 0
        }
        // Where both have one processor the supervisor goes first: the caller has nothing to do that is waited for.
        sched_yield()
        return process
    }

    /// Makes the calling process the supervisor until that ends. The descriptors as for `spawn`.
    package static func become(_ request: SupervisorRequest, client: CInt, hold: CInt, guarding: CInt) -> Never {
        run(request, client: client, hold: hold, guarding: guarding)
        _exit(0)
    }

    /// Makes the calling process the supervisor; it has nothing else to do afterwards. The descriptors as for
    /// `spawn`.
    static func run(_ request: SupervisorRequest, client: CInt, hold: CInt, guarding: CInt? = nil) {
        let passed = request.passesStreams ? copiesOfStreams() : []
        var kept = [client, hold] + passed + (request.build?.descriptors ?? [])
        if let guarding { kept.append(guarding) }
        if let prepared = request.prepared { kept += prepared.numbers }
        if let living = request.living { kept.append(living.number) }
        isolate(keeping: kept)
        var supervisor = Supervisor(request, hold: hold, passed: passed, guarding: guarding)
        supervisor.run(first: FileDescriptor(owning: client))
    }

    init(_ request: SupervisorRequest, hold: CInt, passed: [CInt], guarding: CInt? = nil) {
        held = HeldRequest(request)
        self.passed = passed
        self.hold = hold
        self.guarding = guarding
        isRecorded = request.newcomer == nil
        prepared = request.prepared.map { PreparedParts($0) }
        networks =
            if let wanted = request.networks {
                ContainerNetworks(wanted, of: request.id, name: request.name, in: request.containers)
            } else { nil }
        journal = ContainerJournal(
            containers: request.containers, id: request.id, isEphemeral: request.autoRemove, subject: request.subject,
            isUnlisted: request.build != nil)
    }

    /// Makes the calling process independent of who started it: its own session, so that no terminal's signals reach it;
    /// nothing of the caller's descriptors but `kept`, which could keep a pipe of a script open as long as the
    /// container runs; no place in the file tree that it would keep from being unmounted.
    static func isolate(keeping kept: [CInt]) {
        setsid()
        umask(0o022)
        _ = chdir("/")
        Signals.look()
        Signals.resetAll()
        Signals.ignoreBrokenPipe()
        Signals.ignoreFileSizeLimit()
        DescriptorTable.silence([0, 1, 2])
        DescriptorTable.closeAll(from: 3, keeping: kept)
    }

    private mutating func run(first client: consuming FileDescriptor) {
        let socket = client.rawValue
        do throws(SystemError) {
            var loop = try ServeLoop(request.settings, journal: journal, first: client, streams: request.streams)
            loop.log = ContainerLog(
                request.log, directory: request.containers.directory(request.id), id: request.id)
            if let check = request.plan.healthCheck {
                loop.tasks.append(
                    HealthMonitor(check, runDirectory: request.runDirectory) { [journal] in journal.record(.health($0))
                    })
            }
            loop.networks = networks
            if request.isNew { loop.prologue = [.create] }
            if request.streams != .none { loop.prologue.append(.attach) }
            var failure: SupervisorFailure?
            do throws(SupervisorFailure) {
                cgroup = try ContainerCgroup(request.cgroup, runDirectory: request.containers.paths.run)
                try enterUserNamespace()
            } catch { failure = error }
            let doomed = if let failure { fail(failure, &loop) } else { supervise(&loop) }
            cgroup?.remove()
            networks?.leave()
            // The answer is on its way; events and files go after it, and then the lock, for which the next command
            // waits.
            journal.flush()
            remove(doomed)
            close(hold)
            loop.deliver()
        } catch {
            let failure = SupervisorFailure(error)
            let doomed = settle(failure)
            let frame = AttachFrame.failed(code: failure.exitCode, message: failure.message)
            _ = AttachChannel.send(frame.bytes, to: socket, waiting: true)
            remove(doomed)
            close(hold)
        }
        Linger.hold(runDirectory: request.containers.paths.run, mode: mode, seconds: request.lingering)
    }

    // MARK: the container's life

    // Makes a new container known to other commands, before anything of it runs: what runs unseen, nobody could stop.
    mutating func record() throws(SupervisorFailure) {
        guard !isRecorded, let newcomer = request.newcomer else { return }
        do throws(EngineError) {
            let record = try newcomer.description.record(layers: newcomer.layers)
            do throws(StoreError) {
                try request.containers.writeRecord(record, of: request.id, isEphemeral: request.autoRemove)
            } catch { throw EngineError(error) }
        } catch {
            if let path = newcomer.containerIDFile { unlink(path) }
            throw SupervisorFailure(error.message)
        }
        isRecorded = true
        endGuard()
    }

    private mutating func endGuard() {
        guard let number = guarding.take() else { return }
        // By its word: what was forked meanwhile has a duplicate.
        flock(number, LOCK_UN)
        close(number)
    }

    // Starts the container as often as it is wanted. Returns the directories that are left for removal.
    private mutating func supervise(_ loop: inout ServeLoop) -> [String] {
        var backoff = RestartBackoff()
        var isFirst = true
        while true {
            let started = MonotonicTime.now()
            let code: CInt
            do throws(SupervisorFailure) {
                // When nothing of ours has the file system open any more.
                defer { rootServer.finish() }
                code = try start(&loop, restarts: backoff.restartCount, isFirst: isFirst).shellCode
            } catch {
                return isFirst ? fail(error, &loop) : finish(error.exitCode, error, &loop)
            }
            isFirst = false
            let ran = MonotonicTime.now() - started
            if loop.wishes.restart {
                journal.restarting(exitCode: code)
                tellEnd(code, final: false, nil, &loop)
                noteEnd(code, ran)
                journal.record(.stop)
                loop.epilogue = [.restart]
                backoff.reset()
                continue
            }
            let policy = loop.settings.restartPolicy
            guard !loop.wishes.end,
                let wait = backoff.next(after: code, ran: ran, policy: policy, isManuallyStopped: false)
            else {
                let failure = rootServer.failure().map { SupervisorFailure($0, exitCode: code) }
                return finish(code, failure, &loop, ran: ran)
            }
            journal.restarting(exitCode: code)
            tellEnd(code, final: false, nil, &loop)
            noteEnd(code, ran)
            journal.flush()
            guard loop.rest(until: .now().adding(milliseconds: wait)) else { return finish(code, nil, &loop) }
            if loop.wishes.restart { backoff.reset() }
        }
    }

    // One run of the container, from nothing to its end.
    private mutating func start(
        _ loop: inout ServeLoop, restarts: Int, isFirst: Bool
    ) throws(SupervisorFailure) -> ExitStatus {
        var plan = request.plan
        if goesAhead(plan) { return try startAhead(plan, &loop, restarts: restarts, isFirst: isFirst) }
        publishNamespace()
        var mounted: [SharedFileSystem] = []
        defer { for shared in mounted { shared.release() } }
        // Before anything shares this process's root directory.
        try mount(request.volumes, &mounted) { (_, failure) throws(SupervisorFailure) in throw failure }
        let namespace = try ownUserNamespace()
        let network = beginLoopback(plan.spec, plan.network, namespace)
        let root = try mountRoot(namespace, isFirst: isFirst, meanwhile: network)
        defer { Overlay.letGo(root) }
        if request.isNew, isFirst { try fillVolumes(root) } else { awaitVolumes() }
        let parts = try openSubpaths(&plan.spec)
        defer { for part in parts { close(part) } }
        let images = try mountImages(&plan.spec, namespace)
        defer {
            for image in images { close(image) }
            letGoImages()
        }
        let ofBuild = try mountForBuild(&plan.spec)
        defer {
            for part in ofBuild { close(part) }
            letGoBuildMounts()
        }
        var loopback = finishLoopback(network, &plan.spec)
        let other = try joinOther(plan.network, &plan.spec)
        var warnings: [String] = []
        defer { networks?.stopServing() }
        try joinNetworks(&plan, &loopback, namespace, &warnings)
        // What a build's command writes is its own.
        if mode == .single, isFirst, request.build == nil, OneUser.isNews(runDirectory: request.containers.paths.run) {
            warnings.append(OneUser.limits)
        }
        for warning in warnings { loop.warn(warning) }
        try writeFiles(plan.files)
        try resolveUser(&plan, root, namespace)
        if isFirst { try changeOwners(plan) }
        try nameKeptUser(&plan, root)
        var egress = try connect(plan.network, &plan.spec, namespace)
        var identity: IdentityProcess?
        defer { identity?.end() }
        var streams = try openStreams(for: plan.spec.process?.user ?? .init())
        let stubs = MountStubs(of: request.build, in: root)
        let mount: FileDescriptor
        do throws(SystemError) { mount = try root.duplicate() } catch { throw SupervisorFailure(error) }
        var process = try beginLaunch(plan, .mount(mount), &streams)
        do throws(SupervisorFailure) {
            // While it sets itself up: all that must be before it executes its program.
            try cgroup?.guardDevices()
            try listen(&loop)
            try record()
            if let warning = try awaitEgress(&egress) { loop.warn(warning) }
            try networks?.serve()
            // A filter's listener is asked for first, and what was made of a build's file system is looked at before its program
            // runs.
            if request.identity != nil || stubs != nil { try complete(&process, &identity) }
            stubs?.noteMade()
            try release(&process)
        } catch {
            process.kill()
            throw error
        }
        streams.ours.terminal = process.takeTerminal()
        // The container's process has a copy of this mount namespace.
        letGoImages()
        letGoBuildMounts()
        endLifetime(loopback)
        endLifetime(other)
        tellParts(&loop)
        let container = try announce(process, plan, &loop, restarts: restarts, isFirst: isFirst)
        let status = serve(container, streams.ours, &loop)
        stubs?.remove()
        noteMemory()
        disconnect(egress)
        // No process namespace takes them along, and there may be no cgroup to kill.
        if plan.sharesProcesses { loop.endStragglers() }
        // Nothing could take its place, or remove the directory that it is in.
        if case .egress = request.plan.network { try? MountCalls.detach(networkMountPoint) }
        return status
    }

    // Until the container has ended.
    func serve(
        _ container: RunningContainer, _ streams: consuming ProcessStreams, _ loop: inout ServeLoop
    ) -> ExitStatus {
        loop.tasks.removeAll { $0 is NetworkProcess }
        if let serving = networks?.process { loop.tasks.append(serving) }
        loop.tasks.removeAll { $0 is FuseServer }
        loop.spared = []
        for server in rootServer.all {
            loop.tasks.append(server)
            loop.spared.append(server.process)
        }
        let status = loop.serve(container, streams)
        if let failure = rootServer.failure() { loop.warn(failure) }
        return status
    }

    // MARK: the end

    private func noteEnd(_ code: CInt, _ milliseconds: Int64) {
        for network in connectedNetworks() { journal.note(.disconnect(network)) }
        for volume in request.volumes { journal.note(.unmount(volume.event)) }
        journal.note(.die(exitCode: code, milliseconds: milliseconds))
    }

    private mutating func tellEnd(
        _ code: CInt, final: Bool, _ failure: SupervisorFailure?, _ loop: inout ServeLoop
    ) {
        loop.tellEnd(code, final: final, failure)
        heldMounts = nil
        heldNetwork = nil
    }

    // Returns the directories that are left for removal.
    private mutating func finish(
        _ code: CInt, _ failure: SupervisorFailure?, _ loop: inout ServeLoop, ran: Int64? = nil
    ) -> [String] {
        networks?.retire()
        var doomed: [String] = []
        if request.autoRemove {
            // Its name is free before the client hears of the end; everything else goes after it.
            doomed = remove()
        } else {
            journal.exited(exitCode: code, error: failure?.message)
        }
        if request.build != nil, let failure = failure ?? lackOfMemory(code) {
            loop.tellFailure(failure)
        } else {
            tellEnd(code, final: true, failure, &loop)
        }
        if let ran { noteEnd(code, ran) }
        if loop.wishes.stop { journal.note(.stop) }
        if request.autoRemove { journal.note(.destroy) }
        return doomed
    }

    private mutating func fail(_ failure: SupervisorFailure, _ loop: inout ServeLoop) -> [String] {
        let doomed = settle(failure)
        loop.tellFailure(failure)
        return doomed
    }

    // What stays of a container that could not be started: its record, with the reason, or nothing. Returns the directories that are left
    // for removal.
    private mutating func settle(_ failure: SupervisorFailure) -> [String] {
        if !request.autoRemove { try? record() }
        endGuard()
        if request.autoRemove || !isRecorded { return remove() }
        journal.failed(exitCode: failure.exitCode, error: failure.message)
        return []
    }

    private func remove(_ doomed: [String]) {
        if !doomed.isEmpty { try? request.containers.forget(request.id, name: request.name) }
        for path in doomed { try? Files.removeTree(path) }
    }

    private mutating func remove() -> [String] {
        // Nothing is made any more of what is to go.
        endPreparation()
        guard let directory = try? request.containers.retire(request.id) else { return [] }
        if request.volumes.isEmpty { return [directory] }
        let volumes = VolumeStore(request.containers.paths)
        return [directory] + volumes.leave(request.volumes.map(\.name), by: request.id, removing: true)
    }
}
