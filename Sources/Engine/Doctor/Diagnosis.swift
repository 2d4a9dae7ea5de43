import Linux
import Supervision

/// One thing that `system doctor` has looked at.
package struct Diagnosis: Sendable, Equatable {
    /// How it is with it.
    package enum Verdict: String, Sendable {
        /// As it should be.
        case works
        /// Containers run, but not with all that they could have.
        case limited
        /// No container runs.
        case broken
    }

    /// A short name that stays the same.
    package let name: String
    package let verdict: Verdict
    /// One sentence: what is there, or what is missing and what that means.
    package let finding: String
    /// The commands that help, in their order; empty where none does.
    package let remedy: [String]

    init(_ name: String, _ verdict: Verdict, _ finding: String, _ remedy: [String] = []) {
        self.name = name
        self.verdict = verdict
        self.finding = finding
        self.remedy = remedy
    }
}

extension MachineFacts {
    /// All verdicts, in the order in which a start needs what they are about.
    package var diagnoses: [Diagnosis] {
        [
            store, userNamespaces, subordinateIDs, mounts, procfs_, overlays, mountInterface, seccompFilters,
            networkNamespaces, egress, ping, controlGroups, lingering, runtimeFiles,
        ].compactMap { $0 }
    }

    /// Whether a container can be run.
    package var canRun: Bool { !diagnoses.contains { $0.verdict == .broken } }

    private var user: String { userName ?? String(userID) }

    private func install(_ apt: String, _ other: String) -> [String] {
        switch packageManager {
        case .apt: ["sudo apt-get install \(apt)"]
        case .dnf: ["sudo dnf install \(other)"]
        case .zypper: ["sudo zypper install \(other)"]
        case .pacman: ["sudo pacman -S \(other)"]
        case .apk: ["sudo apk add \(other)"]
        case nil: []
        }
    }

    private func setParameter(_ name: String, _ value: String) -> [String] {
        ["echo '\(name)=\(value)' | sudo tee -a /etc/sysctl.d/90-apus.conf && sudo sysctl --system"]
    }

    private var store: Diagnosis {
        if let storeProblem { return Diagnosis("store", .broken, storeProblem) }
        return Diagnosis("store", .works, "images and containers have a place to be")
    }

    // MARK: user namespaces

    private var appArmorProfile: [String] {
        [
            "printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile apus \(executable) flags=(unconfined) {\\n  userns,\\n}\\n'"
                + " | sudo tee /etc/apparmor.d/apus && sudo apparmor_parser -r /etc/apparmor.d/apus"
        ]
    }

    private var isRestrictedByAppArmor: Bool { appArmorRestriction.map { $0 > 0 } ?? false }

    private var userNamespaces: Diagnosis? {
        let name = "user namespaces"
        if isRoot { return Diagnosis(name, .works, "root needs none") }
        if case .fails(let errno) = userNamespace {
            if maximumUserNamespaces == 0 {
                return Diagnosis(
                    name, .broken, "user.max_user_namespaces is 0, so nobody can make a user namespace (\(errno))",
                    setParameter("user.max_user_namespaces", "15000"))
            }
            if unprivilegedClone == 0 {
                return Diagnosis(
                    name, .broken,
                    "kernel.unprivileged_userns_clone is 0, so only root can make a user namespace (\(errno))",
                    setParameter("kernel.unprivileged_userns_clone", "1"))
            }
            if isRestrictedByAppArmor { return Diagnosis(name, .broken, restricted, appArmorProfile) }
            if errno == .noSpace {
                return Diagnosis(
                    name, .broken,
                    "no more user namespaces can be made: user.max_user_namespaces (\(maximumUserNamespaces ?? 0)) or the "
                        + "32 levels of nesting are reached", setParameter("user.max_user_namespaces", "15000"))
            }
            return Diagnosis(
                name, .broken,
                "the kernel refuses a user namespace (\(errno)): inside of another container its seccomp filter does; start "
                    + "that one with --security-opt seccomp=unconfined")
        }
        // Ubuntu makes them, and lets nothing be done in them.
        if isRestrictedByAppArmor, mount.isFailure || mappedNamespace.isFailure {
            return Diagnosis(name, .broken, restricted, appArmorProfile)
        }
        return Diagnosis(name, .works, "an ordinary user can make them")
    }

