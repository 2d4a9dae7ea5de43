import Glibc

/// Waits for changes in directories (inotify(7)). The kernel gives a user 128 of these by default, so there may be none.
package struct FileWatch: ~Copyable {
    package let descriptor: FileDescriptor

    /// Throws `SystemError`: EMFILE where the user has as many as the kernel allows.
    package init() throws(SystemError) {
        descriptor = FileDescriptor(
            owning: try check("inotify_init1") { inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC)) })
    }

    /// Watches the directory at `path`: its files' names and contents, and its own name.
    package func add(_ path: String) throws(SystemError) {
        let changes =
            IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_DELETE_SELF
        try check("inotify_add_watch", path) {
            inotify_add_watch(descriptor.rawValue, path, UInt32(changes))
        }
    }

    /// Forgets what has been noticed so far.
    package func drain() {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}
