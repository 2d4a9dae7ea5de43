import Archive
import Glibc
import Linux

/// A container's root file system as its supervisor makes it: the image's layers under a directory of its own.
enum RootMount {
    /// What the container's directory holds besides its record.
    static let upper = "upper"
    static let work = "work"

    /// Mounts the layers, the lowest first, and returns a mount that is attached nowhere. `directory` is the
    /// container's. With `writable` its upper directory is made where it is missing, with the root directory's owner, mode
    /// and times of the image. `volatile`: what is written need not survive a crash of the machine.
    static func make(
        layers: [String], directory: String, writable: Bool, volatile: Bool
    ) throws(SystemError) -> FileDescriptor {
        guard writable else { return try Overlay.mount(lowers: layers.reversed(), upper: nil) }
        let upperDirectory = "\(directory)/\(upper)"
        let workDirectory = "\(directory)/\(work)"
        if mkdir(upperDirectory, 0o755) == 0 {
            try copyRootAttributes(of: layers[0], to: upperDirectory)
        } else if Errno.current != .exists {
            throw SystemError("mkdir", upperDirectory)
        }
        if mkdir(workDirectory, 0o700) < 0 {
            guard Errno.current == .exists else { throw SystemError("mkdir", workDirectory) }
            // A volatile mount that was not unmounted leaves this behind, and the next mount is refused.
            try Files.removeTree("\(workDirectory)/work/incompat")
        }
        return try Overlay.mount(
            lowers: layers.reversed(), upper: (upperDirectory, workDirectory), volatile: volatile)
    }

    /// Copies the layers into a directory of the container and returns a mount of it: what takes the overlay's place
    /// where the kernel refuses one, on an overlay as the store's own file system above all.
    static func copy(layers: [String], directory: String) throws(SystemError) -> FileDescriptor {
        let root = "\(directory)/rootfs"
        if !Files.exists(root) {
            let temporary = "\(directory)/rootfs.tmp"
            try Files.removeTree(temporary)
            try Files.makeDirectory(temporary)
            try copyRootAttributes(of: layers[0], to: temporary)
            let target = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY)
            var sources: [CInt] = []
            defer { for source in sources { close(source) } }
            for layer in layers.reversed() {
                sources.append(try FileDescriptor.open(layer, O_RDONLY | O_DIRECTORY).release())
            }
            do throws(ArchiveError) {
                _ = try TreeCopy(.overlay).copy(sources, into: target.rawValue)
            } catch { throw SystemError("copy of the layers (\(error))", root, .io) }
            try Files.rename(temporary, to: root)
        }
        return try Overlay.cloneTree(root)
    }

    // An overlay's root shows the upper directory's own attributes. Layers above the first seldom have an entry for the
    // root, so the first layer's are the image's.
    private static func copyRootAttributes(of layer: String, to target: String) throws(SystemError) {
        let status = try Files.status(layer)
        if status.raw.st_uid != 0 || status.raw.st_gid != 0 {
            try check("chown", target) { chown(target, status.raw.st_uid, status.raw.st_gid) }
        }
        if status.permissions != 0o755 { try check("chmod", target) { chmod(target, status.permissions) } }
        var times = [status.raw.st_atim, status.raw.st_mtim]
        try check("utimensat", target) { utimensat(AT_FDCWD, target, &times, 0) }
    }
}