    private var restricted: String {
        "kernel.apparmor_restrict_unprivileged_userns is 1, and there is no AppArmor profile that allows user "
            + "namespaces to \(executable)"
    }

    private var subordinateIDs: Diagnosis? {
        let name = "subordinate ids"
        if isRoot { return nil }
        let meaning = OneUser.limits
        if uidHelper == nil || gidHelper == nil {
            let missing = uidHelper == nil ? "newuidmap" : "newgidmap"
            return Diagnosis(
                name, .limited, "\(missing) is not installed: \(meaning)", install("uidmap", "shadow-utils"))
        }
        if subordinateUsers == 0 || subordinateGroups == 0 {
            let file = subordinateUsers == 0 ? "/etc/subuid" : "/etc/subgid"
            var flags: [String] = []
            if subordinateUsers == 0 { flags.append("--add-subuids 100000-165535") }
            if subordinateGroups == 0 { flags.append("--add-subgids 100000-165535") }
            return Diagnosis(
                name, .limited, "\(file) has no line for \(user): \(meaning)",
                ["sudo usermod \(flags.joined(separator: " ")) \(user)"])
        }
        if case .fails(let errno) = mappedNamespace, !userNamespace.isFailure {
            for (helper, isPrivileged, capability) in [
                (uidHelper!, uidHelperIsPrivileged, "cap_setuid"), (gidHelper!, gidHelperIsPrivileged, "cap_setgid"),
            ] where !isPrivileged {
                return Diagnosis(
                    name, .broken, "\(helper) has neither the set-user-ID bit nor \(capability), so it cannot map ids",
                    ["sudo setcap \(capability)+ep \(helper)"])
            }
            if isRestrictedByAppArmor { return nil }
            return Diagnosis(
                name, .broken,
                "\(uidHelper!) or \(gidHelper!) refuses the ids of \(user) (\(errno)): no_new_privs or a mount with nosuid "
                    + "takes their privilege away, or the ranges in /etc/subuid and /etc/subgid overlap")
        }
        if min(subordinateUsers, subordinateGroups) < 65536 {
            return Diagnosis(
                name, .limited,
                "\(user) has \(min(subordinateUsers, subordinateGroups)) subordinate ids, and images use 65536",
                ["sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \(user)"])
        }
        return Diagnosis(name, .works, "\(user) has \(min(subordinateUsers, subordinateGroups)) of them")
    }

    // MARK: file systems

    private var mounts: Diagnosis {
        guard case .fails(let errno) = mount else {
            return Diagnosis("mounts", .works, "containers can have mounts of their own")
        }
        return Diagnosis(
            "mounts", .broken,
            isRoot
                ? "this root may not mount (\(errno)): it is one of a container, which has to be started with "
                    + "--cap-add SYS_ADMIN and without its seccomp filter and AppArmor profile"
                : "a user namespace may not mount here (\(errno)): a filter of an outer container or a security module "
                    + "refuses it")
    }

    private var procfs_: Diagnosis? {
        guard case .fails(let errno) = procfs else {
            return Diagnosis("proc", .works, "containers can have a /proc of their own")
        }
        if mount.isFailure { return nil }
        return Diagnosis(
            "proc", .limited,
            "the kernel refuses a new /proc (\(errno)), because parts of this machine's own are covered: only containers "
                + "with --pid=host run; start the outer container with --security-opt unmask=ALL "
                + "(Docker: systempaths=unconfined)")
    }

    private var overlays: Diagnosis? {
        if case .fails(let errno) = overlay, !mount.isFailure {
            return Diagnosis(
                "overlay", .limited,
                "no overlay can be mounted on the store's directories (\(errno)): each container gets a copy of its image, "
                    + "which takes time and space, unless fuse-overlayfs is installed and /dev/fuse opens; a store on ext4, XFS or Btrfs with Linux 5.11 or later has overlays"
            )
        }
        if mount.isFailure { return nil }
        return Diagnosis("overlay", .works, "containers share the layers of their images")
    }

    private var mountInterface: Diagnosis? {
        if mount.isFailure { return nil }
        if mountTrees.isFailure {
            return Diagnosis(
                "mount interface", .limited,
                "open_tree(2) and its kin are missing or refused: starts go a slower way, and --userns=auto and nomap do not work"
            )
        }
        if mountAttributes.isFailure {
            return Diagnosis(
                "mount interface", .limited,
                "mount_setattr(2) is missing (Linux 5.12) or refused: mounts are changed one by one")
        }
        return Diagnosis("mount interface", .works, "the kernel has the newer calls for mounts")
    }

