package import Linux

/// What `system doctor` has found out about the machine and the caller: measured by `MachineFacts.probe`, invented by
/// tests.
package struct MachineFacts: Sendable {
    /// What came of trying something in a process of its own.
    package enum Outcome: Sendable, Equatable {
        case works
        case fails(Errno)
        /// What it needs was not there already.
        case untried

        var isFailure: Bool { if case .fails = self { true } else { false } }
    }

    /// Who installs packages here.
    package enum PackageManager: String, Sendable, CaseIterable { case apt = "apt-get", dnf, zypper, pacman, apk }

    /// Whether the caller needs no user namespace.
    package var isRoot = false
    package var userID: UInt32 = 1000
    /// The login name; nil for a user that `/etc/passwd` does not have.
    package var userName: String? = "user"
    package var packageManager: PackageManager?
    /// Our executable, for a profile that is about it.
    package var executable = "/usr/local/bin/apus"

    /// unshare(2) of a user namespace with one id.
    package var userNamespace = Outcome.works
    /// `user.max_user_namespaces`, `kernel.unprivileged_userns_clone` (Debian) and
    /// `kernel.apparmor_restrict_unprivileged_userns` (Ubuntu); nil where the kernel has no such parameter.
    package var maximumUserNamespaces: Int? = 15000
    package var unprivilegedClone: Int?
    package var appArmorRestriction: Int?
    /// How many ids `/etc/subuid` and `/etc/subgid` give to the caller.
    package var subordinateUsers: UInt64 = 65536
    package var subordinateGroups: UInt64 = 65536
    /// Where the helpers are; nil where they are not.
    package var uidHelper: String? = "/usr/bin/newuidmap"
    package var gidHelper: String? = "/usr/bin/newgidmap"
    /// Whether each is set-user-ID root or has a capability.
    package var uidHelperIsPrivileged = true
    package var gidHelperIsPrivileged = true
    /// A user namespace with the subordinate ids.
    package var mappedNamespace = Outcome.works

    /// A mount namespace and a tmpfs in it, an overlay of directories of the store, a procfs in a new pid namespace, and
    /// a network namespace with its loopback up.
    package var mount = Outcome.works
    package var overlay = Outcome.works
    package var procfs = Outcome.works
    package var networkNamespace = Outcome.works
    /// The newer mount interface (Linux 5.2) and mount_setattr(2) (Linux 5.12).
    package var mountTrees = Outcome.works
    package var mountAttributes = Outcome.works
    /// A filter loaded by seccomp(2).
    package var seccomp = Outcome.works

    /// `/dev/net/tun` opened, and the helpers there are.
    package var tunnelDevice = Outcome.works
    package var egressHelpers = ["slirp4netns"]
    /// Whether `net.ipv4.ping_group_range` has one of the caller's groups; nil without such a parameter.
    package var mayPing: Bool? = true

    /// Whether `/sys/fs/cgroup` is the one tree of version 2, a directory can be made in the own group, and which
    /// controllers may be used there.
    package var hasUnifiedCgroups = true
    package var ownCgroup = Outcome.works
    package var controllers: Set<String> = ["cpu", "cpuset", "io", "memory", "pids"]
    /// Whether systemd runs the machine, and whether it keeps the user's services after the last session.
    package var hasSystemd = true
    package var lingers = true

    /// `$XDG_RUNTIME_DIR`, if it is a directory of the caller's.
    package var runtimeDirectory: String? = "/run/user/1000"
    /// What is wrong with the store's directories; nil: nothing.
    package var storeProblem: String?

    package init() {}
}
