import Glibc
import Linux

extension ContainerInit {
    /// Hides files behind /dev/null and directories behind an empty one (config-linux.md, Masked Paths).
    func mask(_ paths: [String], _ root: borrowing RootDirectory) throws(LaunchError) {
        if paths.isEmpty { return }
        let null = try hostNull()
        var empty: MountTree?
        for path in paths {
            guard let place = try existing(path, root, .maskedPaths) else { continue }
            let status = try step(.maskedPaths, path) { () throws(SystemError) in try place.status() }
            if status.isDirectory {
                try step(.maskedPaths, path) { () throws(SystemError) in
                    if !MountInterface.hasTrees {
                        return try MountCalls.mount(
                            "tmpfs", on: place, type: "tmpfs", [.readOnly, .noSUID, .noDevices, .noExec],
                            data: "nr_inodes=1,mode=755")
                    }
                    // One file system for all: each new one costs more than a copy of its mount.
                    let tree: MountTree
                    switch empty {
                    case .some(let first): tree = try MountTree.clone(first.descriptor, recursive: false)
                    case nil: tree = try Self.emptyDirectory()
                    }
                    try tree.attach(to: place)
                    if empty == nil { empty = consume tree }
                }
            } else {
                try step(.maskedPaths, path) { () throws(SystemError) in
                    do throws(SystemError) {
                        try MountTree.clone(null, recursive: false).attach(to: place)
                    } catch {
                        guard error.errno == .notImplemented || error.errno == .notPermitted else { throw error }
                        try MountCalls.mount("/proc/self/fd/\(null.rawValue)", on: place, .bind)
                    }
                }
            }
        }
    }

    /// The host's null device, and surely that: one of an image's could be a link to anything, which a bind mount would
    /// then put over the masked file (CVE-2025-31133).
    private func hostNull() throws(LaunchError) -> FileDescriptor {
        let null = try step(.maskedPaths) { () throws(SystemError) in
            try FileDescriptor.open("/dev/null", FileDescriptor.pathOnly | O_NOFOLLOW)
        }
        let status = try step(.maskedPaths) { () throws(SystemError) in try null.status() }
        guard status.raw.st_mode & S_IFMT == S_IFCHR, status.raw.st_rdev == makeDevice(1, 3) else {
            throw LaunchError(.maskedPaths, sentence: "the host's /dev/null is not the null device")
        }
        return null
    }

    private static func emptyDirectory() throws(SystemError) -> MountTree {
        let context = try FileSystemContext("tmpfs")
        try context.set("source", "tmpfs")
        // One inode for the directory: nothing can be made in it, even if it were writable.
        try context.set("nr_inodes", "1")
        try context.set("mode", "755")
        try context.set("ro")
        return try context.mount([.readOnly, .noSUID, .noDevices, .noExec])
    }

    /// Makes files and directories read-only, each a mount of its own (config-linux.md, Readonly Paths).
    func makeReadOnly(_ paths: [String], _ root: borrowing RootDirectory) throws(LaunchError) {
        for path in paths {
            guard let place = try existing(path, root, .readonlyPaths) else { continue }
            try step(.readonlyPaths, path) { () throws(SystemError) in
                do throws(SystemError) {
                    // A copy has all flags of the original, those that are locked too.
                    let tree = try MountTree.clone(place, recursive: true)
                    try tree.setAttributes(.readOnly)
                    try tree.attach(to: place)
                } catch {
                    guard error.errno == .notImplemented || error.errno == .notPermitted else { throw error }
                    try MountCalls.mount("/proc/self/fd/\(place.rawValue)", on: place, [.bind, .recursive])
                    try MountChange.makeReadOnly(try root.open(path))
                }
            }
        }
    }

    // What a kernel does not have need not be hidden.
    private func existing(
        _ path: String, _ root: borrowing RootDirectory, _ step: LaunchError.Step
    ) throws(LaunchError) -> FileDescriptor? {
        do throws(SystemError) {
            return try root.open(path)
        } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw LaunchError(step, error, about: path)
        }
    }
}
