import Bytes
package import Errors
import Linux
import Logs
package import OCI
package import Runtime

/// Makes the runtime's configuration of a container from what its user asked for, what its image says and what the
/// machine can give: Docker's semantics, and podman's where the caller is no root.
///
/// It reads host files and makes missing directories for `-v`, as the caller; run it before any namespace is entered.
package struct SpecBuilder {
    let options: RunOptions
    let image: ContainerConfig
    let containerID: String
    /// Where the files of `LaunchPlan.files` will be.
    let filesDirectory: String
    let host: HostFacts
    /// The container that `--network=container:…` names.
    package var joined: JoinedContainer?
    /// The volumes that the options name.
    package var volumes: [VolumeSource] = []

    /// The map of the container's own user namespace; nil where it has none.
    package var ownMap: IDMap?

    var warnings: [String] = []
    var ownedSources: [LaunchPlan.OwnedSource] = []

    /// `filesDirectory` is the absolute path in which the supervisor writes `LaunchPlan.files`.
    package init(
        options: RunOptions, image: ContainerConfig, containerID: String, filesDirectory: String, host: HostFacts
    ) {
        self.options = options
        self.image = image
        self.containerID = containerID
        self.filesDirectory = filesDirectory
        self.host = host
    }

    /// The plan. Throws `OptionError` for what contradicts itself or cannot be honoured here.
    package mutating func build() throws(OptionError) -> LaunchPlan {
        try checkConflicts()
        let name = try hostname()
        let network = try networkPlan()
        let files = try generatedFiles(hostname: name, network: network)
        var spec = RuntimeSpec()
        spec.root = .init(path: "", readonly: options.readonlyRootfs ? true : nil)
        spec.process = try process(hostname: name)
        if options.utsMode == .private {
            spec.hostname = name
            spec.domainname = options.domainname
        }
        spec.annotations = options.annotations.isEmpty ? nil : options.annotations
        var linux = RuntimeSpec.Linux()
        linux.namespaces = namespaces()
        linux.sysctl = try sysctls()
        let devices = try devices()
        linux.devices = devices.nodes.isEmpty ? nil : devices.nodes
        linux.resources = try options.resources.specification(host)
        if !devices.rules.isEmpty {
            var resources = linux.resources ?? RuntimeSpec.Resources()
            resources.devices = devices.rules
            linux.resources = resources
        }
        let mounts = try mounts(files: files, devices: devices.binds)
        spec.mounts = mounts.list
        linux.rootfsPropagation = mounts.rootPropagation
        let paths = hiddenPaths()
        linux.maskedPaths = paths.masked.isEmpty ? nil : paths.masked
        linux.readonlyPaths = paths.readOnly.isEmpty ? nil : paths.readOnly
        spec.linux = linux
        return LaunchPlan(
            spec: spec,
            user: .init(
                user: options.user.flatMap { $0.isEmpty ? nil : $0 } ?? keptUser ?? image.user ?? "",
                additionalGroups: options.keepsGroups ? [] : options.groupAdd, keepsGroups: options.keepsGroups),
            // Another's are there, and stay as they are.
            files: joined != nil
                ? []
                : files.filter { file in
                    mounts.list.contains { $0.destination.isSame(as: file.destination) && $0.source == path(file) }
                },
            directories: directories(),
            network: network,
            seccomp: options.security.seccomp ?? (options.privileged ? .unconfined : .standard),
            usesInit: usesInit,
            stopSignal: try stopSignal(),
            stopTimeout: options.stopTimeout ?? image.stopTimeout ?? 10,
            hostname: name,
            ownNames: ownNames(name),
            warnings: warnings,
            healthCheck: HealthCheck(options.healthcheck(over: image), shell: image.shell),
            ownedSources: ownedSources, mapsMounts: mounts.list.contains { $0.options?.contains("idmap") ?? false },
            keptAccount: keptAccount)
    }

    private var keptAccount: LaunchPlan.KeptAccount? {
        guard case .keepID(let user, let group) = options.usernsMode, let name = Account.name(of: host.user) else {
            return nil
        }
        return LaunchPlan.KeptAccount(
            user: name, group: Account.groupName(of: host.group) ?? name, uid: user ?? host.user,
            gid: group ?? host.group)
    }

    // With keep-id the caller runs, whatever the image says, as with podman.
    private var keptUser: String? {
        guard case .keepID(let user, let group) = options.usernsMode else { return nil }
        return "\(user ?? host.user):\(group ?? host.group)"
    }

    /// Where a generated file is on the host.
    func path(_ file: LaunchPlan.GeneratedFile) -> String {
        (joined?.filesDirectory ?? filesDirectory) + "/" + file.name
    }

    private var usesInit: Bool { options.initProcess && options.pidMode == .private }

    private mutating func checkConflicts() throws(OptionError) {
        if options.utsMode == .host, options.hostname != nil || options.domainname != nil {
            throw OptionError("conflicting options: hostname and the UTS mode")
        }
        if options.ipcMode == .host || options.ipcMode == .none, options.shmSize != nil {
            throw OptionError(
                "conflicting options: --shm-size and --ipc=\(options.ipcMode.rawValue), which has no own /dev/shm"
            )
        }
        try checkNetworkConflicts()
        if options.tty, options.logConfig.type == LogConfiguration.Driver.passthrough.rawValue {
            throw OptionError(
                "conflicting options: --tty and --log-driver=passthrough, which hands on the caller's streams")
        }
        if options.detach, !options.attach.isEmpty {
            throw OptionError("conflicting options: cannot specify both --attach and --detach")
        }
        if options.autoRemove, options.restartPolicy ?? .no != .no {
            throw OptionError("conflicting options: cannot specify both --restart and --rm")
        }
        if options.initProcess, !usesInit {
            warnings.append("--init has no effect with --pid=host: the host's own init is process 1")
        }
        if options.rootfs, options.pullPolicy == .always {
            throw OptionError("conflicting options: --rootfs and --pull=always")
        }
    }

    private func hostname() throws(OptionError) -> String {
        if let name = options.hostname, !name.isEmpty {
            // HOST_NAME_MAX of Linux.
            guard name.utf8.count <= 64, !name.utf8.contains(where: { $0 < 32 || $0 == UInt8(ascii: "/") }) else {
                throw OptionError(
                    "invalid hostname '\(name)': it has at most 64 bytes and neither slashes nor control characters")
            }
            return name
        }
        if options.utsMode == .host || options.networkMode == .host { return host.hostname }
        if let joined { return joined.hostname }
        return String(containerID.prefix(12))
    }

    private func stopSignal() throws(OptionError) -> Int32 {
        if let text = options.stopSignal { return try SignalName.number(text) }
        // What an image says wrongly is as if it said nothing, in Docker as well.
        return image.stopSignal.flatMap { (text) -> Int32? in try? SignalName.number(text) } ?? 15
    }

    private func namespaces() -> [RuntimeSpec.Namespace] {
        var list = [RuntimeSpec.Namespace(.mount)]
        switch options.networkMode {
        case .host: break
        case .namespace(let path): list.append(.init(.network, path: path))
        default: list.append(.init(.network))
        }
        if options.utsMode == .private { list.append(.init(.uts)) }
        if options.pidMode == .private { list.append(.init(.pid)) }
        if options.ipcMode != .host { list.append(.init(.ipc)) }
        if options.cgroupnsMode == .private { list.append(.init(.cgroup)) }
        return list
    }

    private func sysctls() throws(OptionError) -> [ByteKey: String]? {
        // Filled by the standard library's own function, which is made for these types: each start comes by here.
        var values: [ByteKey: String] = [:]
        if options.networkMode.isOwn {
            // Conveniences: not there in a kernel without IPv4, and read-only inside of most containers.
            if host.isWritable("/proc/sys/net/ipv4/ip_unprivileged_port_start") {
                values.updateValue("0", forKey: "net.ipv4.ip_unprivileged_port_start")
            }
            // The range's ids must be mapped, and Docker leaves it alone in user namespaces.
            if host.mode == .host, host.hasAllIDs, host.isWritable("/proc/sys/net/ipv4/ping_group_range") {
                values.updateValue("0 2147483647", forKey: "net.ipv4.ping_group_range")
            }
        }
        for (name, value) in options.sysctls {
            try Sysctl.check(name.text, network: options.networkMode, ipc: options.ipcMode)
            values[name] = value
        }
        return values.isEmpty ? nil : values
    }

    private func directories() -> [String] {
        workingDirectory == "/" ? [] : [workingDirectory]
    }

    /// The image's directory unless the user has another; relative ones are below the root, as the image-spec has it.
    var workingDirectory: String {
        let wanted = options.workingDir.flatMap { $0.isEmpty ? nil : $0 } ?? image.workingDir ?? ""
        return wanted.isEmpty ? "/" : cleanPath("/" + wanted)
    }
}
