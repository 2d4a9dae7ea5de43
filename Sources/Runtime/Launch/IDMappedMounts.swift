import Glibc
import Linux
import OCI

/// Bind mounts whose files show other owners than they have (mount_setattr(2), MOUNT_ATTR_IDMAP). Made before the
/// container's process is: it takes CAP_SYS_ADMIN in the user namespace of the file system, which that process may have
/// left by the time it mounts.
struct IDMappedMounts {
    // By place in the list of mounts; numbers, which the new process has too, and which `close` closes here.
    private var trees: [(index: Int, tree: CInt)] = []

    init(_ spec: RuntimeSpec) throws(LaunchError) {
        for (index, mount) in (spec.mounts ?? []).enumerated() {
            let options = MountOptions(mount.options ?? [])
            guard options.mapsIDs || mount.uidMappings != nil || mount.gidMappings != nil else { continue }
            let map = try Self.map(mount, spec.linux)
            do throws(LaunchError) {
                trees.append((index, try Self.tree(mount, options, map)))
            } catch {
                close()
                throw error
            }
        }
    }

    /// The tree of the mount at `index`, which the caller owns from now on; nil where it is not mapped.
    func take(_ index: Int) -> MountTree? {
        for entry in trees where entry.index == index { return MountTree(owning: FileDescriptor(owning: entry.tree)) }
        return nil
    }

    /// Closes all of them.
    func close() {
        for entry in trees { Glibc.close(entry.tree) }
    }

    private static func map(_ mount: RuntimeSpec.Mount, _ linux: RuntimeSpec.Linux?) throws(LaunchError) -> IDMap {
        // Without maps of its own, a mount is shown as the container's user namespace sees the host's ids.
        let users = mount.uidMappings ?? linux?.uidMappings ?? []
        let groups = mount.gidMappings ?? linux?.gidMappings ?? []
        if users.isEmpty || groups.isEmpty {
            throw LaunchError(
                .mounts, sentence: "the mount at \(mount.destination) is to be id-mapped, and there are no id mappings")
        }
        return IDMap(users: users, groups: groups)
    }

    private static func tree(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ map: IDMap
    ) throws(LaunchError) -> CInt {
        guard let source = mount.source, options.isBind || mount.type == "bind" else {
            throw LaunchError(
                .mounts, sentence: "the mount at \(mount.destination) is to be id-mapped, and is no bind mount")
        }
        let namespace = try userNamespace(map)
        return try step(
            .mounts, source,
            sentence: { error in
                switch error.errno {
                case .invalid: "cannot map the ids of \(source): its file system does not support it"
                case .notPermitted:
                    "cannot map the ids of \(source): only the owner of its file system may (on most, root)"
                case .notImplemented: "cannot map the ids of \(source): this takes Linux 5.12"
                default: nil
                }
            }
        ) { () throws(SystemError) in
            let tree = try MountTree.clone(source, recursive: options.isRecursive)
            try tree.mapIDs(namespace, recursive: options.mapsIDsRecursively)
            return tree.release().release()
        }
    }

    // A user namespace lives as long as a descriptor of it: the process in it is needed for the moment alone.
    private static func userNamespace(_ map: IDMap) throws(LaunchError) -> FileDescriptor {
        var placed = false
        let clone = try step(.userMapping) { () throws(SystemError) in
            try cloneProcess(into: .user, cgroup: nil, placed: &placed)
        }
        switch consume clone {
        case .child:
            while true { pause() }
        case .parent(let pid, let pidfd):
            defer {
                try? sendSignal(SIGKILL, to: pidfd)
                _ = try? waitForExit(of: pid)
            }
            try UserNamespace.writeMaps(of: pid, map)
            return try step(.userMapping) { () throws(SystemError) in
                try FileDescriptor.open("/proc/\(pid)/ns/user", O_RDONLY)
            }
        }
    }
}
