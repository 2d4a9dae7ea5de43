import Cgroups
import Glibc
import Linux
import OCI
import Runtime
import Seccomp

/// What `exec` is asked for.
package struct ExecRequest: Sendable {
    package var id: String
    /// A file with the whole process (config.md, Process); nil where the fields below change the container's own.
    package var processFile: String?
    package var arguments: [String] = []
    package var workingDirectory: String?
    /// "NAME=value", in place of the container's variables of the same names.
    package var environment: [String] = []
    package var hasTerminal = false
    /// "UID" or "UID:GID".
    package var user: String?
    package var additionalGroups: [String] = []
    package var capabilities: [String] = []
    package var apparmorProfile: String?
    package var selinuxLabel: String?
    package var noNewPrivileges: Bool?
    package var consoleSocket: String?
    package var pidFile: String?
    /// The socket that gets a pidfd of the process.
    package var pidfdSocket: String?
    package var detaches = false
    package var preservedDescriptors = 0
    /// A cgroup below the container's, which must be there.
    package var subgroup: String?
    package var ignoresPause = false

    package init(id: String) { self.id = id }
}

extension OCIRuntime {
    /// Runs one more process in a container: waits for its end, unless it is to go on alone. Returns its exit code.
    package func exec(_ request: ExecRequest) throws(OCIError) -> CInt {
        let container = try container(request.id)
        switch container.status {
        case .stopped, .creating: throw OCIError("cannot exec in a container that is not running: \(request.id)")
        case .paused where !request.ignoresPause:
            throw OCIError("cannot exec in a paused container: resume \(request.id), or use --ignore-paused")
        case .created, .running, .paused: break
        }
        if !request.ignoresPause, container.isFrozen {
            // The process would stop before it has said anything, and we would wait for it.
            throw OCIError("cannot exec in the container \(request.id): a control group above its own is frozen")
        }
        guard let target = container.openProcess() else { throw OCIError("container not running") }
        let configuration = try container.configuration()
        var process = try ExecProcess(request, configuration).process
        try Self.checkConsole(process, request.consoleSocket, isDetached: request.detaches)
        warn(of: process.capabilities)
        let preserved = try PreservedDescriptors(extra: request.preservedDescriptors)
        process.env = ExecProcess.merge([], (process.env ?? []) + preserved.environment)
        let filter = try configuration.filter()

        let isTerminal = process.terminal ?? false
        var join = JoinRequest(
            process: process, target: target, targetID: container.record.process.pid,
            namespaces: try Self.namespaces(of: container.record.process.pid, request.id, container.status),
            stdio: isTerminal ? .terminal : .descriptors(input: 0, output: 1, error: 2))
        join.seccompProgram = filter?.program.instructions
        join.seccompFlags = filter?.program.flags ?? 0
        join.personality = configuration.spec.linux?.personality
        join.memoryPolicy = configuration.spec.linux?.memoryPolicy
        join.resetsAffinity = true
        join.translatesLineFeeds = request.consoleSocket != nil
        join.preservedDescriptors = preserved.numbers
        join.setsHome = true
        join.cgroup = try ContainerCgroup.directory(for: container, below: request.subgroup)
        let foreground: ForegroundProcess? = request.detaches ? nil : try ForegroundProcess()
        Signals.look()
        var running = try reporting { try InitProcess.begin(joining: join) }
        while try reporting({ try running.nextPause() }) != nil {
            let state = StateDocument(container.record, annotations: configuration.spec.annotations)
            let listener = try reporting { try running.takeListener() }
            do throws(OCIError) {
                try SeccompAgent(filter!).send(listener, pid: running.pid, state: state.tree(.running))
            } catch {
                running.kill()
                throw error
            }
            try reporting { try running.resume() }
        }
        var terminal = running.takeTerminal()
        do throws(OCIError) {
            if let socket = request.consoleSocket, let master = terminal.take() {
                try ConsoleSocket.send(master, to: socket)
            }
            if let socket = request.pidfdSocket { try Self.send(running.pidfd, "setns", toSocket: socket) }
            if let file = request.pidFile { try Self.write(running.pid, toPIDFile: file) }
        } catch {
            running.kill()
            throw error
        }
        switch foreground {
        case .some(let foreground): return try foreground.wait(for: running.pid, running.pidfd, terminal: terminal)
        case nil: return 0
        }
    }

    /// The namespaces of a process that are not the caller's. Throws where one cannot be seen: a command that joined the
    /// others would run half outside. Until a container is started its process is ours and closed to ordinary users.
    private static func namespaces(
        of pid: ProcessID, _ id: String, _ status: ContainerStatus
    ) throws(OCIError) -> NamespaceSet {
        var found: NamespaceSet = []
        let kinds: [(NamespaceSet, String)] = [
            (.user, "user"), (.ipc, "ipc"), (.uts, "uts"), (.network, "net"), (.pid, "pid"), (.cgroup, "cgroup"),
            (.time, "time"), (.mount, "mnt"),
        ]
        for (kind, name) in kinds {
            let theirs: String
            do throws(SystemError) { theirs = try Files.readLink("/proc/\(pid)/ns/\(name)") } catch {
                // A kernel without this kind.
                if error.errno == .noEntry { continue }
                throw OCIError(
                    "cannot exec in container \(id): the namespaces of its process cannot be seen (\(error.errno))"
                        + (status == .created ? "; an ordinary user has to start it first" : ""))
            }
            if theirs != (try? Files.readLink("/proc/self/ns/\(name)")) { found.insert(kind) }
        }
        return found
    }
}
