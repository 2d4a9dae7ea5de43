package import Linux
package import OCI

/// Docker's default profile: what a container may call.
///
/// The facts are those of moby v28 (`profiles/seccomp/default.json`): all that is not listed fails with EPERM, or
/// with ENOSYS where it is newer than the list. Missing on purpose are, above all, what reaches past the container's
/// namespaces (mounts, modules, the kernel's keyrings, quotas, swap, clocks), what has a long record of holes while
/// ordinary programs do without (io_uring, userfaultfd, BPF, perf events), and calls that no kernel serves any more.
package enum DefaultProfile {
    /// Changes whenever what the profile allows, or what the compiler makes of it, changes.
    static let version = 1

    /// The profile for a container whose bounding set is `capabilities` (bit n for capability n).
    package static func specification(
        capabilities: UInt64, kernel: KernelVersion = .running, architecture: SeccompArchitecture = .native
    ) -> RuntimeSpec.Seccomp {
        var profile = RuntimeSpec.Seccomp(defaultAction: SeccompAction.errno.rawValue)
        profile.defaultErrnoRet = 1
        // What else the kernel of a 64-bit machine runs.
        profile.architectures = architecture.family.map(\.rawValue)
        var rules: [RuntimeSpec.Seccomp.Rule] = []
        for group in groups where group.applies(capabilities: capabilities, kernel: kernel, on: architecture) {
            let names = group.names.split(whereSeparator: \.isWhitespace).map(String.init)
            let alternatives: [[RuntimeSpec.Seccomp.Argument]?] =
                group.arguments.isEmpty ? [nil] : group.arguments.map { [$0] }
            for arguments in alternatives {
                rules.append(
                    RuntimeSpec.Seccomp.Rule(
                        names: names, action: group.action.rawValue, errnoRet: group.errno, args: arguments))
            }
        }
        profile.syscalls = rules
        return profile
    }

    /// The capabilities that change the profile; a bounding set means no more to it than these bits. Written out, since a start that finds a
    /// compiled filter has no other use for the groups, which say the same.
    static var capabilitiesThatMatter: UInt64 {
        func bit(_ capability: ProfileCapability) -> UInt64 { 1 << UInt64(capability.rawValue) }
        let some =
            bit(.dacReadSearch) | bit(.sysModule) | bit(.sysRawio) | bit(.sysChroot) | bit(.sysPtrace) | bit(.sysPacct)
            | bit(.sysAdmin)
        return some | bit(.sysBoot) | bit(.sysNice) | bit(.sysTime) | bit(.sysTtyConfig) | bit(.syslog) | bit(.perfmon)
            | bit(.bpf)
    }

    /// Whether `kernel` meets the conditions on versions, as bits: kernels with the same bits get the same profile.
    static func kernelFeatures(_ kernel: KernelVersion) -> UInt64 {
        kernel >= kernelWithSafeTracing ? 1 : 0
    }

    /// Before 4.8, ptrace(2) could change a call after the filter had let it pass.
    static let kernelWithSafeTracing = KernelVersion(4, 8)
}

extension DefaultProfile {
    /// Calls with the same conditions, for the same purpose.
    struct Group {
        enum Condition {
            case always
            case granted(ProfileCapability)
            case withheld(ProfileCapability)
            case architectures([SeccompArchitecture])
            case kernel(KernelVersion)
        }

        var condition: Condition
        var action: SeccompAction
        var errno: UInt32?
        /// Any of them, where there are some.
        var arguments: [RuntimeSpec.Seccomp.Argument]
        /// Separated by white space.
        var names: String

        init(
            _ names: String, _ condition: Condition = .always, action: SeccompAction = .allow, errno: UInt32? = nil,
            arguments: [RuntimeSpec.Seccomp.Argument] = []
        ) {
            self.condition = condition
            self.action = action
            self.errno = errno
            self.arguments = arguments
            self.names = names
        }

        func applies(capabilities: UInt64, kernel: KernelVersion, on architecture: SeccompArchitecture) -> Bool {
            switch condition {
            case .always: true
            case .granted(let capability): capabilities & 1 << UInt64(capability.rawValue) != 0
            case .withheld(let capability): capabilities & 1 << UInt64(capability.rawValue) == 0
            case .architectures(let list): list.contains(architecture)
            case .kernel(let least): kernel >= least
            }
        }
    }
}
