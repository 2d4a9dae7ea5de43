import Errors
import Linux
import OCI
import Runtime

/// The map of a container with a user namespace of its own (`--userns=keep-id|auto|nomap`, `--uidmap`), with podman's meaning of
/// each. The namespace is one below that of the user's other containers (as root: below the host's), whose numbers are
/// the outer ones here: there 0 is the caller, and 1 and up are the subordinate ids.
package struct OwnIDMap {
    /// What the caller has to give.
    struct Caller: Sendable {
        var mode: UserNamespace.Mode
        var user: UInt32
        var group: UInt32
        /// How many ids the shared namespace has, the caller's own included. Of no meaning as root.
        var users: UInt32
        var groups: UInt32
        /// The ids of the namespace that the container's is below, by their numbers there and outside of it.
        var map: IDMap
        /// As root: the ranges of the user `containers` in /etc/subuid and /etc/subgid.
        var rootRanges: [SubordinateRange] = []

        /// The facts of a caller who will be in `mode` with `map`.
        init(mode: UserNamespace.Mode, user: UInt32, group: UInt32, map: IDMap?) {
            self.mode = mode
            self.user = user
            self.group = group
            users = map?.users.map { $0.containerID + $0.size }.max() ?? 0
            groups = map?.groups.map { $0.containerID + $0.size }.max() ?? 0
            self.map = map ?? IDMap(users: [], groups: [])
        }
    }

    /// The map of `--userns=keep-id` and `nomap`, and that of `--uidmap`. Throws `OptionError` where it cannot be.
    static func fixed(_ mode: UserNamespaceMode, _ caller: Caller) throws(OptionError) -> IDMap {
        if case .maps(let users, let groups) = mode { return try given(users: users, groups: groups, caller) }
        if caller.mode == .host {
            throw .refused(
                "--userns=\(mode.option)", "it is about an ordinary user, and you are root; use --userns=auto, or none")
        }
        try requireIDs("--userns=\(mode.option)", caller)
        switch mode {
        case .keepID(let user, let group):
            return IDMap(
                users: keeping(user ?? caller.user, of: caller.users),
                groups: keeping(group ?? caller.group, of: caller.groups))
        default:
            return IDMap(
                users: [.init(containerID: 0, hostID: 1, size: caller.users - 1)],
                groups: [.init(containerID: 0, hostID: 1, size: caller.groups - 1)])
        }
    }

    static func requireIDs(_ flag: String, _ caller: Caller) throws(OptionError) {
        guard caller.mode == .mapped, caller.users > 1, caller.groups > 1 else {
            throw .refused(
                flag,
                "only one id is available; install newuidmap (package uidmap) and have an administrator add you to "
                    + "/etc/subuid and /etc/subgid")
        }
    }

    // The caller, 0 outside, is `kept` inside; the subordinate ids go around it, root being the first of them.
    private static func keeping(_ kept: UInt32, of count: UInt32) -> [RuntimeSpec.IDMapping] {
        var list: [RuntimeSpec.IDMapping] = []
        let below = min(kept, count - 1)
        if below > 0 { list.append(.init(containerID: 0, hostID: 1, size: below)) }
        list.append(.init(containerID: kept, hostID: 0, size: 1))
        let above = count - 1 - below
        if above > 0 { list.append(.init(containerID: kept + 1, hostID: below + 1, size: above)) }
        return list
    }

    /// Where the ranges of `--userns=auto` are taken from: outer numbers.
    static func pool(_ mode: UserNamespaceMode, _ caller: Caller) throws(OptionError) -> [SubordinateRange] {
        if caller.mode == .host {
            if caller.rootRanges.isEmpty {
                throw .refused(
                    "--userns=\(mode.option)",
                    "/etc/subuid and /etc/subgid have no ids for root's containers; add the line "
                        + "'containers:2147483647:2147483648' to both")
            }
            return caller.rootRanges
        }
        try requireIDs("--userns=\(mode.option)", caller)
        return [SubordinateRange(first: 1, count: min(caller.users, caller.groups) - 1)]
    }

    /// The first `size` numbers of `pool` that are not in `taken`; nil where no run of them is free.
    static func free(_ size: UInt32, in pool: [SubordinateRange], taken: [SubordinateRange]) -> UInt32? {
        for range in pool {
            var first = UInt64(range.first)
            let end = UInt64(range.first) + UInt64(range.count)
            search: while first + UInt64(size) <= end {
                for other in taken {
                    let otherEnd = UInt64(other.first) + UInt64(other.count)
                    if UInt64(other.first) < first + UInt64(size), otherEnd > first {
                        first = otherEnd
                        continue search
                    }
                }
                return UInt32(first)
            }
        }
        return nil
    }

    /// How many ids an image needs that has these files of accounts: the highest number and all below it, `nobody`
    /// not counted; 1024 at least.
    static func size(passwd: [UInt8], group: [UInt8], user: UInt32) -> UInt32 {
        var highest = max(1023, user)
        for (content, isPasswd) in [(passwd, true), (group, false)] {
            var file = AccountFile(content)
            while let entry = file.next() {
                guard let id = entry.number(2), id < 65534 else { continue }
                highest = max(highest, id)
                if isPasswd, let group = entry.number(3), group < 65534 { highest = max(highest, group) }
            }
        }
        return highest + 1
    }
}
