import ContainerSpec
import Glibc
import Linux

/// A container's root file system as its supervisor makes it: the image's layers under a directory of its own.
enum RootMount {
    /// The kernel's own directory in the container's.
    private static let work = "work"

    /// The layers of an image, as they are mounted.
    struct Layers {
        /// Directories, the lowest first.
        var image: [String]
        /// What lies below all of them (see `MountPoints`); nil for nothing.
        var mountPoints: String?

        /// The topmost first.
        var lowers: [String] { image.reversed() + (mountPoints.map { [$0] } ?? []) }
    }

    /// Mounts the layers and returns a mount that is attached nowhere. `directory` is the container's, where the
    /// directory for what is written is made if it is missing, with the root directory's owner, mode and times of the
    /// image. `volatile`: what is written need not survive a crash of the machine. `isNew`: as for `makeUpper`.
    static func make(
        _ layers: Layers, directory: String, volatile: Bool, opensDevices: Bool, isNew: Bool = false
    ) throws(SystemError) -> FileDescriptor {
        let upper = try makeUpper(StorageDriver.overlay.directory, work, layers, directory: directory, isNew: isNew)
        return try Overlay.mount(
            lowers: layers.lowers, upper: (upper.directory, upper.work), volatile: volatile,
            opensDevices: opensDevices)
    }

    /// Where an overlay in the container's `directory` has what is written, and what is the kernel's.
    static func places(in directory: String) -> (upper: String, work: String) {
        ("\(directory)/\(StorageDriver.overlay.directory)", "\(directory)/\(work)")
    }

    /// Makes the directories `upper` and `work` of the container's `directory` where they are missing, the first with the
    /// looks of the image's root directory. Returns their paths. `isNew`: what is there was left by somebody who did not come to the
    /// end of it, and has not got its looks yet.
    static func makeUpper(
        _ upper: String, _ work: String, _ layers: Layers, directory: String, isNew: Bool = false
    ) throws(SystemError) -> (directory: String, work: String) {
        let (upperDirectory, workDirectory) = ("\(directory)/\(upper)", "\(directory)/\(work)")
        let isMade = mkdir(upperDirectory, 0o755) == 0
        if !isMade, Errno.current != .exists { throw SystemError("mkdir", upperDirectory) }
        if isMade || isNew { try copyRootAttributes(of: layers.image[0], to: upperDirectory) }
        if mkdir(workDirectory, 0o700) < 0 {
            guard Errno.current == .exists else { throw SystemError("mkdir", workDirectory) }
            // A volatile mount that was not unmounted leaves this behind, and the next mount is refused.
            try Files.removeTree("\(workDirectory)/work/incompat")
        }
        return (upperDirectory, workDirectory)
    }

    /// Removes what `make` made in the container's `directory` before the overlay was refused, so that another driver may
    /// have it. Throws ENOTEMPTY where the container has written something there.
    static func giveWay(in directory: String) throws(SystemError) {
        let upper = "\(directory)/\(StorageDriver.overlay.directory)"
        if rmdir(upper) < 0, Errno.current != .noEntry { throw SystemError("rmdir", upper) }
        try Files.removeTree("\(directory)/\(work)")
    }

    /// As `make`, for a root that the container cannot write: without a directory for what is written, unless
    /// something of `mountPoints` is in no layer. Then that is made in such a directory, and it is for the container's
    /// process to make the mount read-only when it has done that.
    static func makeReadOnly(
        _ layers: Layers, mountPoints: [String], directory: String, volatile: Bool, opensDevices: Bool
    ) throws(SystemError) -> FileDescriptor {
        if layers.image.count == 1 {
            // The layer itself: an overlay costs 0.13 ms.
            let root = try Overlay.mount(lowers: layers.image, upper: nil, opensDevices: opensDevices)
            if hasAll(mountPoints, root) { return root }
            Overlay.letGo(root)
        }
        if layers.lowers.count > 1 {
            let root = try Overlay.mount(lowers: layers.lowers, upper: nil, opensDevices: opensDevices)
            if hasAll(mountPoints, root) { return root }
            Overlay.letGo(root)
        }
        return try make(layers, directory: directory, volatile: volatile, opensDevices: opensDevices)
    }

    static func hasAll(_ paths: [String], _ root: borrowing FileDescriptor) -> Bool {
        guard let root = try? root.duplicate() else { return false }
        let directory = RootDirectory(root)
        for path in paths where (try? directory.open(path)) == nil { return false }
        return true
    }

    /// Copies the layers into a directory of the container and returns a mount of it: what takes the overlay's place
    /// where the kernel refuses one, on an overlay as the store's own file system above all.
    static func copy(
        _ layers: Layers, directory: String, opensDevices: Bool
    ) throws(SystemError) -> FileDescriptor {
        let root = "\(directory)/\(StorageDriver.copy.directory)"
        if !Files.exists(root) {
            let temporary = root + ".tmp"
            try Files.removeTree(temporary)
            try Files.makeDirectory(temporary)
            let target = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY)
            var sources: [CInt] = []
            defer { for source in sources { close(source) } }
            for layer in layers.lowers {
                sources.append(try FileDescriptor.open(layer, O_RDONLY | O_DIRECTORY).release())
            }
            do throws(TreeCopyError) {
                _ = try TreeCopy(.overlay).copy(sources, into: target.rawValue)
            } catch { throw SystemError("copy of the layers (\(error))", root, .io) }
            // Of the image's first layer, as with an overlay; the copy took the topmost's.
            try copyRootAttributes(of: layers.image[0], to: temporary)
            try Files.rename(temporary, to: root)
        }
        return try Overlay.bind(root, opensDevices: opensDevices)
    }

    // An overlay's root shows the upper directory's own attributes. Layers above the first seldom have an entry for the
    // root, so the first layer's are the image's.
    private static func copyRootAttributes(of layer: String, to target: String) throws(SystemError) {
        let status = try Files.status(layer)
        if status.raw.st_uid != 0 || status.raw.st_gid != 0 {
            try check("chown", target) { chown(target, status.raw.st_uid, status.raw.st_gid) }
        }
        if status.permissions != 0o755 { try check("chmod", target) { chmod(target, status.permissions) } }
        // No array: its type costs more than the call, at each start.
        var times = (status.raw.st_atim, status.raw.st_mtim)
        try check("utimensat", target) {
            withUnsafePointer(to: &times) {
                $0.withMemoryRebound(to: timespec.self, capacity: 2) { utimensat(AT_FDCWD, target, $0, 0) }
            }
        }
    }
}
