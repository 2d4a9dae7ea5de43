/// Which numbers the owners of copied files get for those that they have.
package struct OwnerMap: Sendable {
    /// A run of numbers: `source` and up become `target` and up.
    package struct Run: Sendable {
        let source: UInt32
        let target: UInt32
        let count: UInt32

        package init(source: UInt32, target: UInt32, count: UInt32) {
            self.source = source
            self.target = target
            self.count = count
        }
    }

    private let users: [Run]
    private let groups: [Run]

    package init(users: [Run], groups: [Run]) {
        self.users = users
        self.groups = groups
    }

    /// What the user `id` becomes; nil where there is no number for it.
    package func user(_ id: UInt32) -> UInt32? { Self.find(users, id) }

    /// What the group `id` becomes; nil where there is no number for it.
    package func group(_ id: UInt32) -> UInt32? { Self.find(groups, id) }

    private static func find(_ runs: [Run], _ id: UInt32) -> UInt32? {
        for run in runs where id >= run.source && id - run.source < run.count { return run.target + (id - run.source) }
        return nil
    }
}
