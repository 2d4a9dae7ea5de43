import Bytes
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
        let place = try bindPlace(mount, tree.descriptor, root)
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
        do throws(SystemError) { try tree.attach(to: place) } catch {
            // The kernel lets no directory cover a file, or the other way round, and says so in many ways.
            try Self.checkKinds(mount, tree.descriptor, place)
            throw LaunchError(.mounts, error, about: mount.destination)
        }
        if changedLater {
            try step(.mounts, mount.destination) { () throws(SystemError) in
                try MountChange.apply(options.set, clearing: options.clear, to: tree.descriptor)
            }
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

    /// The destination of a bind, made as the kind of file that the source is. The caller has to see that one which is there
    /// already is of that kind (`checkKinds`).
    private func bindPlace(
        _ mount: RuntimeSpec.Mount, _ source: borrowing FileDescriptor, _ root: borrowing RootDirectory
    ) throws(LaunchError) -> FileDescriptor {
        let place: FileDescriptor
        switch try presentPlace(mount, root) {
        case .some(let present): place = present
        case nil: place = try missingPlace(mount, source, root)
        }
        // Only a procfs may stand for /proc (CVE-2019-16884).
        if mount.destination.isSame(as: "/proc") || mount.destination.isSame(as: "/proc/") {
            let type = try step(.mounts) { () throws(SystemError) in try source.fileSystemType() }
            if type != .proc {
                throw LaunchError(
                    .mounts, sentence: "cannot mount \(mount.source ?? "") at /proc: it is no procfs",
                    errno: .notPermitted)
            }
        }
        return place
    }

    // Nil where it has to be made, for which alone the source has to be looked at.
    private func presentPlace(
        _ mount: RuntimeSpec.Mount, _ root: borrowing RootDirectory
    ) throws(LaunchError) -> FileDescriptor? {
        let place: FileDescriptor
        do throws(SystemError) { place = try root.open(mount.destination) } catch {
            if error.errno == .noEntry { return nil }
            throw LaunchError(.mounts, error, about: mount.destination)
        }
        try Self.checkPlace(place, mount.destination)
        return place
    }

    private func missingPlace(
        _ mount: RuntimeSpec.Mount, _ source: borrowing FileDescriptor, _ root: borrowing RootDirectory
    ) throws(LaunchError) -> FileDescriptor {
        let status = try step(.mounts, mount.source) { () throws(SystemError) in try source.status() }
        return try place(mount.destination, status.isDirectory ? .directory : .file, root)
    }

    private static func checkKinds(
        _ mount: RuntimeSpec.Mount, _ source: borrowing FileDescriptor, _ place: borrowing FileDescriptor
    ) throws(LaunchError) {
        let isDirectory = try step(.mounts, mount.source) { () throws(SystemError) in try source.status().isDirectory }
        let status = try step(.mounts, mount.destination) { () throws(SystemError) in try place.status() }
        if status.isDirectory == isDirectory { return }
        throw LaunchError(
            .mounts,
            sentence: "cannot mount \(mount.source ?? "") at \(mount.destination): "
                + (isDirectory ? "a directory cannot cover a file" : "a file cannot cover a directory"),
            errno: .notDirectory)
    }

    private func bindClassically(
        _ source: String, _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        let file = try step(.mounts, source, sentence: { Self.cannotBind(source, mount, $0).sentence }) {
            () throws(SystemError) in try FileDescriptor.open(source, FileDescriptor.pathOnly)
        }
        let place = try bindPlace(mount, file, root)
        try Self.checkKinds(mount, file, place)
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
