import Bytes
import ContainerSpec
import Glibc
import Linux
import OCI
import Runtime
import Seccomp

/// The process that looks after one command in a container, forked from the container's supervisor: no Foundation, and
/// little memory of its own touched.
///
/// It stays outside of the container's process namespace, where nothing of the container sees it. The command dies with
/// it; it outlives its client.
struct ExecKeeper {
    private let request: ExecRequest
    private let container: RunningContainer

    init(_ request: ExecRequest, _ container: RunningContainer) {
        self.request = request
        self.container = container
    }

    /// Runs the command to its end, and tells the client at the other end of `connection` of it.
    func run(_ connection: consuming FileDescriptor) {
        let number = connection.rawValue
        do throws(SupervisorFailure) {
            let command = request.arguments.joined(separator: " ")
            container.journal?.record(.execCreate(id: request.id, command: command))
            let streams = try attempt { () throws(SystemError) in try ExecStreams(request) }
            var process = try start(streams)
            let record = ExecRecord(request.id, runDirectory: container.runDirectory)
            record.write(process.pid)
            let pidfd = try attempt { () throws(SystemError) in try process.pidfd.duplicate() }
            let target = try attempt { () throws(SystemError) in try container.pidfd.duplicate() }
            var loop = ExecLoop(
                process: process.pid, pidfd: pidfd, container: target,
                streams: streams.keepOurs(process.takeTerminal()), client: connection)
            container.journal?.record(.execStart(id: request.id, command: command))
            let status = loop.run()
            if loop.isDetached { container.journal?.record(.execDetach(id: request.id)) }
            record.remove()
            loop.finish(.exited(code: status.shellCode))
            container.journal?.record(.execDie(id: request.id, exitCode: status.shellCode))
        } catch {
            let failure =
                hasLostContainer(error)
                ? SupervisorFailure("container \(container.id) is not running") : error
            let frame = AttachFrame.failed(code: failure.exitCode, message: failure.message)
            _ = AttachChannel.send(frame.bytes, to: number, waiting: true)
        }
    }

    /// Whether `failure` came because the container ended meanwhile: every call that has to do with its processes fails
    /// then in a way of its own. A process that has given up its namespaces is not at its end for a moment yet.
    private func hasLostContainer(_ failure: SupervisorFailure) -> Bool {
        guard failure.exitCode != 127 else { return false }
        var poll = PollSet()
        poll.add(container.pidfd.rawValue)
        return (try? poll.wait(milliseconds: 20)) ?? false
    }

    private func start(_ streams: borrowing ExecStreams) throws(SupervisorFailure) -> InitProcess {
        guard request.arguments.first?.isEmpty == false else {
            throw SupervisorFailure("no command is given, or it is an empty word", exitCode: 126)
        }
        let root = try attempt { () throws(SystemError) in
            try ContainerRoot.open(pidfd: container.pidfd, pid: container.pid)
        }
        let plan = try ExecPlan(request, container.plan, root: root, mode: container.mode)
        endLifetime(root)
        let target = try attempt { () throws(SystemError) in try container.pidfd.duplicate() }
        var join = JoinRequest(
            process: plan.process, target: target, targetID: container.pid, namespaces: plan.namespaces,
            stdio: streams.stdio)
        let one: FileDescriptor?
        do throws(LaunchError) { one = try OneUser.namespace(for: plan.process.user, container.mode) } catch {
            throw SupervisorFailure(error.description, exitCode: error.exitCode)
        }
        if let number = one.number { join.oneUser = number } else { join.identity = container.identity }
        join.seccompProgram = container.seccomp?.instructions
        join.seccompFlags = container.seccomp?.flags ?? 0
        if let path = container.cgroup {
            // Without it the command would run beside the container's limits.
            join.cgroup = try attempt { () throws(SystemError) in
                try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            }
        }
        join.personality = container.spec.linux?.personality
        join.parentDeathSignal = SIGKILL
        join.keepsGroups = container.plan.user.keepsGroups
        join.hidesExecutable = OwnExecutable.canBeOverwritten
        do throws(LaunchError) {
            var process = try InitProcess.begin(joining: join)
            // What it starts may stay longer than this process.
            _ = try IdentityProcess.complete(&process, container: container.pidfd.rawValue, lasting: true)
            return process
        } catch {
            throw SupervisorFailure(error.description, exitCode: error.exitCode)
        }
    }

    private func attempt<T: ~Copyable>(_ body: () throws(SystemError) -> T) throws(SupervisorFailure) -> T {
        do throws(SystemError) { return try body() } catch {
            throw SupervisorFailure("cannot run a command in the container: \(error)", exitCode: 126)
        }
    }
}
