import Bytes
import Glibc
import Linux
import OCI

/// Bind mounts that are made before the container's process is: those whose files show other owners than they have
/// (mount_setattr(2), MOUNT_ATTR_IDMAP), which takes CAP_SYS_ADMIN in the user namespace of the file system; and, of a
/// container with a user namespace of its own, all others, whose sources its root may not be able to reach, and the
/// devices, whose nodes it may not make. So are those that are named by an open file (`/proc/self/fd/N`): a mount can be
/// copied in its own mount namespace alone.
struct EarlyMounts {
    // By place in the list of mounts; numbers, which the new process has too, and which `close` closes here.
    private var trees: [(index: Int, tree: CInt)] = []
    private var devices: [(index: Int, tree: CInt)] = []

    /// `root` is the directory that becomes the root file system, and `nodes` one in which device nodes can be made; nil
    /// where there is none.
    init(_ spec: RuntimeSpec, root: String?, nodes: String?) throws(LaunchError) {
        // Without the capability the kernel would seem to lack the calls, for the container's process, too.
        let isSeparate =
            spec.linux?.namespaces?.contains { $0.type == .user } ?? false
            && Capability.isEffective(Capability.systemAdministration)
        if isSeparate, let nodes { makeDevices(spec.linux!, nodes) }
        for (index, mount) in (spec.mounts ?? []).enumerated() {
            let mapsIDs = mount.uidMappings != nil || mount.gidMappings != nil || Self.asksForMappedIDs(mount)
            // Most mounts are none of these, and their options need not be understood.
            guard mapsIDs || isSeparate || mount.source?.begins(with: "/proc/self/fd/") ?? false else { continue }
            let options = MountOptions(mount.options ?? [])
            do throws(LaunchError) {
                if mapsIDs {
                    trees.append((index, try Self.tree(mount, options, spec.linux)))
                } else if let tree = Self.plainTree(mount, options, root) {
                    trees.append((index, tree))
                }
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

    /// The tree of the device at `index` of the list of devices, which the caller owns from now on; nil where it has not
    /// been made.
    func takeDevice(_ index: Int) -> MountTree? {
        for entry in devices where entry.index == index {
            return MountTree(owning: FileDescriptor(owning: entry.tree))
        }
        return nil
    }

    /// Closes all of them.
    func close() {
        for entry in trees + devices { Glibc.close(entry.tree) }
    }

    // What cannot be made here the container's process binds from the host, and tells where that lacks it.
    private mutating func makeDevices(_ linux: RuntimeSpec.Linux, _ folder: String) {
        guard let users = linux.uidMappings, let groups = linux.gidMappings,
            Capability.isEffective(Capability.deviceNodes)
        else { return }
        let map = IDMap(users: users, groups: groups)
        for (index, device) in (linux.devices ?? []).enumerated() {
            guard let kind = device.nodeKind, kind != S_IFIFO, let user = map.outerUser(device.uid ?? 0),
                let group = map.outerGroup(device.gid ?? 0)
            else { continue }
            let path = "\(folder)/node-\(index)"
            guard mknod(path, kind | 0o600, device.number) == 0 else { continue }
            guard chown(path, user, group) == 0, chmod(path, (device.fileMode ?? 0o666) & 0o7777) == 0,
                let tree = try? MountTree.clone(path, recursive: false),
                // The folder may be where devices cannot be opened.
                (try? tree.setAttributes(clear: .noDevices)) != nil
            else { continue }
            devices.append((index, tree.release().release()))
        }
    }

    // As `MountOptions.mapsIDs`.
    private static func asksForMappedIDs(_ mount: RuntimeSpec.Mount) -> Bool {
        for option in mount.options ?? [] where option.isSame(as: "idmap") || option.isSame(as: "ridmap") {
            return true
        }
        return false
    }

    // What is below the root may be on a mount that the container's process makes first.
    private static func isBelow(_ root: String?, _ source: String) -> Bool {
        guard let root, let absolute = realpath(source, nil) else { return false }
        defer { free(absolute) }
        let place = String(cString: absolute)
        return place.utf8.elementsEqual(root.utf8)
            || place.utf8.starts(with: root.utf8) && root != "/"
                && place.utf8.dropFirst(root.utf8.count).first == UInt8(ascii: "/")
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

    // Nil where the call is not there, or the source is not: the container's process says so in its own words.
    private static func plainTree(_ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: String?) -> CInt? {
        guard let source = mount.source, !source.isEmpty, options.isBind || mount.type == "bind",
            !isBelow(root, source)
        else { return nil }
        return (try? MountTree.clone(source, recursive: options.isRecursive))?.release().release()
    }

    // Without maps of the mount's own, a namespace that the container joins has them.
    private static func userNamespace(
        _ mount: RuntimeSpec.Mount, _ linux: RuntimeSpec.Linux?
    ) throws(LaunchError) -> FileDescriptor {
        if mount.uidMappings == nil, mount.gidMappings == nil,
            let path = linux?.namespaces?.first(where: { $0.type == .user })?.path, !path.isEmpty
        {
            return try step(.namespaces, path) { () throws(SystemError) in try FileDescriptor.open(path, O_RDONLY) }
        }
        return try UserNamespace.make(map(mount, linux))
    }

    private static func tree(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ linux: RuntimeSpec.Linux?
    ) throws(LaunchError) -> CInt {
        guard let source = mount.source, options.isBind || mount.type == "bind" else {
            throw LaunchError(
                .mounts, sentence: "the mount at \(mount.destination) is to be id-mapped, and is no bind mount")
        }
        guard Capability.isEffective(Capability.systemAdministration) else {
            throw LaunchError(
                .mounts,
                sentence: "cannot map the ids of \(source): only the owner of its file system may (on most, root)",
                errno: .notPermitted)
        }
        let namespace = try userNamespace(mount, linux)
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
}
