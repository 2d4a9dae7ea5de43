import CLinux
import Glibc

/// The user and groups of the calling process (credentials(7)).
package enum Credentials {
    /// Becomes user and group 0 of its user namespace, without other groups where the namespace allows to drop them, unless
    /// they are to be kept.
    package static func becomeRoot(keepingGroups: Bool = false) throws(SystemError) {
        try setGroup(0)
        // Denied for good in a namespace that an ordinary user mapped by itself (user_namespaces(7)).
        if !keepingGroups { _ = apus_setgroups(0, nil) }
        try setUser(0)
    }

    /// setgroups(2).
    package static func setGroups(_ groups: [UInt32]) throws(SystemError) {
        try check("setgroups") { apus_setgroups(groups.count, groups) }
    }

    /// All three group ids (setresgid(2)).
    package static func setGroup(_ group: UInt32) throws(SystemError) {
        try check("setresgid", String(group)) { apus_setresgid(group, group, group) }
    }

    /// All three user ids (setresuid(2)).
    package static func setUser(_ user: UInt32) throws(SystemError) {
        try check("setresuid", String(user)) { apus_setresuid(user, user, user) }
    }

    /// PR_SET_KEEPCAPS: the permitted capabilities survive the change to another user, until the next execve(2).
    package static func keepCapabilities() throws(SystemError) {
        try check("prctl PR_SET_KEEPCAPS") { apus_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) }
    }

    /// PR_SET_NO_NEW_PRIVS: no program executed from here on gains anything by its file's bits.
    package static func setNoNewPrivileges() throws(SystemError) {
        try check("prctl PR_SET_NO_NEW_PRIVS") { apus_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }
    }

    /// PR_SET_PDEATHSIG: the signal that comes when the parent dies. A change of the user takes it back.
    package static func setParentDeathSignal(_ signal: CInt) throws(SystemError) {
        try check("prctl PR_SET_PDEATHSIG") { apus_prctl(PR_SET_PDEATHSIG, UInt(signal), 0, 0, 0) }
    }
}

/// The three sets of a process that capget(2) and capset(2) know, a bit for each capability's number.
package struct CapabilitySets: Equatable, Sendable {
    package var effective: UInt64
    package var permitted: UInt64
    package var inheritable: UInt64

    package init(effective: UInt64, permitted: UInt64, inheritable: UInt64) {
        self.effective = effective
        self.permitted = permitted
        self.inheritable = inheritable
    }

    /// Those of the calling process.
    package static func current() throws(SystemError) -> CapabilitySets {
        var sets = CapabilitySets(effective: 0, permitted: 0, inheritable: 0)
        try check("capget") { apus_capget(&sets.effective, &sets.permitted, &sets.inheritable) }
        return sets
    }

    /// Makes them those of the calling process.
    package func apply() throws(SystemError) {
        try check("capset") { apus_capset(effective, permitted, inheritable) }
    }
}

extension Capability {
    /// Takes from the bounding set everything that is not in `kept`. Throws EPERM without CAP_SETPCAP in the effective
    /// set, where there is something to take.
    package static func limitBounding(to kept: UInt64) throws(SystemError) {
        for number: UInt in 0..<64 where kept >> UInt64(number) & 1 == 0 {
            if apus_prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0 {
                // Past the kernel's last one.
                if Errno.current == .invalid { return }
                let failure = SystemError("prctl PR_CAPBSET_DROP", String(number))
                // What is not there need not be taken, though the call asks for the capability all the same.
                if failure.errno == .notPermitted, apus_prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 0 { continue }
                throw failure
            }
        }
    }

    /// Makes `set` the ambient set; each must be permitted and inheritable. False where the kernel refuses one.
    package static func setAmbient(_ set: UInt64) -> Bool {
        // PR_CAP_AMBIENT_CLEAR_ALL, Linux 4.3
        _ = apus_prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
        var complete = true
        for number: UInt in 0..<64 where set >> UInt64(number) & 1 == 1 {
            // PR_CAP_AMBIENT_RAISE
            if apus_prctl(PR_CAP_AMBIENT, 2, number, 0, 0) < 0 { complete = false }
        }
        return complete
    }
}

/// System call filters (seccomp(2)).
package enum SystemCallFilter {
    /// Loads a classic BPF program of 8-byte instructions with the SECCOMP_FILTER_FLAG_ values in `flags`: needs
    /// no_new_privs, or CAP_SYS_ADMIN in the effective set.
    ///
    /// Returns the listener's descriptor, close-on-exec, where `flags` ask for one, and else 0.
    @discardableResult
    package static func load(_ program: [UInt8], flags: UInt32) throws(SystemError) -> CInt {
        try check("seccomp") {
            program.withUnsafeBytes { apus_seccomp_load($0.baseAddress, UInt16(clamping: $0.count / 8), flags) }
        }
    }
}

extension SystemCallFilter {
    /// Whether such a filter asks somebody outside about calls (SECCOMP_FILTER_FLAG_NEW_LISTENER).
    package static func hasListener(_ program: [UInt8]?, _ flags: UInt32) -> Bool { program != nil && flags & 8 != 0 }
}

/// Keyrings (keyrings(7)).
package enum Keyring {
    /// Gives the process a new session keyring without a name: one with a name would be that of all who ask for it.
    package static func joinNewSession() throws(SystemError) {
        try check("keyctl") { apus_keyctl_join_session(nil) }
    }

    /// Gives the process the session keyring that all of the user's processes share which ask for it: for where the user's
    /// quota (kernel.keys.maxkeys) has no room for another, and the caller's own is not to be kept.
    package static func joinSharedSession() throws(SystemError) {
        try check("keyctl") { apus_keyctl_join_session("_ses.apus") }
    }
}
