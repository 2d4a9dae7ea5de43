import Bytes
import Glibc
import Linux

extension ContainerInit {
    /// Hides files behind /dev/null and directories behind an empty one (config-linux.md, Masked Paths). `proc` is the
    /// container's own procfs (`procfs`).
    func mask(
        _ paths: [String], _ root: borrowing RootDirectory, _ proc: borrowing RootDirectory?
    ) throws(LaunchError) {
        if paths.isEmpty { return }
        var masks = PathMasks(try hostNull())
        for path in paths {
            if let name = KernelFile.name(path, in: KernelFile.files), let number = proc.number,
                try step(.maskedPaths, path, { () throws(SystemError) in try masks.cover(name, in: number) })
            {
                continue
            }
            guard let place = try existing(path, root, .maskedPaths) else { continue }
            try step(.maskedPaths, path) { () throws(SystemError) in
                if try place.status().isDirectory {
                    try masks.coverDirectory(path, place, root)
                } else {
                    try masks.cover(place)
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

    /// Makes files and directories read-only, each a mount of its own (config-linux.md, Readonly Paths). `proc` is the
    /// container's own procfs (`procfs`).
    func makeReadOnly(
        _ paths: [String], _ root: borrowing RootDirectory, _ proc: borrowing RootDirectory?
    ) throws(LaunchError) {
        for path in paths {
            if let name = KernelFile.name(path, in: KernelFile.orders), let number = proc.number,
                try step(.readonlyPaths, path, { () throws(SystemError) in try Self.makeReadOnly(name, in: number) })
            {
                continue
            }
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

    // By its name in the procfs `proc`; false where that takes the calls of older kernels.
    private static func makeReadOnly(_ name: String, in proc: CInt) throws(SystemError) -> Bool {
        do throws(SystemError) {
            let tree: MountTree
            do throws(SystemError) {
                tree = try MountTree.clone(name, in: proc, recursive: true, following: false)
            } catch {
                // What a kernel does not have need not be kept from being written.
                if error.errno == .noEntry { return true }
                throw error
            }
            try tree.setAttributes(.readOnly)
            try tree.attach(to: name, in: proc)
            return true
        } catch {
            if error.errno == .notImplemented || error.errno == .notPermitted { return false }
            throw error
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

/// What procfs itself has in its root, files and directories under names of their own, and never links: in a procfs that is
/// surely one, such a name needs no resolution to be covered.
enum KernelFile {
    /// Files that tell of the machine.
    static let files: [String] = [
        "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "timer_list", "timer_stats",
    ]
    /// Files and directories by which the kernel takes orders.
    static let orders: [String] = ["bus", "fs", "irq", "sys", "sysrq-trigger"]

    /// The last component of `path` where that is one of `names` in /proc itself.
    static func name(_ path: String, in names: [String]) -> String? {
        guard path.begins(with: "/proc/") else { return nil }
        let name = path.dropping(6)
        for known in names where name.isSame(as: known) { return known }
        return nil
    }
}

/// Covers files and directories.
private struct PathMasks: ~Copyable {
    private let null: FileDescriptor
    // A copy of the null device's mount that has no place yet.
    private var ready: MountTree?
    // Where the first directory was covered, and what covers it.
    private var emptyPlace: String?
    private var empty: FileDescriptor?

    init(_ null: consuming FileDescriptor) {
        self.null = null
        ready = nil
        empty = nil
    }

    /// Covers the file `name` of the procfs `proc`, a name of `KernelFile.files`. True also where it is not there; false where
    /// it is something else, or covering takes the calls of older kernels.
    mutating func cover(_ name: String, in proc: CInt) throws(SystemError) -> Bool {
        do throws(SystemError) {
            let tree: MountTree
            switch ready.take() {
            case .some(let copy): tree = copy
            case nil:
                // A copy that finds no place is unmounted, for which the kernel takes fifty times as long as for this look.
                guard try Files.isPresent(name, in: proc) else { return true }
                tree = try MountTree.clone(null, recursive: false)
            }
            do throws(SystemError) {
                // The attempt is the look: a kernel that lacks the file has no place to attach to.
                try tree.attach(to: name, in: proc)
            } catch {
                ready = consume tree
                throw error
            }
            return true
        } catch {
            switch error.errno {
            case .noEntry: return true
            case .notImplemented, .notPermitted, .invalid, .notDirectory: return false
            default: throw error
            }
        }
    }

    /// Covers the open file `place`.
    func cover(_ place: borrowing FileDescriptor) throws(SystemError) {
        do throws(SystemError) {
            try MountTree.clone(null, recursive: false).attach(to: place)
        } catch {
            guard error.errno == .notImplemented || error.errno == .notPermitted else { throw error }
            try MountCalls.mount("/proc/self/fd/\(null.rawValue)", on: place, .bind)
        }
    }

    /// Covers the open directory `place`, which is `path` below `root`.
    mutating func coverDirectory(
        _ path: String, _ place: borrowing FileDescriptor, _ root: borrowing RootDirectory
    ) throws(SystemError) {
        // One file system for all: each new one costs more than a copy of its mount.
        if empty.number == nil, let emptyPlace, MountInterface.hasTrees {
            let first = try root.open(emptyPlace)
            // In a directory that others can change the name may lead elsewhere by now, and perhaps to what is to be hidden.
            if try first.fileSystemType() == .tmpfs { empty = consume first }
        }
        switch empty {
        case .some(let first): try MountTree.clone(first, recursive: false).attach(to: place)
        case nil:
            // One inode for the directory: nothing can be made in it, even if it were writable.
            try MountCalls.mount(
                "tmpfs", on: place, type: "tmpfs", [.readOnly, .noSUID, .noDevices, .noExec],
                data: "nr_inodes=1,mode=755")
            if emptyPlace == nil { emptyPlace = path }
        }
    }
}

extension RootDirectory? {
    // The number of its descriptor where there is one.
    fileprivate var number: CInt? {
        switch self {
        case .some(let directory): directory.descriptor.rawValue
        case .none: nil
        }
    }
}
