import Bytes
package import Errors
import OCI
package import Runtime

extension MountOption {
    /// Which ids a mount shows for those that its files have on the disk (podman's `idmap`).
    package struct MappedIDs: Codable, Hashable, Sendable {
        /// nil: as the container's user namespace has them, so that it sees the numbers that are on the disk.
        package var users: [Mapping]?
        package var groups: [Mapping]?

        /// A run of ids.
        package struct Mapping: Codable, Hashable, Sendable {
            /// The first on the disk.
            package var stored: UInt32
            /// The first that is shown.
            package var shown: UInt32
            package var count: UInt32
            /// Whether `shown` is a number of the container and not of the host (`@`).
            package var isOfContainer = false
        }

        /// Reads what stands behind `idmap=`: nothing, or `uids=STORED-SHOWN-COUNT[#…][;gids=…]`, where a `@` before a mapping
        /// makes its second number the container's. Nil where it is none of that.
        init?(_ text: String) {
            if text.isEmpty { return }
            for part in text.split(on: ";", omittingEmptySubsequences: false) {
                guard let (word, list) = splitOnce(String(part), "="), let mappings = Self.mappings(list) else {
                    return nil
                }
                switch word {
                case "uids" where users == nil: users = mappings
                case "gids" where groups == nil: groups = mappings
                default: return nil
                }
            }
        }

        private static func mappings(_ text: String) -> [Mapping]? {
            var list: [Mapping] = []
            for part in text.split(on: "#", omittingEmptySubsequences: false) {
                let isOfContainer = part.begins(with: "@")
                let words = part.dropFirst(isOfContainer ? 1 : 0).split(on: "-", omittingEmptySubsequences: false)
                let numbers = words.compactMap { UInt32($0) }
                guard words.count == 3, numbers.count == 3, numbers[2] > 0,
                    numbers.prefix(2).allSatisfy({ UInt64($0) + UInt64(numbers[2]) <= 1 << 32 - 1 })
                else { return nil }
                list.append(
                    Mapping(stored: numbers[0], shown: numbers[1], count: numbers[2], isOfContainer: isOfContainer))
            }
            return list
        }

        /// The map of the mount, whose inner ids are those on the disk; nil for the container's own, `map`. Throws `OptionError` for
        /// an id that the container does not have, and where it has no map of its own and one is needed.
        package func map(_ map: IDMap?, of destination: String) throws(OptionError) -> IDMap? {
            guard let map else {
                guard let users, let groups, !(users + groups).contains(where: \.isOfContainer) else {
                    throw .refused(
                        "the option 'idmap' of \(destination)",
                        "the container has no user namespace of its own whose ids it could show; give it one by --userns or "
                            + "--uidmap, or the files to its user by the option 'U'")
                }
                return IDMap(
                    users: try Self.list(users, nil, destination), groups: try Self.list(groups, nil, destination))
            }
            if users == nil, groups == nil { return nil }
            return IDMap(
                users: try users.map { (list) throws(OptionError) in try Self.list(list, map.outerUser, destination) }
                    ?? map.users,
                groups: try groups.map { (list) throws(OptionError) in try Self.list(list, map.outerGroup, destination)
                }
                    ?? map.groups)
        }

        private static func list(
            _ mappings: [Mapping], _ outer: ((UInt32) -> UInt32?)?, _ destination: String
        ) throws(OptionError) -> [RuntimeSpec.IDMapping] {
            var list: [RuntimeSpec.IDMapping] = []
            for mapping in mappings {
                guard mapping.isOfContainer, let outer else {
                    list.append(.init(containerID: mapping.stored, hostID: mapping.shown, size: mapping.count))
                    continue
                }
                // A run of the container's ids need not be one outside.
                guard let first = outer(mapping.shown), let last = outer(mapping.shown + (mapping.count - 1)),
                    last >= first,
                    last - first == mapping.count - 1
                else {
                    throw OptionError(
                        "the option 'idmap' of \(destination): the ids \(mapping.shown) to "
                            + "\(UInt64(mapping.shown) + UInt64(mapping.count) - 1) are not all in one piece of the container's map"
                    )
                }
                list.append(.init(containerID: mapping.stored, hostID: first, size: mapping.count))
            }
            return list
        }
    }
}
