import CLinux
import Glibc

/// Many descriptors that are waited for together (epoll(7)), by the numbers of descriptors that others own.
package struct Epoll: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// What is waited for, and what has happened.
    package struct Events: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Something to read, or the end of the stream.
        package static let readable = Events(rawValue: EPOLLIN.rawValue)
        /// Room to write, or the end of a connect(2).
        package static let writable = Events(rawValue: EPOLLOUT.rawValue)
        /// The peer has ended its half, or all (EPOLLRDHUP, EPOLLHUP).
        package static let ended = Events(rawValue: EPOLLRDHUP.rawValue | EPOLLHUP.rawValue)
        /// An error waits (SO_ERROR); comes without being asked for.
        package static let failed = Events(rawValue: EPOLLERR.rawValue)
        /// Tells of changes alone: what is ready and stays so is not told again.
        package static let edges = Events(rawValue: EPOLLET.rawValue)
    }

    package init() throws(SystemError) {
        descriptor = FileDescriptor(
            owning: try check("epoll_create1") { epoll_create1(CInt(EPOLL_CLOEXEC)) })
    }

    /// The descriptor's number, which is readable when something has happened.
    package var number: CInt { descriptor.rawValue }

    /// Begins to wait for `events` of `other`; `token` comes back with them.
    package func add(_ other: CInt, _ events: Events, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_ADD, other, events, token)
    }

    /// Waits for other events of `other`.
    package func change(_ other: CInt, _ events: Events, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_MOD, other, events, token)
    }

    /// Waits for nothing of `other` any more. To be called before it is closed, where another descriptor of the same open
    /// file may stay.
    package func remove(_ other: CInt) { _ = epoll_ctl(descriptor.rawValue, EPOLL_CTL_DEL, other, nil) }

    private func control(
        _ operation: CInt, _ other: CInt, _ events: Events, _ token: UInt64
    ) throws(SystemError) {
        var event = epoll_event()
        event.events = events.rawValue
        event.data.u64 = token
        try check("epoll_ctl") { epoll_ctl(descriptor.rawValue, operation, other, &event) }
    }

    /// Waits at most `milliseconds` (negative: for ever) and calls `body` for each thing that has happened, 64 at most.
    package func wait(milliseconds: CInt, _ body: (UInt64, Events) -> Void) throws(SystemError) {
        var failure: SystemError?
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
            let count = epoll_wait(descriptor.rawValue, events.baseAddress!, 64, milliseconds)
            if count < 0, Errno.current != .interrupted { failure = SystemError("epoll_wait") }
            var place = 0
            while place < count {
                body(events[place].data.u64, Events(rawValue: events[place].events))
                place += 1
            }
        }
        if let failure { throw failure }
    }
}
