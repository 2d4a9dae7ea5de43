import Glibc
import Linux

/// The root directory of a container that runs, as a process that joins it would find it.
enum ContainerRoot {
    /// Opens it by a visit to the container's mount namespace: `/proc/PID/root` would be where its first process has
    /// since changed its own root to. Nothing of the container can see the visitor, which stays in its own process
    /// namespace. Throws `SystemError`; the caller cannot go on after a failure to come back.
    static func open(pidfd: borrowing FileDescriptor, pid: ProcessID) throws(SystemError) -> FileDescriptor {
        let own = try FileDescriptor.open("/proc/self/ns/mnt", O_RDONLY)
        do throws(SystemError) {
            try NamespaceSet.mount.enter(pidfd)
        } catch {
            // Before Linux 5.8 a pidfd is no namespace, and filters of an outer container may not know that it is.
            let file = try FileDescriptor.open("/proc/\(pid)/ns/mnt", O_RDONLY)
            // Alive still, so the file was its own.
            try sendSignal(0, to: pidfd)
            try NamespaceSet.mount.enter(file)
        }
        let root = try FileDescriptor.open("/", FileDescriptor.pathOnly | O_DIRECTORY)
        try NamespaceSet.mount.enter(own)
        return root
    }
}
