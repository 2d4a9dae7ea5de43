import CLinux
import Glibc
import Linux
import Networking
import OCI
import Runtime
import Seccomp
import Store

/// The process that owns one container: forked from the command line while that has one thread, it enters the
/// user's namespace, starts the container, serves it, records its end and cleans up behind it.
///
/// No Foundation on its path: its private memory is paid once per container.
struct Supervisor: ~Copyable {
    private let request: SupervisorRequest
    private let client: CInt
    private let hold: CInt
    private var mode = UserNamespace.Mode.host

    /// Forks the supervisor and returns its number. `client` is its end of the attach socket, `hold` the container's
    /// lock; both stay open in the caller, who closes them.
    static func spawn(
        _ request: SupervisorRequest, client: CInt, hold: CInt
    ) throws(SystemError) -> ProcessID {
        try fork {
            isolate(keeping: [client, hold])
            var supervisor = Supervisor(request: request, client: client, hold: hold)
            supervisor.run()
            return 0
        }
    }

    private init(request: SupervisorRequest, client: CInt, hold: CInt) {
        self.request = request
        self.client = client
        self.hold = hold
    }

    // Its own session, so that no terminal's signals reach it; nothing of the caller's descriptors, which could keep a
    // pipe of a script open as long as the container runs.
    private static func isolate(keeping kept: [CInt]) {
        setsid()
        umask(0o022)
        Signals.resetAll()
        Signals.ignoreBrokenPipe()
        let null = apus_open(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0)
        for number in [CInt](0...2) { dup2(null, number) }
        var first: CInt = 3
        for number in kept.sorted() {
            if number > first { _ = apus_close_range(UInt32(first), UInt32(number - 1), 0) }
            first = number + 1
        }
        _ = apus_close_range(UInt32(first), UInt32.max, 0)
    }

    private func tell(_ frame: AttachFrame) { _ = AttachChannel.send(frame.bytes, to: client, waiting: true) }

    private mutating func run() {
        do throws(SupervisorFailure) {
            try enterUserNamespace()
            let status = try serve()
            finish(status)
        } catch {
            fail(error)
        }
        close(hold)
        close(client)
        Linger.hold(runDirectory: request.containers.paths.run, mode: mode, seconds: request.lingering)
    }

    private mutating func enterUserNamespace() throws(SupervisorFailure) {
        let runDirectory = request.containers.paths.run
        do throws(UserNamespaceError) {
            if let map = request.ownUserNamespace {
                mode = .mapped
                try UserNamespace.enterNew(map, mode)
                // Not what other containers share: nobody joins it, and it need not linger.
                return
            }
            mode = try UserNamespace.enter(runDirectory: runDirectory)
        } catch { throw SupervisorFailure(error.description) }
        UserNamespace.publish(runDirectory: runDirectory, mode: mode)
    }

    // MARK: the container's life

