import Bytes
import ContainerSpec
import Linux
import OCI
import Runtime

/// The start of a container whose process is made first of all: it makes its namespaces while the supervisor mounts the root
/// file system and looks up who runs, and mounts what belongs there while the supervisor does what the command alone waits for.
extension Supervisor {
    /// Whether nothing that the process has to find when it is made takes longer than its namespaces do: neither descriptors
    /// of mounts that need the root file system, or are made here for it, nor a way out, nor systemd's answer.
    func goesAhead(_ plan: LaunchPlan) -> Bool {
        guard MountInterface.hasTrees, mode != .single, request.ownUserNamespace == nil, request.identity == nil,
            request.build == nil, request.images.isEmpty, plan.keptAccount == nil, cgroup?.isAwaited != true
        else { return false }
        for volume in request.volumes where volume.subpath != nil || volume.fileSystem != nil { return false }
        if case .egress = plan.network { return false }
        return true
    }

    /// One run of the container, as `start` has it.
    mutating func startAhead(
        _ given: LaunchPlan, _ loop: inout ServeLoop, restarts: Int, isFirst: Bool
    ) throws(SupervisorFailure) -> ExitStatus {
        var plan = given
        defer { networks?.stopServing() }
        let other = try joinOther(plan.network, &plan.spec)
        // For root: the process gives them to its user by itself.
        var streams = try openStreams(for: .init())
        let isBridged = plan.network == .bridged && networks != nil
        var namespace = isBridged || plan.network == .loopback ? takePreparedNetwork() : nil
        joinPrepared(namespace, &plan.spec)
        var process = try beginLaunch(
            plan, .provided, &streams, announcesNetwork: isBridged && namespace.number == nil)
        if !isBridged { heldNetwork = namespace.take() }
        endLifetime(other)
        let needsInterfaces = isBridged && Self.settingsConcernInterfaces(plan)
        do throws(SupervisorFailure) {
            if needsInterfaces { try putOnNetworks(&process, &namespace, &plan, loop) }
            try provideRoot(&process, &plan, loop, isFirst: isFirst)
            publishNamespace()
            try listen(&loop)
            try cgroup?.guardDevices()
            if isBridged, !needsInterfaces { try putOnNetworks(&process, &namespace, &plan, loop) }
            tellParts(&loop)
            try record()
            // Before it is ready, so that it need not wait when it is.
            try release(&process)
        } catch {
            process.kill()
            throw error
        }
        streams.ours.terminal = process.takeTerminal()
        let container = try announce(process, plan, &loop, restarts: restarts, isFirst: isFirst)
        let status = serve(container, streams.ours, &loop)
        noteMemory()
        // No process namespace takes them along, and there may be no cgroup to kill.
        if plan.sharesProcesses { loop.endStragglers() }
        return status
    }

    // Whether parameters of the kernel may be about network interfaces: the process, which goes on when it has its root, sets
    // them for those that are there. The two that every container has are not.
    private static func settingsConcernInterfaces(_ plan: LaunchPlan) -> Bool {
        for key in (plan.spec.linux?.sysctl ?? [:]).keys where key.text.begins(with: "net") {
            switch key.text {
            case "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range": continue
            default: return true
            }
        }
        return false
    }

    // The root file system, with the files that are mounted into it, and who runs in it.
    private mutating func provideRoot(
        _ process: inout InitProcess, _ plan: inout LaunchPlan, _ loop: borrowing ServeLoop, isFirst: Bool
    ) throws(SupervisorFailure) {
        let root = try mountRoot(nil, isFirst: isFirst)
        if request.isNew, isFirst { try fillVolumes(root) } else { awaitVolumes() }
        // In the image's own files: what the process mounts over them shows here, too.
        try resolveUser(&plan, root, nil)
        do throws(LaunchError) { try process.provide(root: root) } catch { throw failure(error, loop) }
        // While the process mounts what is the kernel's.
        try writeFiles(plan.files)
        if isFirst { try changeOwners(plan) }
        let home = plan.hasHomeOfUser ? plan.spec.process?.env?.last : nil
        let owner = ProcessOwner(plan.spec.process?.user ?? .init(), environment: home.map { [$0] } ?? [])
        do throws(LaunchError) { try process.supply(owner: owner) } catch { throw failure(error, loop) }
    }

    // What the process failed with: where it has no network namespace, in the words of `joinNetworks`.
    private func failure(_ error: LaunchError, _ loop: borrowing ServeLoop) -> SupervisorFailure {
        guard error.step == .namespaces, let networks else { return SupervisorFailure(error) }
        let sentence = "cannot make a network namespace: \(SystemError("unshare", "network", error.errno))"
        guard networks.isReplaceable else { return SupervisorFailure(sentence) }
        loop.warn("the container has no network but loopback: \(sentence)")
        return SupervisorFailure(error)
    }

    private func network(
        of process: inout InitProcess, _ loop: borrowing ServeLoop
    ) throws(SupervisorFailure) -> FileDescriptor {
        do throws(LaunchError) { return try process.awaitNetwork() } catch { throw failure(error, loop) }
    }

    // As a rule while the process mounts what belongs into its root: its /etc/hosts is there, and gets its lines here.
    private mutating func putOnNetworks(
        _ process: inout InitProcess, _ namespace: inout FileDescriptor?, _ plan: inout LaunchPlan,
        _ loop: borrowing ServeLoop
    ) throws(SupervisorFailure) {
        if namespace.number == nil { namespace = try network(of: &process, loop) }
        var warnings: [String] = []
        try joinNetworks(&plan, &namespace, nil, &warnings)
        namespace = nil
        for warning in warnings { loop.warn(warning) }
        try writeFiles(plan.files.filter { $0.destination.isSame(as: "/etc/hosts") })
        try networks?.serve()
    }
}
