import Errors
import OCI
import Runtime

/// The maps of `--uidmap` and `--gidmap`, which say themselves what every id is, with podman's meaning of them.
extension OwnIDMap {
    // As many lines as a map of the kernel's can have since Linux 4.15 (user_namespaces(7)).
    private static let limit = 340

    /// The map that `users` and `groups` make; one of them that is empty is as the other, and one whose mappings are all of
    /// the other sort has all ids that there are. Throws `OptionError` where the kernel would refuse it.
    static func given(
        users: [IDMapOption], groups: [IDMapOption], _ caller: Caller
    ) throws(OptionError) -> IDMap {
        if caller.mode != .host { try requireIDs("--uidmap", caller) }
        let ofUsers = (users.isEmpty ? groups : users).filter { $0.isOfUsers && $0.count > 0 }
        let ofGroups = (groups.isEmpty ? users : groups).filter { $0.isOfGroups && $0.count > 0 }
        return IDMap(
            users: try side("uidmap", ofUsers, caller.map.users, caller.mode == .host),
            groups: try side("gidmap", ofGroups, caller.map.groups, caller.mode == .host))
    }

    private static func side(
        _ flag: String, _ options: [IDMapOption], _ available: [RuntimeSpec.IDMapping], _ isRoot: Bool
    ) throws(OptionError) -> [RuntimeSpec.IDMapping] {
        if options.isEmpty, isRoot {
            throw OptionError("--\(flag) is needed as well: no mapping says which \(flag.prefix(3))s the container has")
        }
        var pieces: [Piece] = []
        var fills = options.isEmpty
        for option in options {
            guard option.end <= 1 << 32 - 1, UInt64(option.outerID) + UInt64(option.count) <= 1 << 32 - 1 else {
                throw OptionError("--\(flag)=\(option.description) goes beyond the last id, 4294967294")
            }
            let parts = try parts(of: option, flag, available)
            if option.isExtension, pieces.isEmpty, !isRoot { fills = true }
            for part in parts {
                if option.isExtension { pieces = pieces.flatMap { $0.without(part) } }
                pieces.append(part)
            }
        }
        if fills { pieces = filled(pieces, from: available) }
        pieces = merged(pieces)
        try check(pieces, flag, available)
        return pieces.map { .init(containerID: UInt32($0.inside), hostID: UInt32($0.outside), size: UInt32($0.count)) }
    }

    // What an option means in the numbers that the map is made of: the host's are translated.
    private static func parts(
        of option: IDMapOption, _ flag: String, _ available: [RuntimeSpec.IDMapping]
    ) throws(OptionError) -> [Piece] {
        let whole = Piece(
            inside: UInt64(option.containerID), outside: UInt64(option.outerID), count: UInt64(option.count))
        if !option.isHostID { return [whole] }
        var parts: [Piece] = []
        for range in available {
            let start = max(whole.outside, UInt64(range.hostID))
            let end = min(whole.outside + whole.count, UInt64(range.hostID) + UInt64(range.size))
            guard start < end else { continue }
            parts.append(
                Piece(
                    inside: whole.inside + (start - whole.outside),
                    outside: UInt64(range.containerID) + (start - UInt64(range.hostID)), count: end - start))
        }
        guard parts.reduce(0, { $0 + $1.count }) == whole.count else {
            throw OptionError(
                "--\(flag)=\(option.description): not all of these ids of the host are yours; "
                    + "/etc/sub\(flag.prefix(3)) says which are")
        }
        return parts
    }

