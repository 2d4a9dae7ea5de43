import Glibc
import Linux
import OCI

extension ContainerInit {
    /// Attaches the root file system in the new mount namespace, and makes it the working directory.
    func enterRoot(
        _ request: borrowing LaunchRequest, _ channel: borrowing PacketSocket
    ) throws(LaunchError) -> RootDirectory {
        // Nothing that is mounted from here on may reach the host. Slave by default: what the host unmounts leaves the
        // container too and does not stay busy.
        let propagation = try hostPropagation()
        try step(.rootFileSystem, "/") { () throws(SystemError) in
            try MountCalls.mount(nil, on: "/", propagation.union(.recursive))
        }
        let tree = try takeRoot(request, channel)
        try step(.rootFileSystem) { () throws(SystemError) in
            if propagation == .shared {
                // pivot_root(2) refuses a shared mount, and a parent of one.
                try MountCalls.mount(nil, on: "/", .private)
                try tree.setAttributes(propagation: .private)
            }
            // On top of the old root: the one directory that is always there. Lookups of this process still start
            // below it, and pivot_root(2) takes both apart.
            try tree.attach(to: "/")
        }
        let root = RootDirectory(tree.release())
        try step(.rootFileSystem) { () throws(SystemError) in try root.descriptor.makeWorkingDirectory() }
        return root
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
        case .provided:
            var packet = try expectPacket(.root, channel)
            guard let descriptor = packet.attachment.take() else {
                throw LaunchError(.rootFileSystem, sentence: "the container's process got no root file system")
            }
            return MountTree(owning: descriptor)
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
        try step(.pivot) { () throws(SystemError) in
            // The mounts may have changed the directory's mount, not what is open.
            try root.descriptor.makeWorkingDirectory()
            if request.usesPivotRoot {
                // Both at ".": the old root ends up on top of the new one, and needs no directory in it.
                try MountCalls.pivotRoot(".", putOld: ".")
                // The old root may be busy (this very process runs from it), and nothing of it may hang on the host's.
                try MountCalls.detach(".")
            } else {
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
