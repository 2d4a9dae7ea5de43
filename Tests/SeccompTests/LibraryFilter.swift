import CSeccomp
import Glibc
import Linux
import OCI

@testable import Seccomp

/// The same profile compiled by libseccomp, in the steps that runc takes: the other opinion on every verdict.
struct LibraryFilter {
    struct Failed: Error, CustomStringConvertible {
        let what: String
        let errno: Errno

        var description: String { "\(what): \(errno)" }
    }

    let program: [UInt8]

    init(_ profile: RuntimeSpec.Seccomp, native: SeccompArchitecture = .native) throws {
        let defaultAction = Self.action(profile.defaultAction, profile.defaultErrnoRet)
        guard let context = seccomp_init(defaultAction) else { throw Failed(what: "seccomp_init", errno: .invalid) }
        defer { seccomp_release(context) }
        var wanted: [SeccompArchitecture] = [native]
        for name in profile.architectures ?? [] {
            let architecture = SeccompArchitecture(rawValue: name)!
            if !wanted.contains(architecture) { wanted.append(architecture) }
        }
        for architecture in wanted where architecture != .native {
            try Self.expect(seccomp_arch_add(context, architecture.libraryToken), "add \(architecture)")
        }
        if native != .native {
            try Self.expect(seccomp_arch_remove(context, SeccompArchitecture.native.libraryToken), "remove native")
        }
        try Self.expect(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimize")
        for rule in profile.syscalls ?? [] {
            let action = Self.action(rule.action, rule.errnoRet)
            if action == defaultAction { continue }
            for name in rule.names {
                let number = seccomp_syscall_resolve_name(name)
                if number == -1 { continue }
                for conditions in Self.conditions(rule.args ?? []) {
                    let result = conditions.withUnsafeBufferPointer {
                        seccomp_rule_add_array(context, action, number, UInt32($0.count), $0.baseAddress)
                    }
                    try Self.expect(result, "\(name) \(rule.action) \(rule.args ?? [])")
                }
            }
        }
        guard let stream = tmpfile() else { throw SystemError("tmpfile") }
        defer { fclose(stream) }
        try Self.expect(seccomp_export_bpf(context, fileno(stream)), "export")
        let file = try FileDescriptor(owning: check("dup") { dup(fileno(stream)) })
        lseek(file.rawValue, 0, SEEK_SET)
        program = try file.readAll()
    }

    private static func expect(_ result: CInt, _ what: String) throws {
        if result < 0 { throw Failed(what: what, errno: Errno(-result)) }
    }

    private static func action(_ word: String, _ number: UInt32?) -> UInt32 {
        SeccompAction(rawValue: word)!.result(number: number).rawValue
    }

    private static func conditions(_ arguments: [RuntimeSpec.Seccomp.Argument]) -> [[scmp_arg_cmp]] {
        let all = arguments.map { argument in
            scmp_arg_cmp(
                arg: argument.index, op: comparisons[argument.op]!, datum_a: argument.value,
                datum_b: argument.valueTwo ?? 0)
        }
        if Set(arguments.map(\.index)).count < arguments.count { return all.map { [$0] } }
        return [all]
    }

    private static var comparisons: [String: scmp_compare] {
        [
            "SCMP_CMP_NE": SCMP_CMP_NE, "SCMP_CMP_LT": SCMP_CMP_LT, "SCMP_CMP_LE": SCMP_CMP_LE,
            "SCMP_CMP_EQ": SCMP_CMP_EQ, "SCMP_CMP_GE": SCMP_CMP_GE, "SCMP_CMP_GT": SCMP_CMP_GT,
            "SCMP_CMP_MASKED_EQ": SCMP_CMP_MASKED_EQ,
        ]
    }
}
