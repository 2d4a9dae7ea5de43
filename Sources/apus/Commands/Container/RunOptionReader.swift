import Addresses
import Bytes
import ContainerSpec
import Engine
import Errors
import Flags
import Linux
import Supervision

/// Turns the flags and arguments of `run` and `create` into options.
struct RunOptionReader {
    private(set) var options: RunOptions
    /// What a relative path is relative to.
    let directory: String
    /// The caller's variables.
    let caller: (String) -> String?

    // Files come before single values, whatever their order was.
    private var variablesOfFiles: [String] = []
    private var labels: [(String, String)] = []
    private var networks = NetworkFlags()
    private var ids = IDMapFlags()

    /// Reads all of `parsed`, whose first positional argument is the image. Throws `OptionError`, and `UsageError` for values
    /// that Docker's command line refuses by itself.
    static func options(
        _ parsed: ParsedArguments, directory: String, caller: (String) -> String?
    ) throws -> RunOptions {
        try withoutActuallyEscaping(caller) { (caller) throws -> RunOptions in
            var reader = RunOptionReader(
                options: RunOptions(image: parsed.positionals[0]), directory: directory, caller: caller)
            reader.options.cmd = Array(parsed.positionals.dropFirst())
            for use in parsed.occurrences {
                let flag = parsed.flag(of: use)
                do throws(OptionError) { try reader.take(flag.name, use.value) } catch {
                    if flag.name == "restart", !error.isOfCommandLine, parsed.bool("rm") {
                        throw OptionError.usage("conflicting options: cannot specify both --restart and --rm")
                    }
                    throw invalid(flag, use.value, error) ?? error
                }
            }
            reader.options.healthcheck = try RunFlags.healthcheck(parsed)
            reader.options.env = reader.variablesOfFiles + reader.options.env
            for (name, value) in reader.labels where reader.options.labels[name] == nil {
                reader.options.labels[name] = value
            }
            if reader.options.detach, !reader.options.attach.isEmpty {
                throw CommandFailure("conflicting options: cannot specify both --attach and --detach", status: 1)
            }
            try reader.networks.apply(to: &reader.options)
            try reader.ids.apply(to: &reader.options)
            try reader.options.logConfig.validate()
            return reader.options
        }
    }

    /// What pflag says of a value that its flag's type refuses; nil for what Docker finds out later, in words of its own.
    private static func invalid(_ flag: Flag, _ value: String, _ error: OptionError) -> (any Error)? {
        let typed = [
            "add-host", "attach", "device-cgroup-rule", "dns", "dns-search", "env", "label", "link", "mount", "network",
            "sysctl",
            "ulimit",
        ]
        guard typed.contains(flag.name), error.kind == .invalid, !error.isOfCommandLine,
            !error.description.utf8.starts(with: "invalid mount config".utf8)
        else { return nil }
        return UsageError(
            "invalid argument \(goQuoted(value)) for \"\(flag.displayName)\" flag: \(error.description)")
    }

    private init(options: RunOptions, directory: String, caller: @escaping (String) -> String?) {
        self.options = options
        self.directory = directory
        self.caller = caller
    }

    /// Takes one use of a flag. Throws `OptionError`.
    private mutating func take(_ name: String, _ value: String) throws(OptionError) {
        if try takeContainer(name, value) { return }
        if try takeProcess(name, value) { return }
        if try takeMount(name, value) { return }
        if try takeNamespace(name, value) { return }
        if try takeSecurity(name, value) { return }
        if try takeNetwork(name, value) { return }
        if try options.resources.take(name, value) { return }
        // A boolean that was set to false asks for nothing; the parser refuses all other uses.
        if RunFlags.refused.contains(where: { $0.name == name }) { return }
        fatalError("flag --\(name) is declared and not read")
    }

    private func read(_ path: String, _ flag: String) throws(OptionError) -> [UInt8] {
        do throws(SystemError) { return try Files.readGiven(path, limit: 16 << 20) } catch {
            throw OptionError.usage(
                error.errno == .isDirectory
                    ? "invalid env file (\(path)): read \(path): is a directory" : "open \(path): \(error.errno)")
        }
    }

