import Bytes
import ContainerSpec
import Logs
import OCI

extension ContainerInspection {
    /// What the user said about the host's side. Only what this engine takes is there.
    struct HostConfig: Encodable {
        let options: RunOptions
        /// The container's name.
        let name: String

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Binds", orNull(binds))
            try members.put("ContainerIDFile", options.containerIDFile ?? "")
            try members.put("LogConfig", LogConfig(log: options.logConfig))
            try members.put("NetworkMode", options.networkMode.inspected)
            try members.put("PortBindings", options.portBindings)
            try members.put("RestartPolicy", Restart(policy: options.restartPolicy ?? .no))
            try members.put("AutoRemove", options.autoRemove)
            try members.put("VolumeDriver", options.volumeDriver ?? "")
            try members.put("VolumesFrom", options.volumesFrom)
            try members.put("ConsoleSize", [0, 0])
            try members.encodeIfPresent(orNull(options.annotations), forKey: "Annotations")
            try members.put("CapAdd", orNull(options.capAdd.sorted()))
            try members.put("CapDrop", orNull(options.capDrop.sorted()))
            try members.put("CgroupnsMode", options.cgroupnsMode.rawValue)
            try members.put("Dns", options.dns)
            try members.put("DnsOptions", options.dnsOptions)
            try members.put("DnsSearch", options.dnsSearch)
            try members.put("ExtraHosts", orNull(options.extraHosts.map { "\($0.name):\($0.address)" }))
            try members.put("GroupAdd", orNull(options.groupAdd))
            try members.put("IpcMode", options.ipcMode.rawValue)
            try members.put("Cgroup", "")
            try members.put("Links", orNull(links))
            try members.put("OomScoreAdj", options.oomScoreAdj ?? 0)
            try members.put("PidMode", options.pidMode == .private ? "" : options.pidMode.rawValue)
            try members.put("Privileged", options.privileged)
            try members.put("PublishAllPorts", options.publishAll)
            try members.put("ReadonlyRootfs", options.readonlyRootfs)
            try members.put("SecurityOpt", orNull(securityOptions))
            try members.encodeIfPresent([String: String]?.none, forKey: "StorageOpt")
            try members.encodeIfPresent(orNull(temporaryFileSystems), forKey: "Tmpfs")
            try members.put("UTSMode", options.utsMode == .private ? "" : options.utsMode.rawValue)
            try members.put("UsernsMode", options.usernsMode.option)
            // podman's.
            if case .maps(let users, let groups) = options.usernsMode {
                try members.put("IDMappings", IDMappings(users: users, groups: groups))
            }
            try members.put("ShmSize", options.shmSize ?? 67_108_864)
            try members.encodeIfPresent(orNull(options.sysctls), forKey: "Sysctls")
            try members.put("Runtime", "apus")
            try members.put("Isolation", "")
            try putLimits(into: &members)
            try members.put("Devices", orNull(options.devices.map { Device(device: $0) }) ?? [])
            try putFurtherLimits(into: &members)
            try members.put("Ulimits", options.ulimits.map { Limit(limit: $0) })
            // Of Windows.
            for key in ["CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth"] as [InspectionKey] {
                try members.put(key, 0)
            }
            let mounts = options.mounts.filter { $0.shortForm == nil && $0.origin == nil }.map { LongMount(mount: $0) }
            try members.encodeIfPresent(orNull(mounts), forKey: "Mounts")
            try members.put("MaskedPaths", hidden(SpecBuilder.maskedPaths))
            try members.put("ReadonlyPaths", hidden(SpecBuilder.readOnlyPaths))
            try members.encodeIfPresent(options.initProcess ? true : nil, forKey: "Init")
        }

        // On networks of a user's own they are the network's.
        private var links: [String] {
            guard options.networkMode == .automatic else { return [] }
            return options.links.map { link in
                let parts = link.split(on: ":", maxSplits: 1)
                let other = parts.first.map(String.init) ?? ""
                return "/\(other):/\(name)/\(parts.count > 1 ? String(parts[1]) : other)"
            }
        }

        /// `paths` in Docker's order; nil where nothing is hidden.
        private func hidden(_ paths: [String]) -> [String]? {
            if options.privileged { return nil }
            if options.security.systemPathsUnconfined { return [] }
            func place(_ path: String) -> Int { Self.order.firstIndex(of: path) ?? Self.order.count }
            return paths.sorted { (place($0), $0) < (place($1), $1) }
        }

        private static let order = [
            "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
            "/sys/devices/virtual/powercap", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
        ]

        private var binds: [String] {
            options.mounts.compactMap { mount in
                guard mount.origin == nil, let modes = mount.shortForm else { return nil }
                let source: String
                switch mount.kind {
                case .bind(let bind): source = bind.source
                case .volume(let volume):
                    guard let name = volume.name, !volume.isAnonymous else { return nil }
                    source = name
                case .tmpfs, .image: return nil
                }
                return "\(source):\(mount.destination)" + (modes.isEmpty ? "" : ":\(modes)")
            }
        }

        private var temporaryFileSystems: [ByteKey: String] {
            var result: [ByteKey: String] = [:]
            for mount in options.mounts {
                if case .tmpfs = mount.kind, let modes = mount.shortForm { result[mount.destination] = modes }
            }
            return result
        }

        private var securityOptions: [String] {
            let security = options.security
            var result: [String] = []
            switch security.seccomp {
            case nil, .standard: break
            case .unconfined: result.append("seccomp=unconfined")
            case .file(let path): result.append("seccomp=\(path)")
            }
            if security.noNewPrivileges { result.append("no-new-privileges") }
            if security.systemPathsUnconfined { result.append("systempaths=unconfined") }
            if !security.unmask.isEmpty { result.append("unmask=" + security.unmask.joined(separator: ":")) }
            if !security.mask.isEmpty { result.append("mask=" + security.mask.joined(separator: ":")) }
            if let profile = security.appArmorProfile { result.append("apparmor=\(profile)") }
            // Labels of SELinux would confine it after all.
            if options.privileged { result.append("label=disable") }
            return result
        }
    }

    private struct LogConfig: Encodable {
        let log: RunOptions.LogConfig

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Type", log.type ?? LogConfiguration.Driver.jsonFile.rawValue)
            try members.put("Config", log.options)
        }
    }

    private struct Restart: Encodable {
        let policy: RestartPolicy

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Name", policy.name.rawValue)
            try members.put("MaximumRetryCount", policy.maximumRetryCount)
        }
    }

    private struct IDMappings: Encodable {
        let users: [IDMapOption]
        let groups: [IDMapOption]

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("UidMap", (users.isEmpty ? groups : users).map(\.description))
            try members.put("GidMap", (groups.isEmpty ? users : groups).map(\.description))
        }
    }

    private struct Device: Encodable {
        let device: DeviceOption

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("PathOnHost", device.pathOnHost)
            try members.put("PathInContainer", device.pathInContainer)
            try members.put("CgroupPermissions", device.permissions)
        }
    }

    private struct Limit: Encodable {
        let limit: Ulimit

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Name", limit.name)
            // -1 is no limit, as on the command line.
            try members.put("Hard", Int64(exactly: limit.hard) ?? -1)
            try members.put("Soft", Int64(exactly: limit.soft) ?? -1)
        }
    }
}