    private func serve() throws(SupervisorFailure) -> ExitStatus {
        let signals: SignalDescriptor
        do throws(SystemError) { signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP, SIGQUIT]) } catch {
            throw SupervisorFailure(error)
        }
        var plan = request.plan
        let root = try mountRoot()
        try writeFiles(plan.files)
        try resolveUser(&plan, root)
        let egress = try connect(plan.network, &plan.spec)
        var streams = try openStreams(for: plan.spec.process?.user ?? .init())
        var process = try launch(plan, root, streams)
        // The container has them now; a pipe's reader sees its end when the last writer is gone.
        streams.theirs = ChildEnds()
        streams.ours.terminal = process.takeTerminal()
        try awaitEgress(egress)
        try awaitGo()
        do throws(LaunchError) { try process.start() } catch { throw SupervisorFailure(error) }
        recordRunning(process.pid)
        tell(.started)
        let pid = process.pid
        var loop = ServeLoop(
            process: try pidfd(of: process), streams: streams.ours, client: try ownClient(), signals: signals)
        var status = ExitStatus.exited(code: 125)
        loop.run { status = (try? waitForExit(of: pid)) ?? status }
        _ = consume egress
        return status
    }

    private func ownClient() throws(SupervisorFailure) -> FileDescriptor {
        do throws(SystemError) {
            return FileDescriptor(owning: try check("fcntl") { apus_fcntl_set(client, F_DUPFD_CLOEXEC, 3) })
        } catch { throw SupervisorFailure(error) }
    }

    private func launch(
        _ plan: LaunchPlan, _ root: borrowing FileDescriptor, _ streams: borrowing Streams
    ) throws(SupervisorFailure) -> InitProcess {
        let stdio: Stdio =
            if let input = streams.theirs.input.number, let output = streams.theirs.output.number,
                let errorOutput = streams.theirs.errorOutput.number
            {
                .descriptors(input: input, output: output, error: errorOutput)
            } else {
                .terminal
            }
        let mount: FileDescriptor
        do throws(SystemError) { mount = try root.duplicate() } catch { throw SupervisorFailure(error) }
        var launch = LaunchRequest(spec: plan.spec, root: .mount(mount), stdio: stdio)
        launch.seccompProgram = request.seccomp?.instructions
        launch.seccompFlags = request.seccomp?.flags ?? 0
        launch.startImmediately = false
        launch.createWorkingDirectory = true
        launch.runsInit = plan.usesInit
        launch.parentDeathSignal = SIGKILL
        do throws(LaunchError) { return try Runtime.launch(launch) } catch { throw SupervisorFailure(error) }
    }

    /// A namespace with its way out, which is being made while the container is.
    private struct Connection: ~Copyable {
        let namespace: FileDescriptor
        let egress: RunningEgress
    }

    private func connect(
        _ network: LaunchPlan.NetworkPlan, _ spec: inout RuntimeSpec
    ) throws(SupervisorFailure) -> Connection? {
        guard case .egress(let helper) = network else { return nil }
        let namespace: FileDescriptor
        do throws(SystemError) { namespace = try NetworkNamespace.create() } catch {
            throw SupervisorFailure("cannot make a network namespace: \(error)")
        }
        let path = "/proc/self/fd/\(namespace.rawValue)"
        let namespaces = spec.linux?.namespaces?.map { $0.type == .network ? .init(.network, path: path) : $0 }
        spec.linux?.namespaces = namespaces
        do throws(EgressError) {
            let egress = try helper.start(for: namespace, mountPoint: "\(request.runDirectory)/netns")
            return Connection(namespace: namespace, egress: egress)
        } catch { throw SupervisorFailure(error.description) }
    }

    // The network is up at the container's first instruction, as it is with Docker.
    private func awaitEgress(_ connection: borrowing Connection?) throws(SupervisorFailure) {
        switch connection {
        case .none: return
        case .some(let connection):
            do throws(EgressError) { try connection.egress.awaitReady() } catch {
                throw SupervisorFailure(error.description)
            }
        }
    }

    // The client writes the container's record meanwhile. If it dies before, the container must not run: no command
    // would see it.
    private func awaitGo() throws(SupervisorFailure) {
        while let frame = AttachChannel.receive(from: client) {
            if frame == .go { return }
        }
        throw SupervisorFailure("the command that started the container is gone")
    }

    private func pidfd(of process: borrowing InitProcess) throws(SupervisorFailure) -> FileDescriptor {
        do throws(SystemError) { return try process.pidfd.duplicate() } catch { throw SupervisorFailure(error) }
    }

    private func mountRoot() throws(SupervisorFailure) -> FileDescriptor {
        do throws(SystemError) {
            switch request.root {
            case .directory(let path):
                return try Overlay.cloneTree(path)
            case .layers(let layers):
                let directory = request.containers.directory(request.id)
                do throws(SystemError) {
                    return try RootMount.make(
                        layers: layers, directory: directory, writable: !request.readOnlyRoot,
                        volatile: request.autoRemove)
                } catch  where error.errno == .invalid || error.errno == .notPermitted {
                    return try RootMount.copy(layers: layers, directory: directory)
                }
            }
        } catch {
            throw SupervisorFailure("cannot make the container's root file system: \(error)")
        }
    }

    private func writeFiles(_ files: [LaunchPlan.GeneratedFile]) throws(SupervisorFailure) {
        do throws(SystemError) {
            for file in files {
                try Files.write(file.content.utf8, to: "\(request.runDirectory)/\(file.name)", mode: 0o644)
            }
        } catch { throw SupervisorFailure(error) }
    }

    private func resolveUser(
        _ plan: inout LaunchPlan, _ root: borrowing FileDescriptor
    ) throws(SupervisorFailure) {
        do throws(OptionError) {
            let user = try UserResolver.resolve(plan.user, root: root)
            try plan.apply(user, mode: mode)
        } catch { throw SupervisorFailure(error.description) }
        guard !request.readOnlyRoot, !plan.directories.isEmpty else { return }
        do throws(SystemError) {
            let directory = RootDirectory(try root.duplicate())
            for path in plan.directories { _ = try directory.openOrCreate(path, .directory) }
        } catch {
            throw SupervisorFailure("cannot make the container's working directory: \(error)")
        }
    }

    // MARK: the end

    private func recordRunning(_ pid: ProcessID) {
        var state = ContainerState(.running)
        state.process = ProcessIdentity(of: pid)
        state.supervisor = .current()
        state.startedAt = Timestamp.now().rfc3339
        // A state that cannot be written is no reason to end a container that runs: its lock says that it lives.
        try? request.containers.writeState(state, of: request.id)
        if let path = request.pidFile { try? Files.write("\(pid)".utf8, to: path) }
    }

    private func finish(_ status: ExitStatus) {
        if request.autoRemove {
            // The name is free before the client hears of the end; the files go after it.
            let doomed = try? request.containers.remove(request.id, name: request.name)
            tell(.exited(code: status.shellCode))
            if let doomed { try? Files.removeTree(doomed) }
        } else {
            var state = request.containers.state(request.id)
            state.status = .exited
            state.process = nil
            state.supervisor = nil
            state.finishedAt = Timestamp.now().rfc3339
            state.exitCode = status.shellCode
            try? request.containers.writeFinalState(state, of: request.id, isEphemeral: false)
            tell(.exited(code: status.shellCode))
        }
    }

    private func fail(_ failure: SupervisorFailure) {
        if request.autoRemove {
            let doomed = try? request.containers.remove(request.id, name: request.name)
            tell(.failed(code: failure.exitCode, message: failure.message))
            if let doomed { try? Files.removeTree(doomed) }
        } else {
            var state = ContainerState(.created)
            state.exitCode = failure.exitCode
            state.error = failure.message
            try? request.containers.writeFinalState(state, of: request.id, isEphemeral: false)
            tell(.failed(code: failure.exitCode, message: failure.message))
        }
    }
}

