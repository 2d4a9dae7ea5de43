import Bytes
import Glibc
import Linux
package import OCI

extension Cgroup {
    /// Puts a program for `rules` in the place of those that guard the cgroup. An ordinary user cannot load one: then
    /// rules that the user namespace enforces anyway are passed over, without `needsProgram`, and others refused. Throws `CgroupError`.
    package func apply(
        _ rules: [RuntimeSpec.Resources.DeviceRule], needsProgram: Bool = false
    ) throws(CgroupError) {
        guard !rules.isEmpty else { return }
        let program = try DeviceProgram(rules + DeviceProgram.indispensable)
        guard let loaded = try Self.load(program, needsProgram ? nil : rules) else { return }
        try doing { () throws(SystemError) in
            // The new one first: at no moment is there none.
            let old = try DeviceGuard.attached(to: directory)
            try DeviceGuard.attach(loaded, to: directory)
            for program in old { try DeviceGuard.detach(program, from: directory) }
        }
    }

    // nil where there need be none for `rules`.
    static func load(
        _ program: DeviceProgram, _ rules: [RuntimeSpec.Resources.DeviceRule]?
    ) throws(CgroupError) -> FileDescriptor? {
        do throws(SystemError) {
            return try DeviceGuard.load(program.instructions.map(\.encoded))
        } catch {
            switch error.errno {
            case .notPermitted:
                guard let rules else {
                    throw .invalid(
                        "the kernel refuses a program that guards the container's devices, though an earlier start could load one: "
                            + "start the container again, and it has neither that nor CAP_MKNOD")
                }
                if isEnforcedWithoutProgram(rules) { return nil }
                throw .invalid(
                    "rules for single kinds of access to devices cannot be enforced: loading a program for them takes "
                        + "CAP_BPF of the host")
            case .notImplemented, .invalid:
                throw .invalid("rules for devices cannot be enforced: this kernel has no programs for them")
            default: throw .failed(error)
            }
        }
    }

    // In a user namespace no node can be made, so what is not handed in is not there: only a node that is there and
    // may be read and not written, or written and not read, would take a program.
    static func isEnforcedWithoutProgram(_ rules: [RuntimeSpec.Resources.DeviceRule]) -> Bool {
        rules.allSatisfy { rule in
            guard let access = rule.access, !access.isEmpty else { return true }
            return access.has("r") == access.has("w")
        }
    }
}
