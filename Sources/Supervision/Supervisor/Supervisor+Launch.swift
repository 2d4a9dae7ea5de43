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
    // The process, which sets itself up when this returns.
    func begin(
        _ plan: LaunchPlan, _ root: borrowing FileDescriptor, _ streams: inout Streams, _ loop: inout ServeLoop
    ) throws(SupervisorFailure) -> InitProcess {
        try cgroup?.prepare()
        if plan.sharesProcesses { Reaper.adoptOrphans() }
        let mount: FileDescriptor
        do throws(SystemError) { mount = try root.duplicate() } catch { throw SupervisorFailure(error) }
        let process = try beginLaunch(plan, .mount(mount), streams)
        // The container has them now; a pipe's reader sees its end when the last writer is gone.
        streams.theirs = ChildEnds()
        do throws(SystemError) { try loop.listen(runDirectory: request.runDirectory) } catch {
            throw SupervisorFailure("cannot listen for commands: \(error)")
        }
        return process
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
    func announce(
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
        return RunningContainer(
            id: request.id, pid: process.pid, pidfd: try pidfd(of: process), plan: plan, seccomp: request.seccomp,
            identity: request.identity, mode: mode, runDirectory: request.runDirectory, cgroup: cgroup?.path)
    }

    func noteMemory() {
        guard let cgroup else { return }
        if cgroup.checkMemory() { journal.record(.oom) }
        journal.outOfMemory(cgroup.hasRunOutOfMemory)
    }

    // `announcesNetwork`: as `LaunchRequest` has it.
    func beginLaunch(
        _ plan: LaunchPlan, _ root: consuming RootFilesystem, _ streams: borrowing Streams,
        announcesNetwork: Bool = false
    ) throws(SupervisorFailure) -> InitProcess {
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
        do throws(LaunchError) { return try InitProcess.begin(launch) } catch {
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
