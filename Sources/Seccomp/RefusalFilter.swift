import OCI

/// Filters that let everything pass but some system calls, to see how a program does without them: on an old kernel
/// (ENOSYS), or below another engine's filter (EPERM).
package enum RefusalFilter {
    /// A filter that fails each call of `refusals` (name: errno) on all architectures of this machine. Throws
    /// `SeccompError.unknownCall` for a name that none of them has.
    package static func program(_ refusals: [String: UInt32]) throws(SeccompError) -> SeccompProgram {
        let family = SeccompArchitecture.native.family
        for name in refusals.keys.sorted() where !family.contains(where: { SyscallTable.has(name, on: $0) }) {
            throw .unknownCall(name)
        }
        var profile = RuntimeSpec.Seccomp(defaultAction: SeccompAction.allow.rawValue)
        profile.architectures = family.map(\.rawValue)
        profile.flags = []
        profile.syscalls = refusals.sorted { $0.key < $1.key }.map { name, errno in
            RuntimeSpec.Seccomp.Rule(names: [name], action: SeccompAction.errno.rawValue, errnoRet: errno)
        }
        return try SeccompCompiler.program(for: profile)
    }
}
