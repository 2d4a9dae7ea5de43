package import Cgroups
import Glibc
package import Linux
package import Networking
package import Runtime

/// What this machine and the caller can give a container.
package struct HostFacts: Sendable {
    /// Where the host's files are read; empty for the real root. Only tests have another.
    package var root = ""
    /// With what ids containers run.
    package var mode: UserNamespace.Mode
    package var kernel: KernelVersion
    /// The host's own name.
    package var hostname: String
    /// A bit for the number of each capability that a container can have.
    package var capabilities: UInt64
    /// The caller's limit by Docker's name for it; nil for a name that is none. Asked only for what a flag names.
    package var limit: @Sendable (_ name: String) -> (soft: UInt64, hard: UInt64)?
    /// Whether limits may go beyond the caller's.
    package var canRaiseLimits: Bool
    /// The caller's own ids, as `--userns=keep-id` shows them.
    package var user: UInt32 = geteuid()
    package var group: UInt32 = getegid()
    /// Whether all numbers are ids here, as they are outside of every user namespace.
    package var hasAllIDs = true
    /// Whether the device cgroup can be programmed, so that a device node that a container makes is of no use.
    package var canLimitDevices = false
    /// What there is of control groups, where that had to be looked at.
    package private(set) var cgroups: CgroupSupport?
    /// The number of processors that are switched on. Asked only for what a flag limits.
    package var processors: @Sendable () -> Int = KernelFacts.onlineProcessorCount
    /// Lists of what there is, "0-3"; nil where it is not known.
    package var onlineProcessors: String? { line("/sys/devices/system/cpu/online") }
    package var memoryNodes: String? { line("/sys/devices/system/node/online") }
    /// Whether the kernel counts swap, so that it can be limited.
    package var countsSwap: Bool { exists("/proc/swaps") }
    /// Whether an earlier start has found that this kernel gives no bridges.
    package var lacksBridges = false
    /// Finds the helper for the way out of a namespace; asked only where no network was chosen.
    package var egress: @Sendable () throws(EgressError) -> EgressHelper

    /// The facts as tests want them.
    package init(mode: UserNamespace.Mode, hostname: String) {
        self.mode = mode
        self.hostname = hostname
        kernel = KernelVersion(6, 1)
        capabilities = (1 << 41) - 1
        limit = { _ in nil }
        canRaiseLimits = mode == .host
        egress = EgressHelper.available
    }

    /// Asks the running machine; `mode` is what `UserNamespace` will enter or has entered. What is known of this boot is noted in
    /// `runDirectory`, and read there. Takes some ten system calls.
    package static func current(mode: UserNamespace.Mode, runDirectory: String) -> HostFacts {
        let names = KernelFacts.names()
        var facts = HostFacts(mode: mode, hostname: names.host)
        facts.kernel = .running
        facts.capabilities = capabilities(mode: mode)
        facts.limit = { name in
            guard Ulimit.names.contains(name) else { return nil }
            return ResourceLimit.number(of: Ulimit.resource(name)).flatMap { KernelFacts.limit(of: $0) }
        }
        // CAP_SYS_RESOURCE
        facts.canRaiseLimits = mode == .host && Capability.isEffective(24)
        if mode == .host {
            facts.hasAllIDs = OwnUserNamespace.hasAllIDs(.group) ?? true
            let cgroups = CgroupSupport.detect()
            facts.cgroups = cgroups
            facts.canLimitDevices = cgroups.canMake && DeviceGuardNote(runDirectory).canGuardDevices()
        }
        return facts
    }

    // A new user namespace gives all that the kernel knows; without one the caller's bounding set is the limit.
    private static func capabilities(mode: UserNamespace.Mode) -> UInt64 {
        var mask: UInt64 = 0
        // From the end: where all are taken, the last that the kernel knows says which there are.
        for number in (0..<UInt8(CapabilityName.all.count)).reversed() {
            guard let isBounding = KernelFacts.isBounding(number) else { continue }
            if mode != .host { return (1 << UInt64(number)) | ((1 << UInt64(number)) - 1) }
            if isBounding { mask |= 1 << UInt64(number) }
        }
        return mask
    }

    /// The text of a file of the host; nil where it cannot be read or has more than a megabyte.
    func read(_ path: String) -> String? { try? Files.readText(root + path, limit: 1 << 20) }

    // A file of one line.
    private func line(_ path: String) -> String? {
        read(path).map { String($0.prefix { $0 != "\n" }) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether the host has something at `path`.
    func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

    /// Whether `path` is there, on a file system that is mounted for writing.
    func isWritable(_ path: String) -> Bool {
        var status = statvfs()
        // ST_RDONLY, of which the importer makes now an enumerator and now a number.
        return statvfs(root + path, &status) == 0 && status.f_flag & 1 == 0
    }
}
