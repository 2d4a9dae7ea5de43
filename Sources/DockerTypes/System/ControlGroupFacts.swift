/// What `info` says of control groups: who makes those of containers, and which limits can be had.
package struct ControlGroupFacts: Sendable, Equatable {
    /// "2", "1", or "none".
    package let version: String
    /// "systemd" where that is asked for a scope, "cgroupfs" where directories are made, else "none" (Docker's
    /// `CgroupDriver`).
    package let driver: String
    /// The controllers that a container can have, by the kernel's names, sorted.
    package let controllers: [String]

    /// Of a machine.
    package init(version: String, driver: String, controllers: [String]) {
        (self.version, self.driver, self.controllers) = (version, driver, controllers)
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
