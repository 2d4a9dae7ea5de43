import Glibc
import Linux
import OCI

extension ContainerInit {
    /// Mounts everything that the specification lists, in its order. What is bound is awaited first.
    func mountAll(
        _ root: borrowing RootDirectory, _ channel: borrowing PacketSocket, _ supply: inout Supply
    ) throws(LaunchError) {
        for (index, mount) in (spec.mounts ?? []).enumerated() {
            let options = MountOptions(mount.options ?? [])
            let isBind = options.isBind || mount.type == "bind"
            if isBind { try supply.take(channel) }
            do throws(LaunchError) {
                if isBind {
                    try bind(index, mount, options, root)
                } else {
                    try self.mount(mount, options, root)
                }
            } catch {
                throw error.sentence != nil ? error : Self.cannotMount(mount, error)
            }
        }
    }

    private static func cannotMount(_ mount: RuntimeSpec.Mount, _ error: LaunchError) -> LaunchError {
        let what =
            mount.source.map { $0.isEmpty || $0 == mount.type ? mount.type ?? $0 : $0 } ?? mount.type ?? "nothing"
        return LaunchError(
            .mounts, SystemError(error.call, error.object, error.errno), about: mount.destination,
            sentence: "cannot mount \(what) at \(mount.destination): \(error.errno) (\(error.call))")
    }

    private func mount(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        if options.isRemount {
            let place = try step(.mounts) { () throws(SystemError) in try root.open(mount.destination) }
            return try step(.mounts) { () throws(SystemError) in
                try MountChange.apply(options.set, clearing: options.clear, to: place)
            }
        }
        switch mount.type {
        case "cgroup", "cgroup2": try mountCgroup(mount, options, root)
        case "proc": try mountProc(mount, options, root)
        case "sysfs": try mountSysfs(mount, options, root)
        case "tmpfs": try mountTmpfs(mount, options, root)
        case "devpts":
            let place = try self.place(mount.destination, .directory, root)
            try mountDevpts(mount, options, root, place)
        case "mqueue":
            let place = try self.place(mount.destination, .directory, root)
            try mountOrBind(mount, options, root, place, host: "/dev/mqueue")
        case .some(let type) where !type.isEmpty:
            let place = try self.place(mount.destination, .directory, root)
            try mountFileSystem(type, mount, options, root, place)
        default:
            throw LaunchError(.mounts, sentence: "the mount at \(mount.destination) has no type")
        }
    }

    /// Opens a mount's destination, and makes it where it is missing. Refuses what is inside of /proc: a file of an
    /// image's in its place would take part in what the kernel enforces (CVE-2019-16884, CVE-2019-19921).
    func place(
        _ destination: String, _ kind: RootDirectory.Kind, _ root: borrowing RootDirectory
    ) throws(LaunchError) -> FileDescriptor {
        var isNew = false
        return try place(destination, kind, root, isNew: &isNew)
    }

    /// The same; `isNew` says whether it has been made.
    func place(
        _ destination: String, _ kind: RootDirectory.Kind, _ root: borrowing RootDirectory, isNew: inout Bool
    ) throws(LaunchError) -> FileDescriptor {
        let place = try step(.mounts, destination) { () throws(SystemError) in
            try root.openOrCreate(destination, kind, isNew: &isNew)
        }
        // Nothing can be made in a procfs.
        if !isNew { try Self.checkPlace(place, destination) }
        return place
    }

    /// Throws where the open file `place` is inside of /proc, and may not be covered.
    static func checkPlace(_ place: borrowing FileDescriptor, _ destination: String) throws(LaunchError) {
        // Of the file itself, wherever links have led.
        let type = try step(.mounts, destination) { () throws(SystemError) in try place.fileSystemType() }
        if type == .proc, !mayCoverInProc(destination) {
            throw LaunchError(
                .mounts,
                sentence: "cannot mount at \(destination): it is inside of /proc, where only /proc itself and "
                    + "some files of statistics can be covered", errno: .notPermitted)
        }
    }

    // Files that LXCFS and the like stand in for; nothing that the kernel takes orders by.
    private static func mayCoverInProc(_ destination: String) -> Bool {
        switch destination {
        // A second procfs or a bind of one: its caller checks that it is one.
        case "/proc", "/proc/": true
        case "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
            "/proc/loadavg", "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled":
            true
        default: false
        }
    }

    /// Mounts a file system on an open directory by the classic call, which all kernels and file systems know.
    func mountFileSystem(
        _ type: String, _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory,
        _ place: borrowing FileDescriptor, data: String? = nil
    ) throws(LaunchError) {
        try step(.mounts, mount.destination) { () throws(SystemError) in
            let data = labelled(data ?? options.data, type)
            try MountCalls.mount(
                mount.source ?? type, on: place, type: type, options.set, data: data.isEmpty ? nil : data)
        }
        if !options.propagation.isEmpty || !options.recursiveSet.isEmpty || !options.recursiveClear.isEmpty {
            // `place` is what is covered now.
            let mounted = try step(.mounts, mount.destination) { () throws(SystemError) in
                try root.open(mount.destination)
            }
            try finish(options, mount, mounted, root)
        }
    }

