package import Linux

/// What a reactor calls when something has happened to a descriptor.
package protocol ReactorClient: AnyObject {
    /// `descriptor` has `events`. The client may watch and unwatch descriptors here, this one too.
    func ready(_ descriptor: CInt, _ events: Epoll.Events)
}

/// One thread that waits for many descriptors and moments, and calls whoever is concerned.
package final class Reactor {
    /// A moment that is waited for; `cancel` ends that.
    package struct Timer: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Watched {
        let client: any ReactorClient
        // A number that no other watch has: an event of a descriptor that was closed meanwhile, and whose number is another's by
        // now, is not that one's.
        let generation: UInt32
    }

    private let epoll: Epoll
    private var watched: [Watched?] = []
    private var generation: UInt32 = 0
    private var timers: [UInt64: (moment: MonotonicTime, action: () -> Void)] = [:]
    // Moments and numbers of timers, the earliest last; those of cancelled ones stay until their time.
    private var queue: [(moment: MonotonicTime, number: UInt64)] = []
    private var timerCount: UInt64 = 0
    private var due: [() -> Void] = []
    private var isStopped = false
    private var dormancy: Dormancy?

    /// `rests`: its process, which is as `PollSet.rest` asks for, gives its memory back while nothing happens.
    package init(rests: Bool = false) throws(SystemError) {
        epoll = try Epoll()
        if rests { dormancy = Dormancy() }
    }

    /// Calls `client` when `descriptor`, which its owner keeps open until `unwatch`, has one of `events`.
    package func watch(
        _ descriptor: CInt, _ events: Epoll.Events, _ client: any ReactorClient
    ) throws(SystemError) {
        generation &+= 1
        try epoll.add(descriptor, events, token: token(descriptor, generation))
        let place = Int(descriptor)
        while watched.count <= place { watched.append(nil) }
        watched[place] = Watched(client: client, generation: generation)
    }

    /// Waits for other events of a descriptor that is watched.
    package func rewatch(_ descriptor: CInt, _ events: Epoll.Events) throws(SystemError) {
        guard Int(descriptor) < watched.count, let entry = watched[Int(descriptor)] else { return }
        try epoll.change(descriptor, events, token: token(descriptor, entry.generation))
    }

    /// Forgets `descriptor`. To be called before it is closed.
    package func unwatch(_ descriptor: CInt) {
        guard Int(descriptor) < watched.count, watched[Int(descriptor)] != nil else { return }
        watched[Int(descriptor)] = nil
        epoll.remove(descriptor)
    }

    private func token(_ descriptor: CInt, _ generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    /// Calls `action` once, in `milliseconds`.
    @discardableResult
    package func after(milliseconds: Int64, _ action: @escaping () -> Void) -> Timer {
        timerCount += 1
        let moment = MonotonicTime.now().adding(milliseconds: milliseconds)
        timers[timerCount] = (moment, action)
        var (low, high) = (0, queue.count)
        while low < high {
            let middle = (low + high) / 2
            if queue[middle].moment > moment { low = middle + 1 } else { high = middle }
        }
        queue.insert((moment, timerCount), at: low)
        return Timer(number: timerCount)
    }

    /// The action of `timer` is not called any more.
    package func cancel(_ timer: Timer) {
        timers[timer.number] = nil
        // As many dead ones as living.
        if queue.count > 64, queue.count > 2 * timers.count { queue.removeAll { timers[$0.number] == nil } }
    }

    /// Calls `action` once, after what is being called, and after what has happened meanwhile.
    package func soon(_ action: @escaping () -> Void) { due.append(action) }

    /// Ends `run()` after what is being called.
    package func stop() { isStopped = true }

    /// Waits and calls until `stop()`. Throws `SystemError` where it cannot wait.
    package func run() throws(SystemError) {
        isStopped = false
        while !isStopped { try turn(milliseconds: -1) }
    }

    /// One wait of at most `milliseconds` (negative: as long as it takes), and what is to be called after it.
    package func turn(milliseconds: CInt) throws(SystemError) {
        var patience = milliseconds
        if let next = queue.last {
            let left = next.moment.millisecondsLeft
            patience = patience < 0 ? left : min(patience, left)
        }
        if !due.isEmpty { patience = 0 }
        let actions = due
        due.removeAll()
        let pause = dormancy?.pause(of: patience)
        var isIdle = true
        try epoll.wait(milliseconds: pause ?? patience) { token, events in
            isIdle = false
            let descriptor = CInt(bitPattern: UInt32(truncatingIfNeeded: token))
            guard Int(descriptor) < watched.count, let entry = watched[Int(descriptor)],
                entry.generation == UInt32(truncatingIfNeeded: token >> 32)
            else { return }
            entry.client.ready(descriptor, events)
        }
        if let pause, isIdle {
            // What happens is for the next turn.
            var poll = PollSet()
            poll.add(epoll.number)
            _ = try dormancy?.rest(&poll, milliseconds: patience < 0 ? patience : patience - pause)
        }
        for action in actions { action() }
        while let next = queue.last, next.moment.isPast {
            queue.removeLast()
            if let due = timers.removeValue(forKey: next.number) { due.action() }
        }
    }
}
