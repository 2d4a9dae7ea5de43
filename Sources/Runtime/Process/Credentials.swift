import Glibc
import Linux
import OCI

extension ProcessSetup {
    /// Becomes the container's user, still with all capabilities; `dropPrivileges` has to follow. The order is the
    /// kernel's: the bounding set needs CAP_SETPCAP, groups and users need theirs, and a filter without no_new_privs needs
    /// CAP_SYS_ADMIN, so the sets are cut down last.
    func becomeUser() throws(LaunchError) -> CapabilityPlan {
        var plan = CapabilityPlan(process.capabilities)
        let user = process.user
        var sets = try step(.credentials) { () throws(SystemError) in
            let sets = try Self.limitBounding(to: plan.bounding)
            // Who becomes root loses nothing by it.
            if user.uid != 0 { try Credentials.keepCapabilities() }
            return sets
        }
        try changeUser(user)
        // With the capabilities kept, a change of the user leaves the permitted set as it is, and one from root to another
        // clears the effective set.
        if user.uid != 0 || sets.effective != sets.permitted {
            sets.effective = sets.permitted
            try step(.credentials) { () throws(SystemError) in try sets.apply() }
        }
        plan.limit(to: sets.permitted)
        return plan
    }

    /// Loads the filter of a process that may gain privileges later, and keeps the capabilities of `plan` alone.
    func dropPrivileges(_ plan: CapabilityPlan, _ channel: borrowing PacketSocket) throws(LaunchError) {
        // First: it stands below the container's own, which may forbid seccomp(2).
        if let identity = options.identity { try load(identity, channel) }
        if let seccomp = options.seccomp, !(process.noNewPrivileges ?? false) {
            try load(seccomp, options.seccompFlags, channel)
        }
        try step(.credentials) { () throws(SystemError) in
            try CapabilitySets(
                effective: plan.effective, permitted: plan.permitted, inheritable: plan.inheritable
            ).apply()
            // Refused without both sets, and by securebits of the caller's: the specification lets it go.
            _ = Capability.setAmbient(plan.ambient)
        }
    }

    // Whatever is left in the bounding set root gets with its first execve(2), and others by a file's bits
    // (capabilities(7)). Returns the sets of the process.
    private static func limitBounding(to kept: UInt64) throws(SystemError) -> CapabilitySets {
        var sets = try CapabilitySets.current()
        let needed: UInt64 = 1 << 8  // CAP_SETPCAP
        if sets.effective & needed == 0, sets.permitted & needed != 0 {
            sets.effective |= needed
            try sets.apply()
        }
        do throws(SystemError) { try Capability.limitBounding(to: kept) } catch {
            guard error.errno == .notPermitted else { throw error }
            // A caller without it, as in some containers, has no other means against what execve(2) would give.
            try Credentials.setNoNewPrivileges()
        }
        return sets
    }

    private func changeUser(_ user: RuntimeSpec.User) throws(LaunchError) {
        let groups = user.additionalGids ?? []
        do throws(SystemError) {
            if !options.keepsGroups { try Credentials.setGroups(groups) }
        } catch {
            // Denied for good in a namespace that an ordinary user mapped by itself; the groups that the caller has
            // outside stay, and give nothing inside.
            if error.errno == .invalid {
                throw LaunchError(
                    .credentials, error,
                    sentence: "an additional group of \(groups) has no number in the container's user namespace")
            }
            if error.errno != .notPermitted || !groups.isEmpty { throw LaunchError(.credentials, error) }
        }
        do throws(SystemError) { try Credentials.setGroup(user.gid) } catch {
            throw Self.unmapped("group", user.gid, error)
        }
        do throws(SystemError) { try Credentials.setUser(user.uid) } catch {
            throw Self.unmapped("user", user.uid, error)
        }
    }

    private static func unmapped(_ what: String, _ id: UInt32, _ error: SystemError) -> LaunchError {
        // EINVAL: the number is not in the map of the user namespace.
        let sentence =
            error.errno == .invalid
            ? "the \(what) \(id) has no number in the container's user namespace: give its owner a larger range in "
                + "/etc/subuid and /etc/subgid" : nil
        return LaunchError(.credentials, error, about: "\(what) \(id)", sentence: sentence)
    }
}
