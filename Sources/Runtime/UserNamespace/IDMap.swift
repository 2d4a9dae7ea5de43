import Bytes
package import Linux
package import OCI

/// Which numbers of the host a user namespace shows as which of its own (user_namespaces(7)).
package struct IDMap: Hashable, Sendable {
    package var users: [RuntimeSpec.IDMapping]
    package var groups: [RuntimeSpec.IDMapping]

    package init(users: [RuntimeSpec.IDMapping], groups: [RuntimeSpec.IDMapping]) {
        self.users = users
        self.groups = groups
    }

    /// Root alone: 0 inside is `user` and `group` outside.
    package static func single(user: UInt32, group: UInt32) -> IDMap {
        IDMap(
            users: [.init(containerID: 0, hostID: user, size: 1)],
            groups: [.init(containerID: 0, hostID: group, size: 1)])
    }

    /// Root is `user` and `group`; 1 and up are the subordinate ranges, one after the other.
    package static func subordinate(
        user: UInt32, group: UInt32, userRanges: [SubordinateRange], groupRanges: [SubordinateRange]
    ) -> IDMap {
        func mappings(_ own: UInt32, _ ranges: [SubordinateRange]) -> [RuntimeSpec.IDMapping] {
            var list = [RuntimeSpec.IDMapping(containerID: 0, hostID: own, size: 1)]
            var next: UInt32 = 1
            for range in ranges {
                let size = min(range.count, UInt32.max - next)
                guard size > 0 else { continue }
                list.append(.init(containerID: next, hostID: range.first, size: size))
                next += size
            }
            return list
        }
        return IDMap(users: mappings(user, userRanges), groups: mappings(group, groupRanges))
    }

    /// The ids of the namespace that the calling process is in: their numbers in it, and outside of it. Throws `SystemError`.
    package static func ofOwnNamespace() throws(SystemError) -> IDMap {
        func mappings(_ file: String) throws(SystemError) -> [RuntimeSpec.IDMapping] {
            let text = try Files.readText(file, limit: 1 << 16)
            return text.split(on: "\n").compactMap { line in
                let numbers = line.split(on: " ").compactMap { UInt32($0) }
                return numbers.count == 3
                    ? .init(containerID: numbers[0], hostID: numbers[1], size: numbers[2]) : nil
            }
        }
        return IDMap(users: try mappings("/proc/self/uid_map"), groups: try mappings("/proc/self/gid_map"))
    }

    /// The same map in pieces none of which has ids of two pieces of `outer`, whose inner numbers are the outer ones here: the
    /// kernel wants each within one piece of the map of the namespace above (user_namespaces(7)).
    package func split(along outer: IDMap) -> IDMap {
        IDMap(users: Self.split(users, along: outer.users), groups: Self.split(groups, along: outer.groups))
    }

    private static func split(
        _ mappings: [RuntimeSpec.IDMapping], along outer: [RuntimeSpec.IDMapping]
    ) -> [RuntimeSpec.IDMapping] {
        var pieces: [RuntimeSpec.IDMapping] = []
        for mapping in mappings {
            var rest = mapping
            // Where a piece begins another ends, or nothing is mapped.
            for start in outer.map(\.containerID).sorted() where start > rest.hostID && start - rest.hostID < rest.size
            {
                let count = start - rest.hostID
                pieces.append(.init(containerID: rest.containerID, hostID: rest.hostID, size: count))
                rest = .init(containerID: rest.containerID + count, hostID: start, size: rest.size - count)
            }
            pieces.append(rest)
        }
        return pieces
    }

    /// The number outside of the user `id` inside; nil where there is none.
    package func outerUser(_ id: UInt32) -> UInt32? { Self.outer(users, id) }
    /// The number outside of the group `id` inside; nil where there is none.
    package func outerGroup(_ id: UInt32) -> UInt32? { Self.outer(groups, id) }

    private static func outer(_ mappings: [RuntimeSpec.IDMapping], _ id: UInt32) -> UInt32? {
        for mapping in mappings where id >= mapping.containerID && id - mapping.containerID < mapping.size {
            let (outside, overflows) = mapping.hostID.addingReportingOverflow(id - mapping.containerID)
            return overflows ? nil : outside
        }
        return nil
    }

    /// Whether `id` is a user inside.
    package func containsUser(_ id: UInt32) -> Bool { Self.contains(users, id) }
    /// Whether `id` is a group inside.
    package func containsGroup(_ id: UInt32) -> Bool { Self.contains(groups, id) }

    private static func contains(_ mappings: [RuntimeSpec.IDMapping], _ id: UInt32) -> Bool {
        mappings.contains { id >= $0.containerID && UInt64(id) < UInt64($0.containerID) + UInt64($0.size) }
    }

    /// The map as the kernel takes it in `/proc/PID/uid_map`: one "inside outside count" a line.
    static func text(_ mappings: [RuntimeSpec.IDMapping]) -> String {
        var text = ""
        for mapping in mappings { text += "\(mapping.containerID) \(mapping.hostID) \(mapping.size)\n" }
        return text
    }
}

/// A range of `/etc/subuid` or `/etc/subgid` (subuid(5)).
package struct SubordinateRange: Hashable, Sendable {
    package let first: UInt32
    package let count: UInt32

    package init(first: UInt32, count: UInt32) {
        self.first = first
        self.count = count
    }

    /// The ranges of a user, by name or by number, in a file's content; malformed lines are passed over, as
    /// newuidmap(1) does.
    package static func ranges(in content: [UInt8], name: String?, uid: UInt32) -> [SubordinateRange] {
        let number = Array(String(uid).utf8)
        let name = name.map { Array($0.utf8) }
        var ranges: [SubordinateRange] = []
        var file = AccountFile(content)
        while let entry = file.next() {
            guard entry.count == 3, let first = entry.number(1), let count = entry.number(2), count > 0 else {
                continue
            }
            if entry.has(number, in: 0) || name.map({ entry.has($0, in: 0) }) ?? false {
                ranges.append(SubordinateRange(first: first, count: count))
            }
        }
        return ranges
    }
}