    /// Applies what concerns a tree of mounts after it is in its place.
    func finish(
        _ options: MountOptions, _ mount: RuntimeSpec.Mount, _ mounted: borrowing FileDescriptor,
        _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        let isRecursive = !options.recursiveSet.isEmpty || !options.recursiveClear.isEmpty
        if isRecursive, !MountInterface.hasAttributes {
            try step(.mounts, mount.destination) { () throws(SystemError) in
                try MountChange.apply(options.recursiveSet, clearing: options.recursiveClear, to: mounted)
                if options.isRecursive, let source = mount.source {
                    try MountChange.applyBelow(
                        mount.destination, copyOf: source, options.recursiveSet, clearing: options.recursiveClear, root)
                }
            }
        } else if isRecursive {
            try step(.mounts, mount.destination) { () throws(SystemError) in
                do throws(SystemError) {
                    try mounted.setMountAttributes(
                        MountAttributes(options.recursiveSet),
                        clear: MountChange.attributesToClear(set: options.recursiveSet, clear: options.recursiveClear),
                        recursive: true)
                } catch {
                    // What a more privileged namespace has locked stays as it is, as with options of one mount.
                    guard error.errno == .notPermitted, !options.recursiveClear.isEmpty else { throw error }
                    if options.recursiveSet.isEmpty { return }
                    try mounted.setMountAttributes(MountAttributes(options.recursiveSet), recursive: true)
                }
            }
        }
        if !options.propagation.isEmpty {
            try step(.mounts, mount.destination) { () throws(SystemError) in
                try MountChange.setPropagation(options.propagation, recursive: options.propagationIsRecursive, mounted)
            }
        }
    }

    // SELinux: file systems that have no labels of their own get the container's.
    private func labelled(_ data: String, _ type: String) -> String {
        guard let label = linux.mountLabel, !label.isEmpty, type != "proc", type != "sysfs", SecurityLabels.hasSELinux
        else { return data }
        let context = "context=\"\(label)\""
        return data.isEmpty ? context : data + "," + context
    }

    private func mountTmpfs(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        // Only a procfs may stand for /proc (CVE-2019-16884).
        if mount.destination == "/proc" || mount.destination == "/proc/" {
            throw LaunchError(.mounts, sentence: "cannot mount a tmpfs at /proc: it is no procfs", errno: .notPermitted)
        }
        var isNew = false
        let place = try self.place(mount.destination, .directory, root, isNew: &isNew)
        var data = options.data
        if !data.utf8.starts(with: "mode=".utf8), !Self.contains(data, ",mode=") {
            // As the directory that the image has there; without one, as the kernel's own default.
            var mode = "1777"
            if !isNew {
                let covered = try step(.mounts, mount.destination) { () throws(SystemError) in try place.status() }
                mode = String(covered.permissions, radix: 8)
            }
            data += data.isEmpty ? "mode=\(mode)" : ",mode=\(mode)"
        }
        var mounting = options
        // What is filled later can only become read-only after that.
        let isFilled = options.copiesUp || mount.destination == "/dev" || mount.destination == "/dev/"
        if isFilled { mounting.set.remove(.readOnly) }
        if !options.copiesUp { return try mountFileSystem("tmpfs", mount, mounting, root, place, data: data) }
        let source = try step(.mounts, mount.destination) { () throws(SystemError) in
            try FileDescriptor.open(".", in: place.rawValue, O_RDONLY | O_DIRECTORY)
        }
        try mountFileSystem("tmpfs", mount, mounting, root, place, data: data)
        let mounted = try step(.mounts, mount.destination) { () throws(SystemError) in
            try root.open(mount.destination, O_RDONLY | O_DIRECTORY)
        }
        try step(.mounts, mount.destination) { () throws(SystemError) in try Self.copyUp(source, to: mounted) }
        if options.set.contains(.readOnly) {
            try step(.mounts, mount.destination) { () throws(SystemError) in try MountChange.makeReadOnly(mounted) }
        }
    }

    // "tmpcopyup": what the image has in the directory is in the new file system, whose own mode stays.
    private static func copyUp(
        _ source: borrowing FileDescriptor, to target: borrowing FileDescriptor
    ) throws(SystemError) {
        var copy = TreeCopy(.plain)
        copy.describesTarget = false
        do throws(TreeCopyError) {
            _ = try copy.copy([source.rawValue], into: target.rawValue)
        } catch {
            throw SystemError(error.cause.call, error.path, error.cause.errno)
        }
    }

    static func contains(_ text: String, _ part: String) -> Bool {
        let text = Array(text.utf8)
        let part = Array(part.utf8)
        guard text.count >= part.count else { return false }
        for start in 0...(text.count - part.count) where text[start..<start + part.count].elementsEqual(part) {
            return true
        }
        return false
    }
}
