import Bytes
import Cgroups
import Glibc
import Linux
import OCI
import Runtime
import Seccomp

/// A container that is being created: made by `init`, and complete after `finish()`. What fails in between is undone.
struct Creation: ~Copyable {
    /// An annotation of crun's, which podman writes for `--group-add keep-groups`: "1" leaves the process the caller's
    /// additional groups.
    static let groupsAnnotation = "run.oci.keep_original_groups"

    private let runtime: OCIRuntime
    private let request: CreateRequest
    private let configuration: Configuration
    private let waitsForStart: Bool
    let directory: StateDirectory
    let record: ContainerRecord
    let state: StateDocument
    private(set) var process: InitProcess
    private var filter: Configuration.Filter?

    /// Claims the name, makes the cgroup and the process, and records them. No initializer: what the optimiser of Swift
    /// 6.3.1 makes of one that throws destroys members that were never set.
    static func begin(
        _ runtime: OCIRuntime, _ request: CreateRequest, _ bundle: Bundle, waitsForStart: Bool
    ) throws(OCIError) -> Creation {
        var configuration = bundle.configuration
        let hasCommand = configuration.spec.process != nil
        // What waits needs an identity all the same.
        if !hasCommand { configuration.spec.process = RuntimeSpec.Process(args: [""]) }
        configuration.spec.completeUserNamespace()
        configuration.spec.process!.env = ExecProcess.merge([], configuration.spec.process!.env ?? [])
        let preserved = try PreservedDescriptors(extra: request.preservedDescriptors)
        if !preserved.environment.isEmpty {
            configuration.spec.process!.env = (configuration.spec.process!.env ?? []) + preserved.environment
        }
        let filter = try configuration.filter()
        if filter?.program.needsListener ?? false { _ = try SeccompAgent(filter!) }
        runtime.warn(of: configuration.spec.process?.capabilities)
        let claimed = try runtime.states.claim(request.id)
        do throws(OCIError) { try NotifySocket.prepare(&configuration.spec, claimed) } catch {
            try? claimed.remove()
            throw error
        }
        let spec = configuration.spec
        var placeholder: Placeholder?
        defer { placeholder?.end() }
        let cgroup: Cgroup?
        do throws(OCIError) {
            cgroup = try ContainerCgroup.make(
                spec, id: request.id, options: runtime.options, log: runtime.log, placeholder: &placeholder)
        } catch {
            try? claimed.remove()
            throw error
        }
        let place = CgroupPlace(cgroup)
        let sharedMounts: String?
        do throws(OCIError) { sharedMounts = try SharedRoot.bind(bundle.rootfs, spec) } catch {
            place.remove()
            try? claimed.remove()
            throw error
        }
        let process = try start(
            spec, bundle, request, filter, preserved, place, claimed, sharedMounts, hasCommand: hasCommand,
            gated: waitsForStart ? claimed.path : nil)
        let identity = ProcessIdentity(of: process.pid)
        let record = ContainerRecord(
            id: request.id, process: identity ?? ProcessIdentity(pid: process.pid, startTime: 0), bundle: bundle.path,
            rootfs: bundle.rootfs, created: Timestamp.now().rfc3339,
            owner: Account.name(of: geteuid()) ?? String(geteuid()), cgroup: place.path, scope: place.scope,
            sharedMounts: sharedMounts)
        return Creation(
            runtime: runtime, request: request, configuration: configuration, waitsForStart: waitsForStart,
            directory: claimed, record: record, state: StateDocument(record, annotations: spec.annotations),
            process: process, filter: filter)
    }

    // What was made for it goes where the process does not start.
    private static func start(
        _ spec: RuntimeSpec, _ bundle: Bundle, _ request: CreateRequest, _ filter: Configuration.Filter?,
        _ preserved: PreservedDescriptors, _ place: CgroupPlace, _ claimed: borrowing StateDirectory,
        _ sharedMounts: String?, hasCommand: Bool, gated: String?
    ) throws(OCIError) -> InitProcess {
        do throws(OCIError) {
            let isTerminal = spec.process!.terminal ?? false
            var launch = LaunchRequest(
                spec: spec, root: .directory(bundle.rootfs),
                stdio: isTerminal ? .terminal : .descriptors(input: 0, output: 1, error: 2))
            launch.seccompProgram = filter?.program.instructions
            launch.seccompFlags = filter?.program.flags ?? 0
            launch.cgroup = try place.open()
            launch.startImmediately = false
            launch.createWorkingDirectory = true
            launch.hasCommand = hasCommand
            launch.keepsGroups = spec.annotations?[groupsAnnotation] == "1"
            launch.resetsAffinity = true
            // Our own caller's terminal does it, if it is one.
            launch.translatesLineFeeds = request.consoleSocket != nil
            launch.nodeDirectory = claimed.path
            launch.preservedDescriptors = preserved.numbers
            launch.newSessionKeyring = request.newSessionKeyring
            launch.usesPivotRoot = request.usesPivotRoot
            launch.setsHome = true
            return try Self.launch(launch, gated, claimed)
        } catch {
            try? SharedRoot.release(bundle.rootfs, sharedMounts)
            place.remove()
            try? claimed.remove()
            throw error
        }
    }

