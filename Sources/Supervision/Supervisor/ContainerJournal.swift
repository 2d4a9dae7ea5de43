import Bytes
import Linux
import Logs
import Store

/// What a supervisor writes down of its container: the state that other commands read, and events.
final class ContainerJournal {
    let containers: ContainerStore
    let id: String
    /// Whether everything of the container goes when it ends (`--rm`).
    let isEphemeral: Bool
    /// Whether no event tells of it: what a build runs is nobody's container.
    private let isUnlisted: Bool
    private let subject: Subject
    private(set) var state: ContainerState
    private var pending: [(event: LifeEvent, time: Timestamp)] = []

    /// What events say of every container.
    struct Subject: Hashable, Sendable {
        var name: String
        var image: String
        var labels: [ByteKey: String]
    }

    init(
        containers: ContainerStore, id: String, isEphemeral: Bool, subject: Subject, isUnlisted: Bool = false
    ) {
        self.isUnlisted = isUnlisted
        self.subject = subject
        self.containers = containers
        self.id = id
        self.isEphemeral = isEphemeral
        state = ContainerState(.created)
    }

    /// The container's process runs. `durable`: the disk has to say so before anybody hears of it, because the container
    /// is to come back after a crash of the machine.
    func running(_ pid: ProcessID, cgroup: String?, restartCount: Int, durable: Bool) {
        var next = ContainerState(.running)
        next.process = ProcessIdentity(of: pid)
        next.supervisor = .current()
        next.cgroup = cgroup
        next.startedAt = Timestamp.now().rfc3339
        next.finishedAt = state.finishedAt
        next.restartCount = restartCount
        state = next
        write()
        if durable { try? containers.writeStartedState(state, of: id, durable: true) }
    }

    /// Says so on the disk for after the boot, where it was not done before.
    func noteStart() {
        if !isEphemeral { try? containers.writeStartedState(state, of: id, durable: false) }
    }

    func paused(_ isPaused: Bool) {
        state.status = isPaused ? .paused : .running
        write()
    }

    /// The user has asked for the container's end: it does not come back by itself.
    func stoppedByUser(durable: Bool) {
        guard !state.isStoppedByUser else { return }
        state.isStoppedByUser = true
        write()
        if durable { try? containers.writeStartedState(state, of: id, durable: true) }
    }

    /// The container waits to be started again.
    func restarting(exitCode: CInt) {
        state.status = .restarting
        ended(exitCode)
        write()
    }

    /// The end of a container that is kept.
    func exited(exitCode: CInt, error: String? = nil) {
        state.status = .exited
        state.error = error
        state.supervisor = nil
        ended(exitCode)
        try? containers.writeFinalState(state, of: id, isEphemeral: false)
    }

    /// The container could not be started: it is what it was before.
    func failed(exitCode: CInt, error: String) {
        var before = (try? containers.state(id)) ?? ContainerState(.created)
        if before.startedAt == nil || before.status != .exited { before = ContainerState(.created) }
        before.exitCode = exitCode
        before.error = error
        state = before
        try? containers.writeFinalState(before, of: id, isEphemeral: false)
    }

    /// Whether the kernel has killed a process of the container's for want of memory; to be written with its end.
    func outOfMemory(_ isOut: Bool) { state.isOutOfMemory = isOut }

    private func ended(_ exitCode: CInt) {
        state.process = nil
        state.cgroup = nil
        state.finishedAt = Timestamp.now().rfc3339
        state.exitCode = exitCode
    }

    // A state that cannot be written is no reason to end a container that runs: its lock says that it lives.
    private func write() { try? containers.writeState(state, of: id) }

    /// Keeps an event of this moment until `flush` or `record` writes it.
    func note(_ event: LifeEvent) {
        if !isUnlisted { pending.append((event, .now())) }
    }

    /// Whether events are kept that are not written yet.
    var isBehind: Bool { !pending.isEmpty }

    /// Writes down what was noted, and `event` of this moment, after whoever waits for what it tells has heard of it.
    func record(_ event: LifeEvent) {
        note(event)
        flush()
    }

    /// Writes down what was noted.
    func flush() {
        guard !pending.isEmpty else { return }
        let name = containers.isRenamed(id) ? (try? containers.names())?[id] ?? subject.name : subject.name
        // What all events of the container say.
        let own = Event.attributes(name: name, image: subject.image, labels: subject.labels)
        var events: [Event] = []
        for (event, time) in pending {
            var attributes = event.attributes
            let action = event.action
            switch event {
            case .connect(let network), .disconnect(let network):
                // The network's own, in which the container is named.
                attributes["container"] = id
                events.append(Event(.network, action, id: network.id, attributes: attributes, at: time))
            case .mount(let volume), .unmount(let volume):
                attributes["container"] = id
                events.append(Event(.volume, action, id: volume.name, attributes: attributes, at: time))
            default:
                let all = attributes.isEmpty ? own : own.merging(attributes) { $1 }
                events.append(Event(.container, action, id: id, attributes: all, at: time))
            }
        }
        pending.removeAll()
        EventLog(directory: containers.paths.data).append(events)
    }
}
