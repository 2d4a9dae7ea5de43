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
        // What the filter is made of, in place of a profile's text: another number for each change of the rules below.
        let key = "identity 4 \(effect) \(capabilities)"
        return try cache.program(specification: Array(key.utf8)) { () throws(SeccompError) in
            specification(effect, calls)
        }
    }

    static func specification(_ effect: Effect, _ calls: [IdentityCall]) -> RuntimeSpec.Seccomp {
        var profile = RuntimeSpec.Seccomp(defaultAction: SeccompAction.allow.rawValue)
        profile.architectures = SeccompArchitecture.native.family.map(\.rawValue)
        profile.flags = []
        let action: SeccompAction = effect == .asked ? .notify : .errno
        var rules: [RuntimeSpec.Seccomp.Rule] = []
        for call in calls where effect == .asked || call.canBeIgnored {
            for arguments in call.arguments {
                var rule = RuntimeSpec.Seccomp.Rule(
                    names: call.names, action: action.rawValue, errnoRet: effect == .asked ? nil : 0)
                rule.args = arguments.isEmpty ? nil : arguments
                rules.append(rule)
            }
        }
        profile.syscalls = rules
        return profile
    }
}

extension IdentityCall {
    /// Whether the call may succeed without effect: it answers nothing.
    fileprivate var canBeIgnored: Bool {
        switch self {
        case .getuid, .geteuid, .getgid, .getegid, .getresuid, .getresgid, .getgroups: false
        case .stat, .newfstatat, .prctl, .setrlimit, .prlimit64: false
        default: true
        }
    }

    /// With which arguments the call concerns ids: one list for each rule, an empty one for all.
    fileprivate var arguments: [[RuntimeSpec.Seccomp.Argument]] {
        func argument(_ index: UInt32, _ comparison: SeccompOperator, _ value: UInt64, _ masked: UInt64? = nil)
            -> RuntimeSpec.Seccomp.Argument
        {
            .init(index: index, value: value, valueTwo: masked, op: comparison.rawValue)
        }
        switch self {
        // The kernel makes everything but devices itself.
        case .mknod, .mknodat:
            let place: UInt32 = self == .mknod ? 1 : 2
            return [0o020000, 0o060000].map { [argument(place, .maskedEqual, 0o170000, $0)] }
        // Without AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH.
        case .newfstatat: return [[argument(3, .equal, 0)]]
        // RLIMIT_LOCKS, where there is a new one.
        case .setrlimit: return [[argument(0, .equal, 10)]]
        case .prlimit64: return [[argument(1, .equal, 10), argument(2, .notEqual, 0)]]
        // PR_SET_KEEPCAPS
        case .prctl: return [[argument(0, .equal, 8), argument(1, .equal, 1)]]
        default: return [[]]
        }
    }
}