    // The gate's descriptors end with this function: the process has its own by then.
    private static func launch(
        _ launch: consuming LaunchRequest, _ gated: String?, _ directory: borrowing StateDirectory
    ) throws(OCIError) -> InitProcess {
        Signals.look()
        guard gated != nil else { return try reporting { try InitProcess.begin(launch) } }
        let gate = try reporting("cannot make the pipes for the start") { try Gate(directory) }
        launch.gate = StartGate(orders: gate.orders.rawValue, answers: gate.answers.rawValue)
        return try reporting { try InitProcess.begin(launch) }
    }

    /// Waits until the process is ready, with all that has to happen meanwhile.
    mutating func finish() throws(OCIError) {
        do throws(OCIError) {
            try reporting("cannot record the container") {
                try directory.write(configuration.bytes, to: .config)
                try directory.write(record.bytes, to: .record)
            }
            try passPauses()
            if let socket = request.consoleSocket, let terminal = process.takeTerminal() {
                try ConsoleSocket.send(terminal, to: socket)
            }
            if let socket = request.pidfdSocket { try OCIRuntime.send(process.pidfd, "standard", toSocket: socket) }
            if let file = request.pidFile { try OCIRuntime.write(process.pid, toPIDFile: file) }
            guard waitsForStart else { return }
            try reporting("cannot complete the container") { try directory.completeGate() }
            try reporting { try process.part() }
        } catch {
            undo()
            throw error
        }
    }

    private mutating func passPauses() throws(OCIError) {
        while let pause = try reporting({ try process.nextPause() }) {
            switch pause {
            case .mounted:
                let hooks = configuration.spec.hooks ?? .init()
                let creating = state.bytes(.creating)
                try HookList(hooks.prestart, "prestart").run(creating, in: record.bundle)
                try HookList(hooks.createRuntime, "createRuntime").run(creating, in: record.bundle)
                try reporting { try process.resume(creating: creating, created: state.bytes(.created)) }
            case .listener:
                let listener = try reporting { try process.takeListener() }
                try SeccompAgent(filter!).send(listener, pid: process.pid, state: state.tree(.creating))
                try reporting { try process.resume() }
            }
        }
    }

    /// Undoes what was made, as if there had never been a container; hooks that undo run as well.
    mutating func undo() {
        process.kill()
        try? ContainerCgroup.remove(record)
        try? SharedRoot.release(record.rootfs, record.sharedMounts)
        HookList(configuration.spec.hooks?.poststop, "poststop").runAll(
            state.bytes(.stopped), in: record.bundle, runtime.log)
        try? directory.remove()
    }

    /// Runs the hooks that follow the start. A failure of theirs is told, and nothing more (runtime.md, Lifecycle).
    func started() {
        HookList(configuration.spec.hooks?.poststart, "poststart").runAll(
            state.bytes(.running), in: record.bundle, runtime.log)
    }

    /// Executes the container's command, in the process that has created it.
    mutating func start() throws(OCIError) {
        do throws(OCIError) {
            try reporting { try process.start() }
        } catch {
            undo()
            throw error
        }
        started()
    }

    /// The master side of the terminal, unless a console socket got it.
    mutating func takeTerminal() -> FileDescriptor? { process.takeTerminal() }
}

/// The pipes of a gate, while the process that gets them is made.
private struct Gate: ~Copyable {
    let orders: FileDescriptor
    let answers: FileDescriptor

    init(_ directory: borrowing StateDirectory) throws(SystemError) {
        try directory.makeGatePipes()
        let first = try directory.openGatePipe(.newOrders)
        let second = try directory.openGatePipe(.answers)
        orders = first
        answers = second
    }
}

/// Where a cgroup is, and its removal by that alone.
private struct CgroupPlace: Sendable {
    let path: String?
    let scope: SystemdScope?

    init(_ cgroup: borrowing Cgroup?) {
        switch cgroup {
        case .some(let cgroup):
            path = cgroup.path
            scope = cgroup.scope
        case nil:
            path = nil
            scope = nil
        }
    }

    func open() throws(OCIError) -> FileDescriptor? {
        guard let path else { return nil }
        return try reporting { try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY) }
    }

    func remove() {
        guard let path, let cgroup = try? Cgroup.open(path, scope: scope) else { return }
        try? cgroup.remove()
    }
}
