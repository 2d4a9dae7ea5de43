import Bytes
import ContainerSpec
import Linux

/// Checks a container's health as long as it runs, in turns that its supervisor gives.
final class HealthMonitor: SupervisedTask {
    private let check: HealthCheck
    private let file: HealthFile
    private let changed: (ContainerHealth.Status) -> Void
    private var health: ContainerHealth
    // The run of the container that `health` is about.
    private var current: RunningContainer?
    private var phase = Phase.waiting(until: .now())

    private enum Phase {
        case waiting(until: MonotonicTime)
        case checking(HealthProbe)
    }

    /// How often a paused container is looked at, in milliseconds. It is not checked: its processes stand still.
    private static let pausedInterval: Int64 = 1_000

    /// `changed` is called with every new status but the first.
    init(_ check: HealthCheck, runDirectory: String, changed: @escaping (ContainerHealth.Status) -> Void) {
        self.check = check
        self.changed = changed
        file = HealthFile(runDirectory: runDirectory)
        // The last results of a container that was started before.
        health = file.read() ?? ContainerHealth()
    }

    var deadline: MonotonicTime? {
        switch phase {
        case .waiting(let moment): moment
        case .checking(let probe): probe.deadline
        }
    }

    var descriptor: CInt? {
        guard case .checking(let probe) = phase else { return nil }
        return probe.connection.rawValue
    }

    func turn(in container: RunningContainer) {
        if current !== container { begin(container) }
        switch phase {
        case .waiting(let moment): if moment.isPast { start(container) }
        case .checking(let probe):
            if let ending = probe.advance() {
                finish(probe, ending, container)
            } else if probe.deadline.isPast {
                probe.kill()
            }
        }
    }

    func stop() {
        if case .checking(let probe) = phase { probe.abandon() }
        phase = .waiting(until: .now())
        current = nil
        health.end()
        file.write(health)
    }

    private func begin(_ container: RunningContainer) {
        current = container
        health.restart()
        file.write(health)
        wait(container)
    }

    private func wait(_ container: RunningContainer) {
        let now = MonotonicTime.now()
        phase = .waiting(
            until: now.adding(milliseconds: health.interval(age: now - container.started, check)))
    }

    private func start(_ container: RunningContainer) {
        guard !container.isPaused else {
            phase = .waiting(until: .now().adding(milliseconds: Self.pausedInterval))
            return
        }
        let moment = Timestamp.now().rfc3339
        do throws(SupervisorFailure) {
            phase = .checking(try HealthProbe(check.command, timeout: check.timeout, in: container))
        } catch {
            take(.init(start: moment, end: moment, exitCode: -1, output: error.message), at: .now(), container)
        }
    }

    private func finish(_ probe: HealthProbe, _ ending: HealthProbe.Ending, _ container: RunningContainer) {
        var (code, output) = (ending.exitCode, ending.output)
        if probe.isOverdue {
            // A paused container answers to nobody: that says nothing of its health.
            if container.isPaused { return wait(container) }
            code = -1
            output = "Health check exceeded timeout (\(Self.text(milliseconds: check.timeout)))"
            if !probe.outputText.isEmpty { output += ": " + probe.outputText }
        }
        take(
            .init(start: probe.startedAt, end: Timestamp.now().rfc3339, exitCode: code, output: output),
            at: probe.started, container)
    }

    private func take(_ result: ContainerHealth.Result, at moment: MonotonicTime, _ container: RunningContainer) {
        let isNew = health.take(result, age: moment - container.started, check)
        file.write(health)
        if isNew { changed(health.status) }
        wait(container)
    }

    /// As Go prints a duration: "1m30s", "1.5s", "200ms".
    static func text(milliseconds: Int64) -> String {
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000)
        var fraction = ""
        if rest > 0 {
            fraction = String(1000 + rest)
            fraction = "." + fraction.dropFirst()
            while fraction.ends(with: "0") { fraction.removeLast() }
        }
        var text = "\(seconds % 60)\(fraction)s"
        if seconds >= 60 { text = "\(seconds / 60 % 60)m" + text }
        if seconds >= 3600 { text = "\(seconds / 3600)h" + text }
        return text
    }
}
