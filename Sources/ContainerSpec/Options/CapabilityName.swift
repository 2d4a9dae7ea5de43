import Bytes
package import Errors
import Linux

/// The names of capabilities(7), and Docker's rules of adding and dropping them.
package enum CapabilityName {
    /// Every name, at the place of its number.
    package static var all: [String] { Capability.names }

    /// What a container has in Docker unless its user says otherwise.
    package static let defaults: [String] = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ]

    /// The full name of `text`, which may lack `CAP_` and be in either case; `ALL` stays. `field` is what Docker calls the
    /// list. Throws `OptionError`.
    package static func normalized(_ text: String, field: String = "CapAdd") throws(OptionError) -> String {
        let upper = text.uppercased()
        if upper == "ALL" || upper == "CAP_ALL" { return "ALL" }
        let full = upper.begins(with: "CAP_") ? upper : "CAP_" + upper
        guard all.contains(full) else { throw OptionError("invalid \(field): unknown capability: \"\(full)\"") }
        return full
    }

    /// The capabilities of a container, of which `available` says which the kernel and the caller can give (a bit a
    /// number). Throws `OptionError` for one asked for that cannot be given.
    package static func tweaked(
        add: [String], drop: [String], privileged: Bool, defaults: [String] = Self.defaults, available: UInt64
    ) throws(OptionError) -> [String] {
        func can(_ name: String) -> Bool {
            Capability.number(of: name).map { available >> UInt64($0) & 1 == 1 } ?? false
        }
        if privileged { return all.filter(can) }
        for name in add where name != "ALL" && !can(name) {
            throw OptionError(
                "cannot add the capability \(name): the kernel does not know it, or the calling process does not "
                    + "have it"
            )
        }
        if add.contains("ALL") { return all.filter { can($0) && !drop.contains($0) } }
        let kept = drop.contains("ALL") ? [] : defaults.filter { can($0) && !drop.contains($0) }
        if add.isEmpty { return kept }
        var seen = Set(kept)
        return kept + add.filter { seen.insert($0).inserted }
    }
}