    private func absolute(_ path: String) -> String { path.begins(with: "/") ? path : directory + "/" + path }

    private mutating func takeContainer(_ name: String, _ value: String) throws(OptionError) -> Bool {
        switch name {
        case "name": options.name = value.isEmpty ? nil : try ContainerName.validated(value)
        case "rm": options.autoRemove = isTrue(value)
        case "pull": options.pullPolicy = RunOptions.PullPolicy(rawValue: value)!
        case "platform": options.platform = value
        case "quiet": options.quiet = isTrue(value)
        case "rootfs": options.rootfs = isTrue(value)
        case "cidfile": options.containerIDFile = absolute(value)
        case "sdnotify": options.sdNotify = RunOptions.NotifyMode(rawValue: value)!
        case "pidfile": options.pidFile = absolute(value)
        case "label":
            let (key, text) = try Environment.label(value)
            options.labels[key] = text
        case "label-file": labels = try Environment.labels(inFile: read(value, name), name: value).reversed() + labels
        case "annotation":
            let (key, text) = try Environment.label(value, what: "annotation")
            options.annotations[key] = text
        case "expose": options.exposedPorts += try ExposedPorts.parse(value)
        case "log-driver": try options.logConfig.setDriver(value)
        case "log-opt": try options.logConfig.add(value)
        case "no-healthcheck": options.noHealthcheck = isTrue(value)
        // Read together (RunFlags+Health).
        case "health-cmd", "health-interval", "health-retries", "health-start-interval", "health-start-period",
            "health-timeout":
            break
        case "restart":
            let policy = try RestartPolicy(option: value)
            options.restartPolicy = policy == .no ? nil : policy
        case "detach": options.detach = isTrue(value)
        case "detach-keys":
            options.detachKeys = value
        case "sig-proxy": options.sigProxy = isTrue(value)
        default: return false
        }
        return true
    }

    private mutating func takeProcess(_ name: String, _ value: String) throws(OptionError) -> Bool {
        switch name {
        case "interactive": options.openStdin = isTrue(value)
        case "tty": options.tty = isTrue(value)
        case "attach":
            guard let stream = RunOptions.Stream(rawValue: value.lowercased()) else {
                throw OptionError("valid streams are STDIN, STDOUT and STDERR")
            }
            options.attach.insert(stream)
        case "entrypoint": options.entrypoint = [value]
        case "env": options.env.append(try Environment.variable(value, caller: caller))
        case "env-file":
            variablesOfFiles += try Environment.variables(inFile: read(value, name), name: value, caller: caller)
        case "user": options.user = value
        case "group-add":
            options.groupAdd.append(value)
            if options.groupAdd.count > 1, options.groupAdd.contains(RunOptions.keepGroups) {
                throw OptionError.usage(
                    "the '--group-add keep-groups' option is not allowed with any other --group-add options")
            }
        case "workdir":
            guard value.isEmpty || value.begins(with: "/") else {
                throw OptionError("the working directory '\(value)' is invalid, it needs to be an absolute path")
            }
            options.workingDir = value
        case "init": options.initProcess = isTrue(value)
        case "stop-signal":
            if !value.isEmpty { _ = try SignalName.number(value) }
            options.stopSignal = value.isEmpty ? nil : value
        case "stop-timeout": options.stopTimeout = Int(value)
        case "ulimit": if value != "host" { options.ulimits.append(try Ulimit(value)) }
        case "oom-score-adj":
            guard let number = Int(value), (-1000...1000).contains(number) else {
                throw OptionError("Invalid value \(value), range for oom score adj is [-1000, 1000]")
            }
            options.oomScoreAdj = number
        default: return false
        }
        return true
    }

