import ContainerSpec
import Glibc
import Linux
import Runtime
import Store

extension ServeLoop {
    /// Does what a client asks for.
    mutating func serve(_ request: ControlRequest, of client: ControlClient) {
        // Who asks may note events of its own when it is answered.
        journal.flush()
        do throws(SupervisorFailure) {
            try answer(request, to: client)
        } catch {
            client.post(last: .failed(code: error.exitCode, message: error.message))
        }
    }

    private mutating func answer(_ request: ControlRequest, to client: ControlClient) throws(SupervisorFailure) {
        switch request {
        case .attach(let streams):
            let container = try running("attach to it")
            if container.isPaused {
                throw SupervisorFailure("you cannot attach to a paused container, unpause it first")
            }
            client.role = .attached(streams)
            client.post(.started)
            journal.record(.attach)
        case .exec(let request):
            let container = try running("run a command in it")
            if container.isPaused {
                throw SupervisorFailure("the container is paused, unpause it before exec")
            }
            keep(try ExecSession.spawn(request, connection: client.number, in: container))
            client.leave()
        case .signal(let signal):
            if container?.isPaused ?? false, signal != SIGKILL {
                throw SupervisorFailure("the container is paused: unpause it first")
            }
            if signal == SIGKILL { client.role = .waiting }
            try kill(signal)
            if signal != SIGKILL { client.post(last: .done) }
        case .stop(let signal, let timeout):
            client.role = .waiting
            try stopForGood(signal, timeout)
            journal.stoppedByUser(durable: settings.restartPolicy.name != .no)
        case .restart(let signal, let timeout):
            client.role = .restarting
            wishes.restart = true
            try stop(signal, timeout)
        case .pause, .unpause:
            try setPaused(request == .pause)
            client.post(last: .done)
        case .wait(let condition):
            if container == nil, condition == .notRunning {
                client.post(last: .exited(code: journal.state.exitCode ?? 0))
            } else {
                client.role = .waiting
            }
        case .resize(let size):
            _ = try running("resize its terminal")
            streams.resize(size)
            client.post(last: .done)
            journal.record(.resize(rows: size.rows, columns: size.columns))
        case .update(let policy):
            settings.restartPolicy = policy
            client.post(last: .done)
        case .connect(let endpoint):
            try networked().connect(endpoint, container)
            client.post(last: .done)
        case .disconnect(let network):
            try networked().disconnect(network, container)
            client.post(last: .done)
        case .ping: client.post(last: .done)
        case .hold: try hold(for: client)
        }
    }

    private func networked() throws(SupervisorFailure) -> ContainerNetworks {
        guard let networks else { throw SupervisorFailure("the container was started without networks of its own") }
        return networks
    }

    private func running(_ action: String) throws(SupervisorFailure) -> RunningContainer {
        guard let container else {
            throw SupervisorFailure(
                "cannot \(action): the container is restarting, wait until it is running")
        }
        return container
    }

    /// Sends a signal as `kill` does. Docker takes every signal for the wish that the container end, unless it has a
    /// stop signal of its own: then that and SIGKILL alone.
    mutating func kill(_ signal: CInt) throws(SupervisorFailure) {
        if !settings.hasOwnStopSignal || signal == SIGKILL || signal == settings.stopSignal {
            wishes.end = true
            wishes.restart = false
        }
        try send(signal)
        if wishes.end { journal.stoppedByUser(durable: settings.restartPolicy.name != .no) }
        journal.record(.kill(signal: signal))
    }

    /// What SIGTERM, SIGINT and SIGQUIT ask a supervisor for: `stop`, once. Whoever sends one by hand has stopped the
    /// container; a service manager that ends what runs, at a shutdown say, has not: what is to run unless the user has
    /// stopped it comes back after the boot.
    mutating func stopForSignal(of sender: ProcessID) {
        guard !wishes.isSignalled else { return }
        wishes.isSignalled = true
        // One that has just ended needs no signal.
        try? stopForGood(nil, nil)
        if !Self.isServiceManager(sender) { journal.stoppedByUser(durable: settings.restartPolicy.name != .no) }
    }

    // Process 1, whatever it is; a user's systemd; killall5(8), with which others end what runs. What cannot be seen is
    // outside of the container that we run in.
    private static func isServiceManager(_ sender: ProcessID) -> Bool {
        if sender <= 1 { return true }
        guard let name = ProcessStat(sender)?.name else { return false }
        return name == "systemd" || name == "killall5"
    }

    private mutating func stopForGood(_ signal: CInt?, _ timeout: Int?) throws(SupervisorFailure) {
        wishes.end = true
        wishes.stop = true
        wishes.restart = false
        try stop(signal, timeout)
    }

    private mutating func stop(_ signal: CInt?, _ timeout: Int?) throws(SupervisorFailure) {
        let number = signal ?? settings.stopSignal
        try send(number)
        guard let container else { return }
        if container.isPaused { try? setPaused(false) }
        let seconds = timeout ?? settings.stopTimeout
        if seconds >= 0 {
            let moment = MonotonicTime.now().adding(seconds: seconds)
            killAt = min(moment, killAt ?? moment)
        }
        journal.record(.kill(signal: number))
    }

    // One that waits to be started again has no process; that it is not wanted any more is all it needs to know.
    private func send(_ signal: CInt) throws(SupervisorFailure) {
        do throws(SystemError) { try container?.send(signal) } catch {
            throw SupervisorFailure("cannot send signal \(signal) to the container: \(error.errno)")
        }
    }

    // Several may hold it at once, and the last lets it go.
    private mutating func hold(for client: ControlClient) throws(SupervisorFailure) {
        let container = try running("pause it")
        if container.isPaused, !isHeld { return client.post(last: .done) }
        if !container.isPaused { try setPaused(true) }
        client.role = .holding
        client.post(.done)
    }

    /// One of those who held the container has gone.
    mutating func letGo() {
        guard let container, container.isPaused, !isHeld else { return }
        try? setPaused(false)
    }

    private var isHeld: Bool {
        for client in clients where client.role == .holding && !client.isGone { return true }
        return false
    }

    private mutating func setPaused(_ paused: Bool) throws(SupervisorFailure) {
        let container = try running(paused ? "pause it" : "unpause it")
        guard container.isPaused != paused else {
            throw SupervisorFailure(paused ? "it is already paused" : "it is not paused")
        }
        try container.setPaused(paused)
        container.isPaused = paused
        journal.paused(paused)
        journal.record(paused ? .pause : .unpause)
    }
}
