import Bytes
package import Linux

/// Why a user namespace could not be entered.
package enum UserNamespaceError: Error, CustomStringConvertible {
    /// The kernel refuses new user namespaces.
    case forbidden(SystemError)
    /// newuidmap(1) or newgidmap(1) refused the map.
    case mapRefused(helper: String, ExitStatus)
    case failed(SystemError)

    package var description: String {
        switch self {
        case .forbidden(let error):
            "this kernel does not let this user create a user namespace (\(error)): \(Self.remedy)"
        case .mapRefused(let helper, let status):
            "\(helper) refused the id map (exit code \(status.shellCode)): "
                + "check that the ranges in /etc/subuid and /etc/subgid are yours and do not overlap"
        case .failed(let error): "cannot enter a user namespace: \(error)"
        }
    }

    // By what the kernel's parameters say now; where they allow it, something else forbids.
    private static var remedy: String {
        func value(_ name: String) -> String? {
            (try? Files.readText("/proc/sys/\(name)", limit: 64))?.split(on: "\n").first.map(String.init)
        }
        if value("user/max_user_namespaces") == "0" {
            return "an administrator can allow it with 'sysctl user.max_user_namespaces=15000'"
        }
        if value("kernel/unprivileged_userns_clone") == "0" {
            return "an administrator can allow it with 'sysctl kernel.unprivileged_userns_clone=1'"
        }
        if value("kernel/apparmor_restrict_unprivileged_userns") == "1" {
            return "an administrator can allow it with the AppArmor profile that 'apus system doctor' prints"
        }
        return "in another container its filter of system calls does not; start that one with "
            + "--security-opt seccomp=unconfined ('apus system doctor' says more)"
    }
}
