import Linux
package import OCI

extension Cgroup {
    /// Sets the limits of `resources`, at the start or later (`update`); what it does not name stays as it is. Rules
    /// of devices replace those that were set before. Throws `CgroupError`.
    package func apply(_ resources: RuntimeSpec.Resources) throws(CgroupError) {
        try apply(CgroupSettings(resources))
        if let rules = resources.devices { try apply(rules) }
    }

    /// Writes the settings in their order.
    func apply(_ settings: CgroupSettings) throws(CgroupError) {
        let missing = settings.controllers.subtracting(controllers)
        guard missing.isEmpty else { throw .missing(missing, Cgroup.sentence(missing, below: path)) }
        if let least = settings.leastMemory, let usage = number("memory.current"), usage > least {
            throw .invalid(
                "memory cannot be limited to \(least) bytes: \(usage) are in use, and the limit is to be checked before"
            )
        }
        for setting in settings.settings { try apply(setting) }
    }

    private func apply(_ setting: CgroupSettings.Setting) throws(CgroupError) {
        var tried = CgroupSettings.Setting.Alternative(file: setting.file, value: setting.value)
        var rest = setting.otherwise[...]
        while true {
            do throws(SystemError) {
                try write(tried.value, to: tried.file)
                return
            } catch {
                // cgroupfs answers EACCES where one would make a file.
                guard error.call == "open", error.errno == .noEntry || error.errno == .access,
                    !Files.exists(tried.file, in: directory.rawValue)
                else { throw .refused(file: tried.file, value: tried.value, error.errno) }
                if let next = rest.popFirst() {
                    tried = next
                    continue
                }
                if setting.isOptional { return }
                throw .invalid(Cgroup.absence(of: tried.file))
            }
        }
    }

    private static func absence(of file: String) -> String {
        switch file {
        case "memory.swap.max": "swap cannot be limited: this kernel does not count swap (no memory.swap.max)"
        case "io.weight":
            "no weight for block devices can be set: this kernel has no io.weight (CONFIG_BLK_CGROUP_IOCOST)"
        case "cpu.idle", "cpu.max.burst": "\(file) cannot be set: this kernel is too old for it"
        default: "the limit cannot be set: this kernel has no \(file)"
        }
    }
}