    private var seccompFilters: Diagnosis {
        guard case .fails(let errno) = seccomp else {
            return Diagnosis("seccomp", .works, "the system calls of containers are filtered")
        }
        return Diagnosis(
            "seccomp", .broken,
            "no filter of system calls can be loaded (\(errno)): containers run only with --security-opt seccomp=unconfined"
        )
    }

    // MARK: networks

    private var networkNamespaces: Diagnosis {
        guard case .fails(let errno) = networkNamespace else {
            return Diagnosis("network namespaces", .works, "containers can have networks of their own")
        }
        return Diagnosis(
            "network namespaces", .limited,
            "the kernel refuses a network namespace (\(errno)): containers run only with --network=host")
    }

    private var egress: Diagnosis {
        let name = "way out of networks"
        if case .fails(let errno) = tunnelDevice {
            return Diagnosis(
                name, .limited,
                "/dev/net/tun cannot be opened (\(errno)): containers have loopback alone, or the host's network with "
                    + "--network=host; inside of another container, start that one with --device /dev/net/tun",
                ["sudo modprobe tun"])
        }
        if egressHelpers.isEmpty {
            return Diagnosis(
                name, .limited,
                "neither slirp4netns nor pasta is installed: containers have loopback alone, or the host's network with "
                    + "--network=host", install("slirp4netns", "slirp4netns"))
        }
        return Diagnosis(name, .works, "by \(egressHelpers.joined(separator: " or "))")
    }

    private var ping: Diagnosis? {
        guard let mayPing, !isRoot else { return nil }
        if mayPing { return Diagnosis("ping", .works, "containers can ping other machines") }
        return Diagnosis(
            "ping", .limited,
            "net.ipv4.ping_group_range has no group of \(user): containers cannot ping other machines",
            setParameter("net.ipv4.ping_group_range", "0 2147483647"))
    }

    // MARK: control groups and sessions

    private var controlGroups: Diagnosis {
        let name = "control groups"
        guard hasUnifiedCgroups else {
            return Diagnosis(
                name, .limited,
                "/sys/fs/cgroup is not the tree of version 2: limits (--memory, --cpus, --pids-limit) are refused",
                hasSystemd
                    ? [
                        "sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&systemd.unified_cgroup_hierarchy=1 /' /etc/default/grub "
                            + "&& sudo update-grub && sudo reboot"
                    ] : [])
        }
        if case .fails(let errno) = ownCgroup {
            return Diagnosis(
                name, .limited,
                "no group can be made in the own one (\(errno)): limits (--memory, --cpus, --pids-limit) are refused"
                    + (hasSystemd ? "; in a login session systemd gives one" : ""))
        }
        let missing = Set(["cpu", "cpuset", "io", "memory", "pids"]).subtracting(controllers).sorted()
        if missing.isEmpty { return Diagnosis(name, .works, "limits can be set") }
        return Diagnosis(
            name, .limited,
            "the controllers \(missing.joined(separator: ", ")) are not delegated: limits that need them are refused",
            hasSystemd && !isRoot
                ? [
                    "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory "
                        + "pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl "
                        + "daemon-reload && sudo systemctl restart user@\(userID).service"
                ] : [])
    }

    private var lingering: Diagnosis? {
        guard hasSystemd, !isRoot else { return nil }
        if lingers { return Diagnosis("lingering", .works, "containers survive the last logout of \(user)") }
        return Diagnosis(
            "lingering", .limited, "systemd may end the containers of \(user) at the last logout",
            ["sudo loginctl enable-linger \(user)"])
    }

    private var runtimeFiles: Diagnosis? {
        if isRoot { return nil }
        if let runtimeDirectory {
            return Diagnosis("runtime directory", .works, "the state of containers is in \(runtimeDirectory)")
        }
        return Diagnosis(
            "runtime directory", .limited,
            "XDG_RUNTIME_DIR names no directory of \(user): the state of containers is in /tmp/apus-\(userID), which "
                + "cleaners of /tmp may remove",
            hasSystemd ? ["sudo loginctl enable-linger \(user) && export XDG_RUNTIME_DIR=/run/user/\(userID)"] : [])
    }
}
