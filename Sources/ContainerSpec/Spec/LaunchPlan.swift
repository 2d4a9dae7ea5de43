import Bytes
package import Errors
package import Networking
package import OCI
package import Runtime

/// What is to be done for one container: the runtime's configuration, and what the supervisor does around it.
///
/// `spec.root.path` is empty, and `spec.process.user` is root until `apply(_:)` says who runs.
package struct LaunchPlan: Sendable {
    package var spec: RuntimeSpec
    /// Who runs, to be looked up in the container's own files.
    package var user: UserRequest
    /// Files that are made outside the container and bound into it; `spec.mounts` has the binds.
    package var files: [GeneratedFile]
    /// Directories that the root file system must have, from the outer to the inner.
    package var directories: [String]
    package var network: NetworkPlan
    /// Which system calls are let through; the filter is not in `spec`.
    package var seccomp: SecurityOptions.Seccomp
    /// Whether a small init of our own is to be process 1.
    package var usesInit: Bool
    /// The signal's number.
    package var stopSignal: Int32
    /// In seconds; negative: wait without end.
    package var stopTimeout: Int
    /// The name that the container has.
    package var hostname: String
    /// Its names as they are in `/etc/hosts` behind an address, which a bridged container has when it starts.
    package var ownNames: String
    /// One sentence for each thing that is not quite as asked.
    package var warnings: [String]
    /// Whether `apply(_:)` has set `HOME`, which is another for another user then.
    package private(set) var hasHomeOfUser = false
    /// The check of the container's health; nil for none.
    package var healthCheck: HealthCheck?
    /// What is to be the container's user's before it starts, by the way of its mounts.
    package var ownedSources: [OwnedSource] = []
    /// Whether a mount shows other owners than its files have.
    package var mapsMounts = false
    /// Whom `--userns=keep-id` keeps; nil without it.
    package var keptAccount: KeptAccount?

    /// A file or directory outside of the container all of which becomes the container's user's (podman's `U`).
    package struct OwnedSource: Sendable, Hashable {
        /// Its path, or that of the volume that it is in.
        package let path: String
        /// The part of the volume; nil for all.
        package var subpath: String?
        /// Whether what is mounted below it is changed as well.
        package var crossesMounts = true

        /// The caller's home, by the names that it has: it is never changed as a whole.
        package let homes: [String]

        /// All that is at `path`.
        package init(path: String, homes: [String]) {
            self.path = path
            self.homes = homes
        }
    }

    /// The caller's account, with its numbers in the container.
    package struct KeptAccount: Sendable, Hashable {
        package let user: String
        package let group: String
        package let uid: UInt32
        package let gid: UInt32
    }

    /// How the network namespace, if it is the container's own, is connected.
    package enum NetworkPlan: Sendable, Equatable {
        /// The host's namespace.
        case host
        /// Loopback alone.
        case loopback
        case egress(EgressHelper)
        /// On bridges; what is on them is known when the container starts.
        case bridged
        /// Somebody else's namespace, behind a path; an empty one is that of a container that does not run.
        case joined(path: String)
    }

    /// A file of `/etc` that the engine writes.
    package struct GeneratedFile: Sendable, Hashable {
        /// Its name in the directory that the builder was given.
        package let name: String
        /// Where it is in the container.
        package let destination: String
        package let content: String

        /// A file to write.
        package init(
            name: String, destination: String, content: String
        ) {
            self.name = name
            self.destination = destination
            self.content = content
        }
    }

    /// A user by the words of `--user`, and the groups of `--group-add`.
    package struct UserRequest: Sendable, Hashable {
        /// `name|uid[:group|gid]`; empty: root.
        package let user: String
        package let additionalGroups: [String]
        /// Whether the caller's own further groups stay, and no others are set (`--group-add keep-groups`).
        package let keepsGroups: Bool

        /// A user by the words of the flags.
        package init(user: String, additionalGroups: [String], keepsGroups: Bool = false) {
            self.user = user
            self.additionalGroups = additionalGroups
            self.keepsGroups = keepsGroups
        }
    }
}

extension LaunchPlan {
    /// Whether the container's processes are among others' (`--pid=host`).
    package var sharesProcesses: Bool {
        for namespace in spec.linux?.namespaces ?? [] where namespace.type == .pid { return false }
        return true
    }

    /// What has to be there in the root file system itself: the destinations of mounts that are not inside of another
    /// mount, the working directory, and where devices go.
    package var mountPoints: [String] {
        let mounts = (spec.mounts ?? []).map(\.destination)
        func isCovered(_ path: String) -> Bool { mounts.contains { Self.isBelow($0, path) } }
        var list = mounts
        if let directory = spec.process?.cwd { list.append(directory) }
        for device in spec.linux?.devices ?? [] where !mounts.contains(device.path) { list.append(device.path) }
        return list.filter { $0 != "/" && !isCovered($0) }
    }

    // Whether `path` is inside of `directory`, both absolute.
    private static func isBelow(_ directory: String, _ path: String) -> Bool {
        guard path.utf8.count > directory.utf8.count, path.begins(with: directory) else { return false }
        return directory.isSame(as: "/") || path.dropping(directory.utf8.count).begins(with: "/")
    }
}

extension LaunchPlan {
    /// Fills in who runs: ids, groups, and `HOME` unless the environment has one. `mode` and `map` are the container's
    /// user namespace, to say in a sentence when an id is none of it. Throws `OptionError`.
    package mutating func apply(
        _ user: ResolvedUser, mode: UserNamespace.Mode, map: IDMap? = nil
    ) throws(OptionError) {
        var groups = self.user.keepsGroups ? [] : user.additionalGids
        let ids = user.uid == 0 && user.gid == 0 ? "root" : "user \(user.uid):\(user.gid)"
        if mode == .single {
            guard self.user.additionalGroups.isEmpty else {
                throw OptionError(
                    "--group-add cannot be honoured: only one id is available; install newuidmap (package uidmap) and "
                        + "have an administrator add you to /etc/subuid and /etc/subgid")
            }
            // setgroups(2) is denied in such a namespace, and there is no other group to have.
            groups = []
        }
        if let map {
            for gid in [user.gid] + groups where !map.containsGroup(gid) {
                throw OptionError("cannot run as \(ids): group \(gid) is beyond the ids of /etc/subgid")
            }
            guard map.containsUser(user.uid) else {
                throw OptionError("cannot run as \(ids): the user is beyond the ids of /etc/subuid")
            }
        }
        spec.process?.user = OCI.RuntimeSpec.User(
            uid: user.uid, gid: user.gid, additionalGids: groups.isEmpty ? nil : groups)
        let environment = spec.process?.env ?? []
        if !environment.contains(where: { $0.begins(with: "HOME=") }) {
            spec.process?.env = environment + ["HOME=\(user.home)"]
            hasHomeOfUser = true
        }
    }
}
