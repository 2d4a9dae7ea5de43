import Cgroups

/// What `info` says of control groups: who makes those of containers, and which limits can be had.
package struct ControlGroupFacts: Sendable, Equatable {
    /// "2", "1", or "none".
    package let version: String
    /// "systemd" where that is asked for a scope, "cgroupfs" where directories are made, else "none" (Docker's
    /// `CgroupDriver`).
    package let driver: String
    /// The controllers that a container can have, by the kernel's names, sorted.
    package let controllers: [String]

    /// Those of the running machine, for the calling user.
    package static func current() -> ControlGroupFacts {
        let support = CgroupSupport.detect()
        let isManaged = support.manager != nil && support.hierarchy == .v2 && !support.isDelegatedUnit
        let version =
            switch support.hierarchy {
            case .v2: "2"
            case .hybrid, .v1: "1"
            case .none: "none"
            }
        let offered = isManaged ? support.available.union(support.delegated) : support.delegated
        return ControlGroupFacts(
            version: version, driver: isManaged ? "systemd" : support.canMake ? "cgroupfs" : "none",
            controllers: support.canMake ? offered.list.sorted() : [])
    }

    /// A sentence for each kind of limit that cannot be had, as Docker's `info` warns.
    package var warnings: [String] {
        let kinds = [
            ("memory", "No memory limit support"), ("memory", "No swap limit support"),
            ("cpu", "No cpu cfs quota support"), ("cpu", "No cpu shares support"), ("cpuset", "No cpuset support"),
            ("io", "No blkio throttle support"), ("pids", "No pids limit support"),
        ]
        var list: [String] = []
        for (controller, sentence) in kinds where !controllers.contains(controller) {
            list.append("WARNING: " + sentence)
        }
        return list
    }
}