    // What is left of `available` goes to the numbers that are left in the container, from 0 on.
    private static func filled(_ pieces: [Piece], from available: [RuntimeSpec.IDMapping]) -> [Piece] {
        var free = available.map { Piece(inside: 0, outside: UInt64($0.containerID), count: UInt64($0.size)) }
        for piece in pieces { free = free.flatMap { $0.withoutOutside(of: piece) } }
        free.sort { $0.outside > $1.outside }
        var all: [Piece] = []
        var next: UInt64 = 0
        func fill(upTo end: UInt64) {
            while next < end, let range = free.popLast() {
                let count = min(range.count, end - next)
                all.append(Piece(inside: next, outside: range.outside, count: count))
                next += count
                if count < range.count {
                    free.append(Piece(inside: 0, outside: range.outside + count, count: range.count - count))
                }
            }
        }
        for piece in pieces.sorted(by: { $0.inside < $1.inside }) {
            fill(upTo: piece.inside)
            all.append(piece)
            next = max(next, piece.inside + piece.count)
        }
        fill(upTo: 1 << 32 - 1)
        return all
    }

    private static func merged(_ pieces: [Piece]) -> [Piece] {
        var merged: [Piece] = []
        for piece in pieces.sorted(by: { $0.inside < $1.inside }) {
            if let last = merged.last, last.inside + last.count == piece.inside,
                last.outside + last.count == piece.outside
            {
                merged[merged.count - 1].count += piece.count
            } else {
                merged.append(piece)
            }
        }
        return merged
    }

    private static func check(
        _ pieces: [Piece], _ flag: String, _ available: [RuntimeSpec.IDMapping]
    ) throws(OptionError) {
        for (place, piece) in pieces.enumerated() {
            if let other = pieces[..<place].first(where: piece.overlaps) {
                throw OptionError("--\(flag): the mappings \(other.text) and \(piece.text) have ids in common")
            }
            var left = [piece]
            for range in available {
                let there = Piece(inside: 0, outside: UInt64(range.containerID), count: UInt64(range.size))
                left = left.flatMap { $0.withoutOutside(of: there) }
            }
            if let missing = left.first {
                let most = available.map { UInt64($0.containerID) + UInt64($0.size) }.max() ?? 0
                throw OptionError(
                    "--\(flag): \(piece.text) wants the id \(missing.outside), and there are only those below \(most): "
                        + "0 is you, and the others are those of /etc/sub\(flag.prefix(3))")
            }
        }
        guard pieces.contains(where: { $0.inside == 0 }) else {
            throw OptionError(
                "--\(flag) maps nothing to the container's \(flag.prefix(3)) 0, which owns the files of images: add 0:FROM:1"
            )
        }
        if pieces.count > limit {
            throw OptionError("--\(flag): the map has \(pieces.count) pieces, and the kernel takes \(limit)")
        }
    }

    /// A run of ids, with room for one number more than the last.
    private struct Piece {
        var inside: UInt64
        var outside: UInt64
        var count: UInt64

        var text: String { "\(inside):\(outside):\(count)" }

        func overlaps(_ other: Piece) -> Bool {
            inside < other.inside + other.count && other.inside < inside + count
                || outside < other.outside + other.count && other.outside < outside + count
        }

        /// What is left when neither the inner nor the outer ids of `other` are to be in it.
        func without(_ other: Piece) -> [Piece] {
            cut(from: other.inside, to: other.inside + other.count, at: inside).flatMap { $0.withoutOutside(of: other) }
        }

        func withoutOutside(of other: Piece) -> [Piece] {
            cut(from: other.outside, to: other.outside + other.count, at: outside)
        }

        // `start` is the number of its first id in the numbers that are cut by.
        private func cut(from: UInt64, to: UInt64, at start: UInt64) -> [Piece] {
            guard from < start + count, to > start else { return [self] }
            var rest: [Piece] = []
            if from > start { rest.append(Piece(inside: inside, outside: outside, count: from - start)) }
            if to < start + count {
                rest.append(
                    Piece(inside: inside + (to - start), outside: outside + (to - start), count: start + count - to))
            }
            return rest
        }
    }
}

extension IDMapOption {
    fileprivate var end: UInt64 { UInt64(containerID) + UInt64(count) }
}
