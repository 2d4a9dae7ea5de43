import Errors
import Glibc
import Linux
import OCI
import Runtime

extension SpecBuilder {
    /// What Docker sets where neither image nor user do.
    static let defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    func process(hostname: String) throws(OptionError) -> RuntimeSpec.Process {
        var process = RuntimeSpec.Process(args: try arguments(), cwd: workingDirectory)
        process.terminal = options.tty ? true : nil
        process.env = environment(hostname: hostname)
        process.capabilities = try capabilities()
        process.rlimits = try limits()
        process.noNewPrivileges = options.security.noNewPrivileges ? true : nil
        process.oomScoreAdj = try oomScoreAdjustment()
        process.apparmorProfile = try appArmorProfile()
        return process
    }

    /// Entrypoint and command: one that the user gives displaces the image's, and a new entrypoint the image's command
    /// as well.
    private func arguments() throws(OptionError) -> [String] {
        var entrypoint = options.entrypoint
        var command = options.cmd
        if entrypoint == nil || entrypoint == [] {
            if command.isEmpty { command = image.cmd ?? [] }
            entrypoint = image.entrypoint
        }
        if entrypoint == [""] { entrypoint = nil }
        let arguments = (entrypoint ?? []) + command
        guard let first = arguments.first else {
            throw OptionError("no command specified")
        }
        guard !first.isEmpty else { throw OptionError("the command is an empty word") }
        return arguments
    }

    private func environment(hostname: String) -> [String] {
        var list = [Self.defaultPath, "HOSTNAME=\(hostname)"]
        if options.tty { list.append("TERM=xterm") }
        return Environment.merged(Environment.merged(list, image.env ?? []), options.env)
    }

    private func capabilities() throws(OptionError) -> RuntimeSpec.Capabilities {
        var defaults = CapabilityName.defaults
        // Root of the host with this capability could make itself a node of any disk, and only the device cgroup
        // would keep it from opening it.
        if host.mode == .host, !host.canLimitDevices { defaults.removeAll { $0 == "CAP_MKNOD" } }
        let names = try CapabilityName.tweaked(
            add: options.capAdd, drop: options.capDrop, privileged: options.privileged, defaults: defaults,
            available: host.capabilities)
        // No inheritable and no ambient ones: files could give back what a user change took (CVE-2022-24769).
        var sets = RuntimeSpec.Capabilities()
        sets.bounding = names
        sets.effective = names
        sets.permitted = names
        return sets
    }

    private func limits() throws(OptionError) -> [RuntimeSpec.Rlimit]? {
        var list: [RuntimeSpec.Rlimit] = []
        for wanted in options.ulimits {
            if let own = host.limit(wanted.name), wanted.hard > own.hard, !host.canRaiseLimits {
                throw OptionError(
                    "cannot set ulimit \(wanted.name) to \(Self.text(wanted.hard)): your own hard limit is "
                        + "\(Self.text(own.hard)), and only root of the host may go beyond it")
            }
            list.removeAll { $0.type == wanted.resource }
            list.append(.init(type: wanted.resource, soft: wanted.soft, hard: wanted.hard))
        }
        return list.isEmpty ? nil : list
    }

    private static func text(_ limit: UInt64) -> String { limit == .max ? "unlimited" : String(limit) }

    private func oomScoreAdjustment() throws(OptionError) -> Int? {
        guard let wanted = options.oomScoreAdj else { return nil }
        if !host.canRaiseLimits, let text = host.read("/proc/self/oom_score_adj"),
            let own = Int(text.filter { !$0.isWhitespace }), wanted < own
        {
            throw OptionError(
                "cannot set oom-score-adj to \(wanted): yours is \(own), and only root of the host may go below it")
        }
        return wanted
    }

    private func appArmorProfile() throws(OptionError) -> String? {
        let enabled = host.exists("/sys/kernel/security/apparmor")
        switch options.security.appArmorProfile {
        case nil: return nil
        case "unconfined"?: return enabled && host.mode == .host ? "unconfined" : nil
        case let profile?:
            guard enabled else {
                throw .refused("--security-opt apparmor=\(profile)", "AppArmor is not enabled on this host")
            }
            return profile
        }
    }
}
