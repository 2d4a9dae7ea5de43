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
            "this kernel does not let an ordinary user create a user namespace (\(error)): "
                + "an administrator can allow it with 'sysctl user.max_user_namespaces=15000', "
                + "'sysctl kernel.unprivileged_userns_clone=1' (Debian) or "
                + "'sysctl kernel.apparmor_restrict_unprivileged_userns=0' (Ubuntu)"
        case .mapRefused(let helper, let status):
            "\(helper) refused the id map (exit code \(status.shellCode)): "
                + "check that the ranges in /etc/subuid and /etc/subgid are yours and do not overlap"
        case .failed(let error): "cannot enter a user namespace: \(error)"
        }
    }
}
