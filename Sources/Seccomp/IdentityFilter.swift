import OCI

/// Filters for a container in whose user namespace there is one id: they concern the calls that would need another one, and
/// let everything else pass. They stand beside the container's own filter, whose refusals go before.
package enum IdentityFilter {
    /// What a filter does with the calls.
    package enum Effect: Sendable, CaseIterable {
        /// Somebody outside answers them (Linux 5.5).
        case asked
        /// They succeed and do nothing. Who asks for ids is told the kernel's.
        case ignored
    }

    /// The filter for processes that may have `capabilities` (bit n for capability n), from `cache`. nil where no call
    /// concerns them.
    package static func program(
        _ effect: Effect, capabilities: UInt64, from cache: SeccompCache
    ) throws(SeccompError) -> SeccompProgram? {
        let calls = IdentityCall.all(with: capabilities)
        if calls.isEmpty { return nil }
        // What the filter is made of; the profile itself is not written out as JSON for it.
        let key = "identity 1 \(effect) \(capabilities)"
        return try cache.program(specification: Array(key.utf8)) { () throws(SeccompError) in
            specification(effect, calls)
        }
    }

    static func specification(_ effect: Effect, _ calls: [IdentityCall]) -> RuntimeSpec.Seccomp {
        var profile = RuntimeSpec.Seccomp(defaultAction: SeccompAction.allow.rawValue)
        profile.architectures = SeccompArchitecture.native.family.map(\.rawValue)
        profile.flags = []
        let action: SeccompAction = effect == .asked ? .notify : .errno
        func rule(_ names: [String], _ arguments: [RuntimeSpec.Seccomp.Argument]? = nil) -> RuntimeSpec.Seccomp.Rule {
            var rule = RuntimeSpec.Seccomp.Rule(
                names: names, action: action.rawValue, errnoRet: effect == .asked ? nil : 0)
            rule.args = arguments
            return rule
        }
        var rules: [RuntimeSpec.Seccomp.Rule] = []
        for call in calls {
            switch call {
            case .mknod, .mknodat:
                // The kernel makes everything but devices itself.
                for type: UInt64 in [0o020000, 0o060000] {
                    rules.append(
                        rule(
                            call.names,
                            [
                                .init(
                                    index: call == .mknod ? 1 : 2, value: 0o170000, valueTwo: type,
                                    op: SeccompOperator.maskedEqual.rawValue)
                            ]))
                }
            case .prctl:
                guard effect == .asked else { continue }
                let equal = SeccompOperator.equal.rawValue
                rules.append(
                    rule(call.names, [.init(index: 0, value: 8, op: equal), .init(index: 1, value: 1, op: equal)]))
            case .getuid, .geteuid, .getgid, .getegid, .getresuid, .getresgid, .getgroups:
                if effect == .asked { rules.append(rule(call.names)) }
            default: rules.append(rule(call.names))
            }
        }
        profile.syscalls = rules
        return profile
    }
}
