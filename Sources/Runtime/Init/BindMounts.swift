import Glibc
import Linux
import OCI

extension ContainerInit {
    /// Binds a file or directory of the host. The copy of the mount is changed before it appears in the container, so
    /// that there is no moment at which it can be written.
    func bind(
        _ index: Int, _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        guard let source = mount.source, !source.isEmpty else {
            throw LaunchError(.mounts, sentence: "the bind mount at \(mount.destination) has no source")
        }
        guard let tree = try copy(of: source, index, mount, options) else {
            return try bindClassically(source, mount, options, root)
        }
        let status = try step(.mounts, source) { () throws(SystemError) in try tree.descriptor.status() }
        let place = try bindPlace(mount, isDirectory: status.isDirectory, tree.descriptor, root)
        var changedLater = false
        if !options.set.intersection(.perMount).isEmpty || !options.clear.isEmpty {
            do throws(SystemError) {
                try change(tree, options)
            } catch {
                guard error.errno == .notImplemented else {
                    throw LaunchError(.mounts, error, about: mount.destination)
                }
                changedLater = true
            }
        }
        try step(.mounts, mount.destination) { () throws(SystemError) in
            try tree.attach(to: place)
            if changedLater { try MountChange.apply(options.set, clearing: options.clear, to: tree.descriptor) }
        }
        try finish(options, mount, tree.descriptor, root)
    }

    // Nil where the call is not there: before Linux 5.2, and below filters that do not know it.
    private func copy(
        of source: String, _ index: Int, _ mount: RuntimeSpec.Mount, _ options: MountOptions
    ) throws(LaunchError) -> MountTree? {
        if let tree = earlyMounts.take(index) { return tree }
        do throws(SystemError) {
            return try MountTree.clone(source, recursive: options.isRecursive)
        } catch {
            if error.errno == .notImplemented || error.errno == .notPermitted { return nil }
            throw Self.cannotBind(source, mount, error)
        }
    }

    private func change(_ tree: borrowing MountTree, _ options: MountOptions) throws(SystemError) {
        do throws(SystemError) {
            try tree.setAttributes(
                MountAttributes(options.set),
                clear: MountChange.attributesToClear(set: options.set, clear: options.clear))
        } catch {
            // What a more privileged namespace has locked stays as it is, as with a remount.
            if error.errno != .notPermitted || !MountChange.mayYield(options.set, options.clear) { throw error }
            try tree.setAttributes(MountAttributes(options.set.subtracting(.accessTimes)))
        }
    }

    /// The destination of a bind, made as the kind of file that the source is.
    private func bindPlace(
        _ mount: RuntimeSpec.Mount, isDirectory: Bool, _ source: borrowing FileDescriptor,
        _ root: borrowing RootDirectory
    ) throws(LaunchError) -> FileDescriptor {
        let place = try self.place(mount.destination, isDirectory ? .directory : .file, root)
        let status = try step(.mounts, mount.destination) { () throws(SystemError) in try place.status() }
        if status.isDirectory != isDirectory {
            throw LaunchError(
                .mounts,
                sentence: "cannot mount \(mount.source ?? "") at \(mount.destination): "
                    + (isDirectory ? "a directory cannot cover a file" : "a file cannot cover a directory"),
                errno: .notDirectory)
        }
        // Only a procfs may stand for /proc (CVE-2019-16884).
        let type = try step(.mounts) { () throws(SystemError) in try source.fileSystemType() }
        if mount.destination == "/proc" || mount.destination == "/proc/", type != .proc {
            throw LaunchError(
                .mounts, sentence: "cannot mount \(mount.source ?? "") at /proc: it is no procfs", errno: .notPermitted)
        }
        return place
    }

    private func bindClassically(
        _ source: String, _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        let file = try step(.mounts, source, sentence: { Self.cannotBind(source, mount, $0).sentence }) {
            () throws(SystemError) in try FileDescriptor.open(source, FileDescriptor.pathOnly)
        }
        let status = try step(.mounts, source) { () throws(SystemError) in try file.status() }
        let place = try bindPlace(mount, isDirectory: status.isDirectory, file, root)
        try step(.mounts, mount.destination) { () throws(SystemError) in
            try MountCalls.mount(
                "/proc/self/fd/\(file.rawValue)", on: place, options.isRecursive ? [.bind, .recursive] : .bind)
        }
        // A remount wants the mount's own root, and `place` is below it.
        let mounted = try step(.mounts, mount.destination) { () throws(SystemError) in try root.open(mount.destination)
        }
        if !options.set.intersection(.perMount).isEmpty || !options.clear.isEmpty {
            try step(.mounts, mount.destination) { () throws(SystemError) in
                try MountChange.apply(options.set, clearing: options.clear, to: mounted)
            }
        }
        try finish(options, mount, mounted, root)
    }

    private static func cannotBind(_ source: String, _ mount: RuntimeSpec.Mount, _ error: SystemError) -> LaunchError {
        let why: String? =
            switch error.errno {
            case .noEntry: "it does not exist"
            case .invalid: "parts of it are covered by mounts that this user may not uncover (try a recursive bind)"
            default: nil
            }
        return LaunchError(
            .mounts, error, about: source,
            sentence: "cannot mount \(source) at \(mount.destination): \(why ?? error.errno.description)")
    }
}