// MARK: - Standard streams

extension Supervisor {
    /// The container's ends, which the supervisor gives up when the container has them.
    fileprivate struct ChildEnds: ~Copyable {
        var input: FileDescriptor?
        var output: FileDescriptor?
        var errorOutput: FileDescriptor?
    }

    fileprivate struct Streams: ~Copyable {
        var ours = ContainerStreams()
        var theirs = ChildEnds()
    }

    fileprivate func openStreams(for user: RuntimeSpec.User) throws(SupervisorFailure) -> Streams {
        var streams = Streams()
        guard !request.terminal else { return streams }
        do throws(SystemError) {
            if request.openInput {
                var pipe = try FileDescriptor.pipe()
                streams.theirs.input = pipe.takeFirst()
                streams.ours.input = pipe.takeSecond()
            } else {
                streams.theirs.input = try FileDescriptor.open("/dev/null", O_RDONLY)
            }
            var output = try FileDescriptor.pipe()
            streams.ours.output = output.takeFirst()
            streams.theirs.output = output.takeSecond()
            var errorOutput = try FileDescriptor.pipe()
            streams.ours.errorOutput = errorOutput.takeFirst()
            streams.theirs.errorOutput = errorOutput.takeSecond()
            // The container's user may open /dev/stdout by its name again.
            for number in [streams.theirs.output.number, streams.theirs.errorOutput.number] {
                if let number, user.uid != 0 { fchown(number, user.uid, user.gid) }
            }
        } catch { throw SupervisorFailure(error) }
        return streams
    }
}
