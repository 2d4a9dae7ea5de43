import Glibc
import Linux
import OCI

extension ContainerInit {
    /// Attaches the root file system in the new mount namespace, and makes it the working directory.
    func enterRoot(
        _ request: borrowing LaunchRequest, _ channel: borrowing PacketSocket
    ) throws(LaunchError) -> RootDirectory {
        guard plan.separates(.mount) else { return try sharedRoot(request) }
        // Nothing that is mounted from here on may reach the host. Slave by default: what the host unmounts leaves the
        // container too and does not stay busy.
        let propagation = try hostPropagation()
        try step(.rootFileSystem, "/") { () throws(SystemError) in
            try MountCalls.mount(nil, on: "/", propagation.union(.recursive))
        }
        if !MountInterface.hasTrees {
            let root = RootDirectory(try attachedRoot(request, channel))
            try step(.rootFileSystem) { () throws(SystemError) in
                if propagation == .shared { try MountCalls.mount(nil, on: root.descriptor, .private) }
                try root.descriptor.makeWorkingDirectory()
            }
            return root
        }
        let tree = try takeRoot(request, channel)
        try step(.rootFileSystem) { () throws(SystemError) in
            if propagation == .shared {
                // pivot_root(2) refuses a shared mount, and a parent of one.
                try MountCalls.mount(nil, on: "/", .private)
                try tree.setAttributes(propagation: .private)
                if let place = request.root.path { try Self.makePrivate(around: place) }
            }
            // Where it is a directory: hooks look for it there, and so do sources of binds that name what an earlier
            // mount shows. A mount without a place goes on top of the old root, the one directory that is always there:
            // lookups of this process still start below it, and pivot_root(2) takes both apart.
            try tree.attach(to: request.root.path ?? "/")
        }
        let root = RootDirectory(tree.release())
        try step(.rootFileSystem) { () throws(SystemError) in try root.descriptor.makeWorkingDirectory() }
        return root
    }

    // The mount that `path` is in: of all its parents, only mount points take a change.
    private static func makePrivate(around path: String) throws(SystemError) {
        var place = path
        while place != "/" {
            do throws(SystemError) {
                return try MountCalls.mount(nil, on: place, .private)
            } catch {
                guard error.errno == .invalid else { throw error }
            }
            place = Files.split(place).parent
        }
    }

    /// The root of a container that stays in its caller's mount namespace, where the caller has bound it over itself: its
    /// mounts are the caller's to take away.
    private func sharedRoot(_ request: borrowing LaunchRequest) throws(LaunchError) -> RootDirectory {
        guard let path = request.root.path else {
            throw LaunchError(
                .rootFileSystem, sentence: "a container without a mount namespace needs a directory as root")
        }
        return try step(.rootFileSystem, path) { () throws(SystemError) in
            let root = RootDirectory(try FileDescriptor.open(path, FileDescriptor.pathOnly | O_DIRECTORY))
            try root.descriptor.makeWorkingDirectory()
            return root
        }
    }

    private func takeRoot(
        _ request: borrowing LaunchRequest, _ channel: borrowing PacketSocket
    ) throws(LaunchError) -> MountTree {
        switch request.root {
        case .mount(let descriptor):
            return MountTree(
                owning: try step(.rootFileSystem) { () throws(SystemError) in try descriptor.duplicate() })
        case .directory(let path):
            return try step(.rootFileSystem, path) { () throws(SystemError) in
                try MountTree.clone(path, recursive: true)
            }
        case .provided: return MountTree(owning: try providedRoot(channel))
        }
    }

    private func providedRoot(_ channel: borrowing PacketSocket) throws(LaunchError) -> FileDescriptor {
        var packet = try expectPacket(.root, channel)
        guard let descriptor = packet.attachment.take() else {
            throw LaunchError(.rootFileSystem, sentence: "the container's process got no root file system")
        }
        return descriptor
    }

    // Without mounts that are attached nowhere: what the caller has mounted is at the same place in this copy of its
    // mount namespace, and opening it again leads to the copy.
    private func attachedRoot(
        _ request: borrowing LaunchRequest, _ channel: borrowing PacketSocket
    ) throws(LaunchError) -> FileDescriptor {
        switch request.root {
        case .mount(let descriptor):
            return try reopened(descriptor)
        case .directory(let path):
            return try step(.rootFileSystem, path) { () throws(SystemError) in
                try MountCalls.mount(path, on: path, [.bind, .recursive])
                return try FileDescriptor.open(path, FileDescriptor.pathOnly | O_DIRECTORY)
            }
        case .provided: return try reopened(try providedRoot(channel))
        }
    }

