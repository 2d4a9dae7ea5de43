import CLinux
import Glibc

/// poll(2) over descriptors that others own.
package struct PollSet {
    private var entries: [pollfd] = []

    package init() {}

    /// Forgets all descriptors; the places of the next start at 0.
    package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    /// Watches `descriptor` for input and, if asked, for room to write; returns its place in the set.
    @discardableResult
    package mutating func add(_ descriptor: CInt, reading: Bool = true, writing: Bool = false) -> Int {
        let events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0)
        entries.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
        return entries.count - 1
    }

    /// Waits for something to happen, at most `milliseconds` (negative: for ever). False when the time is over.
    package mutating func wait(milliseconds: CInt = -1) throws(SystemError) -> Bool {
        while true {
            let count = poll(&entries, nfds_t(entries.count), milliseconds)
            if count >= 0 { return count > 0 }
            let errno = Errno.current
            if errno != .interrupted { throw SystemError("poll", nil, errno) }
        }
    }

    /// As `wait`, with the process's memory given back to the kernel for as long as it waits; nil where that cannot be, or did not
    /// last: then nothing was waited for. For processes with one thread, with no handler of a signal, and whose memory no other
    /// process shares (CLONE_VM). Going to rest and waking take a millisecond or two of processor time.
    package mutating func rest(milliseconds: CInt = -1) -> Bool? {
        let count = apus_rest(&entries, CUnsignedInt(entries.count), milliseconds)
        return count < 0 ? nil : count > 0
    }

    /// Whether there is something to read at `place`, the end of the stream and an error included.
    package func isReadable(_ place: Int) -> Bool {
        entries[place].revents & Int16(POLLIN | POLLHUP | POLLERR | POLLNVAL) != 0
    }

    /// Whether there is room to write at `place`, or an error that a write will report.
    package func isWritable(_ place: Int) -> Bool { entries[place].revents & Int16(POLLOUT | POLLERR) != 0 }

    /// Whether the other side is gone (POLLHUP or POLLERR).
    package func isHungUp(_ place: Int) -> Bool { entries[place].revents & Int16(POLLHUP | POLLERR) != 0 }
}
