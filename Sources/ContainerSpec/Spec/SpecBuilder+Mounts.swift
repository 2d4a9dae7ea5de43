import Bytes
import Errors
import Glibc
import Linux
import OCI
import Runtime

extension SpecBuilder {
    typealias Mount = RuntimeSpec.Mount

    /// Every mount in its order, and the propagation that the root file system needs for them.
    mutating func mounts(
        files: [LaunchPlan.GeneratedFile], devices: [Mount]
    ) throws(OptionError) -> (list: [Mount], rootPropagation: String?) {
        var propagation: String?
        var wanted: [Mount] = []
        for option in options.mounts {
            guard !wanted.contains(where: { $0.destination.isSame(as: option.destination) }) else {
                throw OptionError("Duplicate mount point: \(option.destination)")
            }
            switch option.kind {
            case .bind(let bind):
                wanted.append(try self.bind(option, bind))
                if bind.propagation == .slave || bind.propagation == .rslave { propagation = "rslave" }
            case .tmpfs(let tmpfs):
                wanted.append(
                    Mount(
                        destination: option.destination, type: "tmpfs", source: "tmpfs",
                        options: tmpfs.merged(readOnly: option.readOnly)))
            case .volume(let volume): wanted.append(try mount(option, volume))
            // The supervisor says where it is.
            case .image:
                wanted.append(
                    Mount(
                        destination: option.destination, type: "bind", source: "",
                        options: ["rbind", "rprivate"] + (option.readOnly ? ["ro"] : [])))
            }
        }
        // Few: a set would cost more, in the first instantiation of its type alone.
        var asked: [String] = []
        for mount in wanted { asked.append(mount.destination) }
        for file in files where !asked.contains(where: file.destination.isSame) {
            var options = ["rbind", "rprivate"]
            if self.options.readonlyRootfs { options.append("ro") }
            wanted.append(Mount(destination: file.destination, type: "bind", source: path(file), options: options))
        }
        var list = defaultMounts().filter { mount in
            !asked.contains(where: mount.destination.isSame)
                && !(asked.contains("/dev") && mount.destination.begins(with: "/dev/"))
        }
        list += devices.filter { device in !asked.contains(where: device.destination.isSame) }
        // The outer ones first, or they would hide the inner; in the order of the command line otherwise.
        let depths = wanted.map { $0.destination.split(on: "/").count }
        list += wanted.indices.sorted { (depths[$0], $0) < (depths[$1], $1) }.map { wanted[$0] }
        return (list, propagation)
    }

    // Types and not binds for the host's namespaces too: where the kernel refuses an ordinary user a new mount of a
    // namespace that is not theirs, the runtime binds what is mounted, read-only down to the last mount below it.
    private func defaultMounts() -> [Mount] {
        var list: [Mount] = []
        func add(_ destination: String, _ type: String, _ source: String, _ options: [String]) {
            list.append(Mount(destination: destination, type: type, source: source, options: options))
        }
        let access = options.privileged && !options.readonlyRootfs ? "rw" : "ro"
        add("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"])
        add("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"])
        var terminals = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
        // Group tty, where it is a group of the namespace.
        if host.mode != .single { terminals.append("gid=5") }
        add("/dev/pts", "devpts", "devpts", terminals)
        add("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", access])
        add("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", access])
        add("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"])
        switch options.ipcMode {
        case .none: break
        case .host where !host.exists("/dev/shm"): break
        case .host: add("/dev/shm", "bind", "/dev/shm", ["rbind", "rprivate", "nosuid", "noexec", "nodev"])
        case .private, .shareable:
            add(
                "/dev/shm", "tmpfs", "shm",
                ["nosuid", "noexec", "nodev", "mode=1777", "size=\(options.shmSize ?? 64 << 20)"])
        }
        return list
    }

    private mutating func bind(_ option: MountOption, _ bind: MountOption.Bind) throws(OptionError) -> Mount {
        try checkSource(bind)
        if bind.propagation == .shared || bind.propagation == .rshared {
            throw .refused(
                "bind propagation '\(bind.propagation.rawValue)' of \(option.destination)",
                "a container's mounts live in its supervisor's own namespace and cannot travel back to the host; "
                    + "use rslave to see the host's")
        }
        if bind.relabel != nil, host.exists("/sys/fs/selinux/enforce") {
            throw .refused("relabelling \(bind.source)", "this engine sets no SELinux labels")
        }
        if bind.changesOwner ?? false {
            var source = LaunchPlan.OwnedSource(path: bind.source, homes: homes)
            source.crossesMounts = bind.recursion != .disabled
            ownedSources.append(source)
        }
        var options = [bind.recursion == .disabled ? "bind" : "rbind"]
        if option.readOnly {
            switch bind.recursion {
            case .disabled, .writable: options.append("ro")
            // mount_setattr(2) makes whole trees read-only from Linux 5.12 on.
            case .enabled: options.append(host.kernel >= KernelVersion(5, 12) ? "rro" : "ro")
            case .readonly:
                guard host.kernel >= KernelVersion(5, 12) else {
                    throw OptionError(
                        "cannot mount \(bind.source) recursively read-only: that needs Linux 5.12, this is "
                            + "\(host.kernel)")
                }
                options.append("rro")
            }
        }
        options.append(bind.propagation.rawValue)
        let mount = Mount(destination: option.destination, type: "bind", source: bind.source, options: options)
        return try mapped(mount, bind.mappedIDs)
    }

    /// The mount as one that shows other owners, where that is wanted.
    func mapped(_ mount: Mount, _ ids: MountOption.MappedIDs?) throws(OptionError) -> Mount {
        guard let ids else { return mount }
        var mount = mount
        mount.options = (mount.options ?? []) + ["idmap"]
        if let map = try ids.map(ownMap, of: mount.destination) {
            mount.uidMappings = map.users
            mount.gidMappings = map.groups
        }
        return mount
    }

    /// The caller's home, by the environment and by its account.
    var homes: [String] {
        [getenv("HOME").map { String(cString: $0) }, Account.home(of: host.user)].compactMap { $0 }.filter {
            !$0.isEmpty
        }
    }

    private func checkSource(_ bind: MountOption.Bind) throws(OptionError) {
        do throws(SystemError) {
            _ = try Files.status(bind.source)
        } catch {
            guard error.errno == .noEntry else {
                throw OptionError("cannot mount \(bind.source): \(error.errno)")
            }
            guard bind.createSource else {
                throw OptionError(
                    "invalid mount config for type \"bind\": bind source path does not exist: \(bind.source)")
            }
            do throws(SystemError) { try Files.makeDirectories(bind.source) } catch {
                throw OptionError("cannot create the directory \(bind.source) that is to be mounted: \(error.errno)")
            }
        }
    }
}