    private func reopened(_ mount: borrowing FileDescriptor) throws(LaunchError) -> FileDescriptor {
        let number = mount.rawValue
        return try step(
            .rootFileSystem,
            sentence: { error in
                error.errno == .access
                    ? "the container's user namespace cannot be given its root file system: that takes open_tree(2) and "
                        + "move_mount(2), which this kernel or a filter of its calls does not have"
                    : nil
            }
        ) { () throws(SystemError) in
            let path = try Files.readLink("/proc/self/fd/\(number)")
            let opened = try FileDescriptor.open(path, FileDescriptor.pathOnly | O_DIRECTORY | O_NOFOLLOW)
            let (one, other) = (try opened.status().raw, try mount.status().raw)
            guard one.st_ino == other.st_ino, one.st_dev == other.st_dev else {
                throw SystemError("open", path, .noEntry)
            }
            // Bound once more: where a more privileged user namespace has mounted it, the mount is locked in its place,
            // and pivot_root(2) wants one that is not.
            try MountCalls.mount("/proc/self/fd/\(opened.rawValue)", on: opened, [.bind, .recursive])
            return try FileDescriptor.open(path, FileDescriptor.pathOnly | O_DIRECTORY | O_NOFOLLOW)
        }
    }

    // What is covered and not gone lets the container mount a new procfs without the masks (the kernel looks for one that is
    // whole).
    private static func hideKernelState(except root: String) throws(SystemError) {
        for place in try MountList.places(of: ["proc", "sysfs"], notBelow: root).reversed() {
            do throws(SystemError) { try MountCalls.detach(place) } catch {
                switch error.errno {
                // Gone with one above it.
                case .noEntry: continue
                // Locked by a more privileged user namespace.
                case .invalid, .notPermitted: try MountCalls.mount("tmpfs", on: place, type: "tmpfs", .readOnly)
                default: throw error
                }
            }
        }
    }

    private func hostPropagation() throws(LaunchError) -> MountFlags {
        switch linux.rootfsPropagation ?? "" {
        case "", "slave", "rslave": return .slave
        case "private", "rprivate": return .private
        case "shared", "rshared": return .shared
        // The copies of the host's mounts could not be bound into the container.
        case "unbindable", "runbindable": return .private
        case let other:
            throw LaunchError(.rootFileSystem, sentence: "the root file system's propagation \"\(other)\" is unknown")
        }
    }

    /// Makes the container's root the root, and lets the host's go.
    func leaveOldRoot(_ request: borrowing LaunchRequest, _ root: borrowing RootDirectory) throws(LaunchError) {
        if spec.root?.readonly ?? false {
            try step(.rootFileSystem) { () throws(SystemError) in try MountChange.makeReadOnly(root.descriptor) }
        }
        if plan.separates(.mount), !request.usesPivotRoot, try hostPropagation() == .shared {
            // What is taken away below would be the host's.
            throw LaunchError(
                .pivot,
                sentence: "a root whose mounts are shared with the host's takes pivot_root(2): leave out --no-pivot")
        }
        try step(.pivot) { () throws(SystemError) in
            // The mounts may have changed the directory's mount, not what is open.
            try root.descriptor.makeWorkingDirectory()
            if !plan.separates(.mount) {
                try MountCalls.changeRoot()
            } else if request.usesPivotRoot {
                // Both at ".": the old root ends up on top of the new one, and needs no directory in it.
                try MountCalls.pivotRoot(".", putOld: ".")
                // The old root may be busy (this very process runs from it), and nothing of it may hang on the host's.
                try MountCalls.detach(".")
            } else if (request.root.path ?? "/") == "/" {
                // It covers the old root already.
                try MountCalls.changeRoot()
            } else {
                try Self.hideKernelState(except: request.root.path ?? "/")
                try MountCalls.moveRoot(root.descriptor)
            }
            try check("chdir", "/") { chdir("/") }
        }
        switch linux.rootfsPropagation ?? "" {
        case "shared", "rshared":
            try step(.rootFileSystem) { () throws(SystemError) in try MountCalls.mount(nil, on: "/", .shared) }
        case "unbindable", "runbindable":
            try step(.rootFileSystem) { () throws(SystemError) in try MountCalls.mount(nil, on: "/", .unbindable) }
        default: break
        }
    }
}
