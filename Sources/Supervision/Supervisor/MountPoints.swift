import Glibc
import Linux

/// A layer below all layers of all images, with what the engine mounts over: an image that lacks /proc or /etc/hosts
/// shows these, and nothing has to be made in the container's own layer at each start (0.35 ms; and the only way
/// where that layer cannot be written).
package enum MountPoints {
    /// Where the engine mounts something in every container, for which a file or directory may have to be made.
    package static let places = [
        "/dev", "/dev/console", "/dev/mqueue", "/dev/pts", "/dev/shm", "/etc/hostname", "/etc/hosts",
        "/etc/resolv.conf", "/proc", "/sys", "/sys/fs/cgroup", "/run/.containerenv",
    ]

    /// Where it is beside the layers that are in `folder`, once it has been made.
    static func path(in folder: String) -> String { "\(folder)/.mount-points" }

    /// Its path beside the layers that are in `folder`; nil where it is not there and cannot be made. Made at the first
    /// use, in the namespace of the layers' owner.
    package static func layer(in folder: String) -> String? {
        let path = path(in: folder)
        if Files.exists(path) { return path }
        // Only names in it, no content: after a crash of the machine a part of it is as good, and what is missing is
        // made in the container's own layer. So nothing is synced.
        let temporary = "\(folder)/.tmp.mount-points.\(getpid()).\(randomHex(bytes: 4))"
        do throws(SystemError) {
            try Files.makeDirectory(temporary, mode: 0o755)
            let root = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY)
            // What has no lock is taken for abandoned by a sweep.
            try root.lock()
            for name in ["dev", "etc", "proc", "sys"] { try Files.makeDirectory(name, in: root.rawValue, mode: 0o755) }
            for name in ["hostname", "hosts", "resolv.conf"] {
                _ = try FileDescriptor.open("etc/\(name)", in: root.rawValue, O_WRONLY | O_CREAT, mode: 0o644)
            }
            try check("symlink", "etc/mtab") { symlinkat("/proc/mounts", root.rawValue, "etc/mtab") }
            try Files.rename(temporary, to: path)
        } catch {
            try? Files.removeTree(temporary)
        }
        return Files.exists(path) ? path : nil
    }
}
