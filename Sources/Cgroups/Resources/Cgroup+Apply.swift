import Bytes
import Linux
package import OCI

extension Cgroup {
    /// Sets the limits of `resources`, at the start or later (`update`); what it does not name stays as it is. Rules
    /// of devices replace those that were set before. Returns what its files said before. Throws `CgroupError`; its files
    /// are as they were then.
    @discardableResult
    package func apply(_ resources: RuntimeSpec.Resources) throws(CgroupError) -> FormerSettings {
        let former = try apply(CgroupSettings(resources))
        do throws(CgroupError) {
            if let rules = resources.devices { try apply(rules) }
        } catch {
            restore(former)
            throw error
        }
        return former
    }

    /// What files said before limits were written to them.
    package struct FormerSettings: Sendable {
        fileprivate var files: [(name: String, text: String)] = []
    }

    /// Takes limits back, as far as the kernel lets that be.
    package func restore(_ former: FormerSettings) {
        for (name, text) in former.files.reversed() {
            // A line for each device in the files of io, of which one write takes one.
            for line in text.split(on: "\n") { try? write(String(line), to: name) }
        }
    }

    /// Writes the settings in their order. Where one is refused those before it are taken back.
    @discardableResult
    func apply(_ settings: CgroupSettings) throws(CgroupError) -> FormerSettings {
        let missing = settings.controllers.subtracting(controllers)
        guard missing.isEmpty else { throw .missing(missing, Cgroup.sentence(missing, below: path)) }
        if let least = settings.leastMemory, let usage = number("memory.current"), usage > least {
            throw .invalid(
                "memory cannot be limited to \(least) bytes: \(usage) are in use, and the limit is to be checked before"
            )
        }
        var former = FormerSettings()
        for setting in settings.settings {
            do throws(CgroupError) { try apply(setting, &former) } catch {
                restore(former)
                throw error
            }
        }
        return former
    }

    private func apply(_ setting: CgroupSettings.Setting, _ former: inout FormerSettings) throws(CgroupError) {
        var tried = CgroupSettings.Setting.Alternative(file: setting.file, value: setting.value)
        var rest = setting.otherwise[...]
        while true {
            let before = text(tried.file)
            do throws(SystemError) {
                try write(tried.value, to: tried.file)
                if let before { former.files.append((tried.file, before)) }
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
