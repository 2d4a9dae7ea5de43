import Glibc
import Linux

/// Datagrams that go to and fro between the same two ends.
class DatagramFlow {
    /// Its own sockets, which the table closes.
    let sockets: [CInt]
    fileprivate var lastUse = MonotonicTime.now()
    fileprivate var isAnswered = false

    init(sockets: [CInt]) { self.sockets = sockets }

    /// A datagram has come, or with `isAnswer` gone back.
    func use(isAnswer: Bool = false) {
        lastUse = .now()
        if isAnswer { isAnswered = true }
    }
}

/// Flows of datagrams, whose end nobody tells: those that stand still go, and the oldest where there are too many.
final class FlowTable<Key: Hashable, Flow: DatagramFlow> {
    private let reactor: Reactor
    private let unanswered: Int64
    private var flows: [Key: Flow] = [:]
    private var isSweeping = false

    // Static members of generic types are none that are stored.
    private var most: Int { 4096 }
    // In milliseconds (RFC 4787, 4.3 asks for two minutes once there was an answer).
    private var answered: Int64 { 180_000 }
    private var interval: Int64 { 10_000 }

    /// Flows without an answer go after `unanswered` milliseconds.
    init(_ reactor: Reactor, unanswered: Int64) {
        self.reactor = reactor
        self.unanswered = unanswered
    }

    /// The flow of `key`, or what `make` makes, which is kept; nil where that makes none.
    func flow(_ key: Key, make: () -> Flow?) -> Flow? {
        if let known = flows[key] { return known }
        if flows.count >= most { dropOldest() }
        guard let made = make() else { return nil }
        flows[key] = made
        sweepLater()
        return made
    }

    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        reactor.after(milliseconds: interval) {
            self.isSweeping = false
            let now = MonotonicTime.now()
            for (key, flow) in self.flows where now - flow.lastUse > (flow.isAnswered ? self.answered : self.unanswered)
            {
                self.end(key)
            }
            if !self.flows.isEmpty { self.sweepLater() }
        }
    }

    private func dropOldest() {
        if let oldest = flows.min(by: { $0.value.lastUse < $1.value.lastUse }) { end(oldest.key) }
    }

    private func end(_ key: Key) {
        guard let flow = flows.removeValue(forKey: key) else { return }
        for number in flow.sockets {
            reactor.unwatch(number)
            close(number)
        }
    }
}
