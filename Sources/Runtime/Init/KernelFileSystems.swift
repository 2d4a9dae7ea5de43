import Bytes
import Glibc
import Linux
import OCI

// File systems that show the kernel's own state, and that it refuses where the process has no right to all of it.
extension ContainerInit {
    func mountProc(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        let place = try directoryItself(mount, root)
        do throws(LaunchError) {
            try mountFileSystem("proc", mount, options, root, place)
        } catch {
            guard error.errno == .notPermitted else { throw error }
            // In a user namespace the kernel gives a new procfs only to those who see all of the present one: in a
            // container, where parts are masked, nobody does.
            if plan.separates(.pid), !bindsHostProc {
                throw LaunchError(
                    .mounts, SystemError("mount", "proc", error.errno),
                    sentence:
                        "the kernel refuses a new /proc, because parts of this machine's own are covered (this is "
                        + "usually inside of another container): start that one with its /proc unmasked, or run this one "
                        + "with --pid=host")
            }
            try bindHost("/proc", mount, options, root, place)
        }
    }

    func mountSysfs(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        let place = try directoryItself(mount, root)
        try mountOrBind(mount, options, root, place, host: "/sys")
    }

    // The file itself, and not what a link of the image's says: else a volume that is a link would get the mount, and
    // the masks would fall beside it (CVE-2019-19921).
    private func directoryItself(
        _ mount: RuntimeSpec.Mount, _ root: borrowing RootDirectory
    ) throws(LaunchError) -> FileDescriptor {
        do throws(SystemError) {
            return try root.open(mount.destination, FileDescriptor.pathOnly | O_NOFOLLOW | O_DIRECTORY)
        } catch {
            switch error.errno {
            case .noEntry: return try place(mount.destination, .directory, root)
            case .notDirectory, .loop:
                throw LaunchError(
                    .mounts, SystemError("open", mount.destination, .notDirectory),
                    sentence: "cannot mount \(mount.type ?? "") at \(mount.destination): it is no directory")
            default: throw LaunchError(.mounts, error, about: mount.destination)
            }
        }
    }

    /// Mounts a new file system of the mount's type, or binds the host's own, whose owner this process is not: sysfs
    /// belongs to the network namespace's user namespace, mqueue to the IPC namespace's.
    func mountOrBind(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory,
        _ place: borrowing FileDescriptor, host: String
    ) throws(LaunchError) {
        do throws(LaunchError) {
            try mountFileSystem(mount.type!, mount, options, root, place)
        } catch {
            guard error.errno == .notPermitted else { throw error }
            // Of a host that has not mounted it there is nothing to show: the directory stays empty.
            guard Files.exists(host) else { return }
            try bindHost(host, mount, options, root, place)
        }
    }

    private func bindHost(
        _ host: String, _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory,
        _ place: borrowing FileDescriptor
    ) throws(LaunchError) {
        if !MountInterface.hasTrees || !MountInterface.hasAttributes {
            return try bindHostClassically(host, mount, options, root, place)
        }
        try step(.mounts, mount.destination) { () throws(SystemError) in
            let tree = try MountTree.clone(host, recursive: true)
            try tree.setAttributes(propagation: .private, recursive: true)
            // Read-only down to the last mount: /sys brings the cgroups and debugfs of the host.
            try tree.setAttributes(MountAttributes(options.set), recursive: true)
            try tree.attach(to: place)
        }
    }

    private func bindHostClassically(
        _ host: String, _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory,
        _ place: borrowing FileDescriptor
    ) throws(LaunchError) {
        try step(.mounts, mount.destination) { () throws(SystemError) in
            try MountCalls.mount(host, on: place, [.bind, .recursive])
            let mounted = try root.open(mount.destination)
            try MountCalls.mount(nil, on: mounted, [.private, .recursive])
            try MountChange.apply(options.set, clearing: [], to: mounted)
            try MountChange.applyBelow(mount.destination, copyOf: host, options.set, clearing: [], root)
        }
    }

    func mountDevpts(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory,
        _ place: borrowing FileDescriptor
    ) throws(LaunchError) {
        do throws(LaunchError) {
            try mountFileSystem("devpts", mount, options, root, place)
        } catch {
            // The group "tty", 5, has no number in a user namespace with a single id.
            guard error.errno == .invalid else { throw error }
            let data = options.data.split(on: ",").filter { !$0.utf8.starts(with: "gid=".utf8) }
            try mountFileSystem("devpts", mount, options, root, place, data: data.joined(separator: ","))
        }
    }

    /// Control groups are those of version 2 for a container, whatever the host mixes: the file system can be mounted
    /// where the host has not mounted it. A container that wants version 1 binds the host's.
    func mountCgroup(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, _ root: borrowing RootDirectory
    ) throws(LaunchError) {
        let place = try self.place(mount.destination, .directory, root)
        do throws(LaunchError) {
            if !plan.separates(.cgroup) {
                // Without a cgroup namespace a new mount would show the whole tree, and a process in a user namespace
                // may not make one.
                try bindHost("/sys/fs/cgroup", mount, options, root, place)
            } else {
                try mountFileSystem("cgroup2", mount, options, root, place)
            }
        } catch {
            // Nothing to show is better than no container: an empty directory that stays so.
            switch error.errno {
            case .notPermitted, .busy, .noEntry, .notImplemented, .invalid, Errno(ENODEV):
                var empty = options
                empty.set.insert(.readOnly)
                try mountFileSystem("tmpfs", mount, empty, root, place, data: "mode=555,size=4k,nr_inodes=2")
            default: throw error
            }
        }
    }
}
