import Glibc
package import Linux

/// Waits for something to happen to a container that could be seen in its log: inotify(7) on its directories, which costs
/// nothing while nothing happens, and where the user has no more of that (128 by default) a look twenty times a second.
package struct LogWait: ~Copyable {
    private let watch: FileWatch?
    // The end of a supervisor that was killed changes no file.
    private let supervisor: FileDescriptor?
    private let stop: StopConditions

    /// Waits for changes in `directories`, the end of `supervisor` and what `stop` has.
    package init(directories: [String], supervisor: ProcessIdentity?, stop: StopConditions) {
        self.stop = stop
        let watch = try? FileWatch()
        var isComplete = false
        switch watch {
        case .none: break
        case .some(let watch):
            isComplete = true
            for directory in directories where (try? watch.add(directory)) == nil { isComplete = false }
        }
        self.watch = isComplete ? consume watch : nil
        self.supervisor = supervisor?.open()
    }

    /// Waits, at most until `deadline`. False when it is stopped.
    package func next(until deadline: Timestamp?) -> Bool {
        var poll = PollSet()
        // Every second all the same: a wait that never looks up is a command that hangs.
        var milliseconds: CInt = 1000
        switch watch {
        case .some(let watch): poll.add(watch.descriptor.rawValue)
        case .none: milliseconds = 50
        }
        if let number = supervisor.number { poll.add(number) }
        let places = stop.watch(in: &poll)
        if let deadline {
            let left = Timestamp.now().milliseconds(until: deadline)
            if left < Int(milliseconds) { milliseconds = CInt(max(0, left + 1)) }
        }
        _ = try? poll.wait(milliseconds: milliseconds)
        switch watch {
        case .some(let watch): watch.drain()
        case .none: break
        }
        return !stop.hold(places, poll)
    }
}
