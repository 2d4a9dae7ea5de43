import Bytes

/// Controllers of cgroup v2 (cgroups(7)); the names are those of `cgroup.controllers`.
package struct Controllers: OptionSet, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let cpu = Controllers(rawValue: 1 << 0)
    package static let cpuset = Controllers(rawValue: 1 << 1)
    package static let io = Controllers(rawValue: 1 << 2)
    package static let memory = Controllers(rawValue: 1 << 3)
    package static let pids = Controllers(rawValue: 1 << 4)
    package static let hugetlb = Controllers(rawValue: 1 << 5)
    package static let rdma = Controllers(rawValue: 1 << 6)
    package static let misc = Controllers(rawValue: 1 << 7)

    /// All that we know.
    package static let all = Controllers(rawValue: (1 << 8) - 1)
    /// What a container has where nobody says otherwise.
    package static let usual: Controllers = [.cpu, .memory, .pids]

    private static let names: [(Controllers, String)] = [
        (.cpu, "cpu"), (.cpuset, "cpuset"), (.io, "io"), (.memory, "memory"), (.pids, "pids"), (.hugetlb, "hugetlb"),
        (.rdma, "rdma"), (.misc, "misc"),
    ]

    /// The controllers that a line of `cgroup.controllers` names; those that we do not know are passed over.
    package init(_ text: String) {
        var set: Controllers = []
        for word in text.utf8.split(whereSeparator: { $0 <= UInt8(ascii: " ") }) {
            for (controller, name) in Self.names where word.elementsEqual(name.utf8) { set.insert(controller) }
        }
        self = set
    }

    /// The controller of that name; nil for one that we do not know.
    package init?(name: some StringProtocol) {
        guard let found = Self.names.first(where: { $0.1 == name }) else { return nil }
        self = found.0
    }

    /// The controllers' names.
    package var list: [String] { Self.names.filter { contains($0.0) }.map(\.1) }

    package var description: String { list.joined(separator: " ") }
}
