import Bytes
import ContainerSpec
import Glibc
import Linux
import Logs
import OCI
import Runtime
import Seccomp
import Store

/// What brings one run of the container from its root file system to its first instruction.
extension Supervisor {
    /// Waits for commands from here on.
    func listen(_ loop: inout ServeLoop) throws(SupervisorFailure) {
        do throws(SystemError) { try loop.listen(runDirectory: request.runDirectory) } catch {
            throw SupervisorFailure("cannot listen for commands: \(error)")
        }
    }

    /// What a start tells of before it tells that the container runs.
    func tellParts(_ loop: inout ServeLoop) {
        for volume in request.volumes { loop.prologue.append(.mount(volume.event)) }
        for network in connectedNetworks() { loop.prologue.append(.connect(network)) }
    }

    // Waits until the process stands in front of its program.
    func complete(
        _ process: inout InitProcess, _ identity: inout IdentityProcess?
    ) throws(SupervisorFailure) {
        do throws(LaunchError) {
            let container = process.pidfd.rawValue
            identity = try IdentityProcess.complete(&process, container: container, lasting: false)
        } catch { throw SupervisorFailure(error) }
    }

    // Lets the process execute its program when it is ready for it, and waits until it has.
    func release(_ process: inout InitProcess) throws(SupervisorFailure) {
        do throws(LaunchError) { try process.start() } catch { throw SupervisorFailure(error) }
    }

    // Tells whoever asked to be told that the container runs, and what watches it.
    mutating func announce(
        _ process: borrowing InitProcess, _ plan: LaunchPlan, _ loop: inout ServeLoop, restarts: Int, isFirst: Bool
    ) throws(SupervisorFailure) -> RunningContainer {
        journal.running(
            process.pid, cgroup: cgroup?.path, restartCount: restarts,
            durable: isFirst && !request.autoRemove && loop.settings.restartPolicy.name != .no)
        if isFirst { request.notification?.send() }
        if let path = request.pidFile {
            do throws(SystemError) { try Files.write("\(process.pid)".utf8, to: path) } catch {
                loop.warn("cannot write the process's number to \(path): \(error.errno)")
            }
        }
        // The one of the start before watched the end of that.
        loop.tasks.removeAll { $0 is MemoryWatch }
        if let watch = cgroup?.watch({ [journal] in journal.record(.oom) }) { loop.tasks.append(watch) }
        let container = RunningContainer(
            id: request.id, pid: process.pid, pidfd: try pidfd(of: process), plan: plan, seccomp: request.seccomp,
            identity: request.identity, mode: mode, runDirectory: request.runDirectory, cgroup: cgroup?.path)
        holdMounts(of: container)
        return container
    }

    // Only where nothing is mounted that somebody could miss: a directory that was bound in is the caller's again when the command
    // is over.
    private mutating func holdMounts(of container: RunningContainer) {
        guard case .layers = request.root, request.volumes.isEmpty, request.images.isEmpty, request.build == nil,
            rootServer.all.isEmpty
        else { return }
        for mount in container.spec.mounts ?? [] {
            if let source = mount.source, source.begins(with: "/"), !source.begins(with: request.runDirectory) {
                return
            }
        }
        // Without it they go a moment earlier.
        heldMounts = try? FileDescriptor.open("/proc/\(container.pid)/ns/mnt", O_RDONLY)
    }

    func noteMemory() {
        guard let cgroup else { return }
        if cgroup.checkMemory() { journal.record(.oom) }
        journal.outOfMemory(cgroup.hasRunOutOfMemory)
    }

    /// The process, which sets itself up when this returns, with its ends of the streams. `announcesNetwork`: as `LaunchRequest` has it.
    func beginLaunch(
        _ plan: LaunchPlan, _ root: consuming RootFilesystem, _ streams: inout Streams, announcesNetwork: Bool = false
    ) throws(SupervisorFailure) -> InitProcess {
        try cgroup?.prepare()
        if plan.sharesProcesses { Reaper.adoptOrphans() }
        let stdio: Stdio =
            if let input = streams.theirs.input.number, let output = streams.theirs.output.number,
                let errorOutput = streams.theirs.errorOutput.number
            {
                .descriptors(input: input, output: output, error: errorOutput)
            } else {
                .terminal
            }
        let one: FileDescriptor?
        do throws(LaunchError) { one = try OneUser.namespace(for: plan.spec.process?.user, mode) } catch {
            throw SupervisorFailure(error)
        }
        var launch = LaunchRequest(spec: plan.spec, root: root, stdio: stdio)
        launch.announcesNetwork = announcesNetwork
        launch.seccompProgram = request.seccomp?.instructions
        launch.seccompFlags = request.seccomp?.flags ?? 0
        launch.identity = request.identity
        if let number = one.number { (launch.identity, launch.oneUser) = (nil, number) }
        launch.startImmediately = false
        launch.createWorkingDirectory = true
        launch.runsInit = plan.usesInit
        launch.keepsGroups = plan.user.keepsGroups
        launch.parentDeathSignal = SIGKILL
        launch.hidesExecutable = OwnExecutable.canBeOverwritten
        launch.cgroup = try cgroup?.directory()
        do throws(LaunchError) {
            let process = try InitProcess.begin(launch)
            // The container has them now; a pipe's reader sees its end when the last writer is gone.
            streams.theirs = ChildEnds()
            return process
        } catch {
            guard plan.mapsMounts, error.errno == .notPermitted else { throw SupervisorFailure(error) }
            throw SupervisorFailure(
                "\(error): leave out the option 'idmap', and use --userns keep-id, or the option 'U', which changes the owners",
                exitCode: error.exitCode)
        }
    }

    func pidfd(of process: borrowing InitProcess) throws(SupervisorFailure) -> FileDescriptor {
        do throws(SystemError) { return try process.pidfd.duplicate() } catch { throw SupervisorFailure(error) }
    }

    func writeFiles(_ files: [LaunchPlan.GeneratedFile]) throws(SupervisorFailure) {
        do throws(SystemError) {
            for file in files {
                let path = "\(request.runDirectory)/\(file.name)"
                try Files.write(file.content.utf8, to: path, mode: 0o644)
                if request.ownUserNamespace != nil {
                    // Root's, as in every container.
                    let owner = outerIDs(.init())
                    try check("chown", path) { chown(path, owner.user, owner.group) }
                }
            }
        } catch { throw SupervisorFailure(error) }
    }
}
