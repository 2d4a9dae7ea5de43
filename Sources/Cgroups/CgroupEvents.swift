import Glibc
package import Linux

/// Tells when something changes in a cgroup: that it gets empty or frozen (`cgroup.events`), or that memory runs out
/// (`memory.events`). What has changed, its files say.
package struct CgroupEvents: ~Copyable, Sendable {
    /// Readable when something has changed (inotify(7)): for poll(2).
    package let descriptor: FileDescriptor

    /// Watches `cgroup`. Throws `CgroupError`.
    package init(_ cgroup: borrowing Cgroup) throws(CgroupError) {
        let path = cgroup.path
        descriptor = try doing { () throws(SystemError) in
            let watch = FileDescriptor(
                owning: try check("inotify_init1") {
                    inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC))
                })
            try check("inotify_add_watch", path) {
                inotify_add_watch(watch.rawValue, "\(path)/cgroup.events", UInt32(IN_MODIFY))
            }
            // Not there without the controller.
            _ = inotify_add_watch(watch.rawValue, "\(path)/memory.events", UInt32(IN_MODIFY))
            return watch
        }
    }

    /// Forgets what was reported until now. False where nothing was.
    @discardableResult
    package mutating func drain() -> Bool {
        var any = false
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while read(descriptor.rawValue, buffer.baseAddress, buffer.count) > 0 { any = true }
        }
        return any
    }

    /// Waits for a change, at most so long.
    package mutating func wait(milliseconds: CInt) {
        var poll = PollSet()
        poll.add(descriptor.rawValue)
        _ = try? poll.wait(milliseconds: milliseconds)
        drain()
    }
}