    private mutating func takeMount(_ name: String, _ value: String) throws(OptionError) -> Bool {
        switch name {
        case "volume": options.mounts.append(try MountOption(volume: value, relativeTo: directory))
        case "mount": options.mounts.append(try MountOption(mount: value, relativeTo: directory))
        case "volumes-from": options.volumesFrom = (options.volumesFrom ?? []) + [value]
        case "volume-driver": options.volumeDriver = value.isEmpty ? nil : value
        case "tmpfs": options.mounts.append(try MountOption(tmpfs: value))
        case "read-only": options.readonlyRootfs = isTrue(value)
        case "shm-size":
            // Zero is Docker's word for the default.
            let size = try ByteSize.parse(value)
            options.shmSize = size == 0 ? nil : size
        case "device": options.devices.append(try DeviceOption(value))
        case "device-cgroup-rule": options.deviceCgroupRules.append(try DeviceCgroupRule(value))
        default: return false
        }
        return true
    }

    private mutating func takeNamespace(_ name: String, _ value: String) throws(OptionError) -> Bool {
        switch name {
        case "hostname": options.hostname = value
        case "domainname": options.domainname = value
        case "pid": options.pidMode = try PIDMode(option: value)
        case "ipc": options.ipcMode = try IPCMode(option: value)
        case "uts": options.utsMode = try UTSMode(option: value)
        case "userns":
            options.usernsMode = try UserNamespaceMode(option: value)
            ids.hasMode = true
        case "uidmap": ids.users += try IDMapOption.list(value, flag: name)
        case "gidmap": ids.groups += try IDMapOption.list(value, flag: name)
        case "subuidname": ids.userName = value
        case "subgidname": ids.groupName = value
        case "cgroupns": options.cgroupnsMode = try CgroupNamespaceMode(option: value)
        case "sysctl":
            let (key, text) = try Sysctl.parse(value)
            options.sysctls[key] = text
        default: return false
        }
        return true
    }

    private mutating func takeSecurity(_ name: String, _ value: String) throws(OptionError) -> Bool {
        switch name {
        case "privileged": options.privileged = isTrue(value)
        case "cap-add": options.capAdd.append(try CapabilityName.normalized(value))
        case "cap-drop": options.capDrop.append(try CapabilityName.normalized(value, field: "CapDrop"))
        case "security-opt": try options.security.add(value, relativeTo: directory)
        case "disable-content-trust":
            guard isTrue(value) else {
                throw OptionError("--disable-content-trust=false is refused: there is no service that signs names")
            }
        case "isolation":
            guard value.isEmpty || value == "default" else {
                throw OptionError("invalid isolation (\(value)): linux only supports 'default'")
            }
        default: return false
        }
        return true
    }

    private mutating func takeNetwork(_ name: String, _ value: String) throws(OptionError) -> Bool {
        switch name {
        case "network": try networks.add(value)
        case "network-alias": networks.aliases.append(value)
        case "ip": networks.ipv4 = value.isEmpty ? nil : value
        case "ip6": networks.ipv6 = value.isEmpty ? nil : value
        case "link-local-ip": networks.linkLocalIPs.append(value)
        case "mac-address": networks.macAddress = value.isEmpty ? nil : value
        case "link":
            guard !value.isEmpty else { throw OptionError("empty string specified for links") }
            guard value.utf8.count(where: { $0 == UInt8(ascii: ":") }) < 2 else {
                throw OptionError("bad format for links: \(value)")
            }
            // One whose alias is empty links nothing, and is none of the command line's mistakes.
            if value.ends(with: ":"), value.utf8.count > 1 { return true }
            options.links.append(value)
        case "publish":
            _ = try PortMapping.parse(value)
            options.publish.append(value)
        case "publish-all": options.publishAll = isTrue(value)
        case "add-host": options.extraHosts.append(try HostEntry(value))
        case "dns":
            guard IPAddress(value) != nil else {
                throw OptionError("IP address is not correctly formatted: \(value)")
            }
            options.dns.append(value)
        case "dns-search":
            guard value == "." || DomainName.isValid(value) else { throw OptionError("\(value) is not a valid domain") }
            options.dnsSearch.append(value)
        case "dns-option": options.dnsOptions.append(value)
        default: return false
        }
        return true
    }

    private func isTrue(_ value: String) -> Bool { goBool(value) ?? false }
}
