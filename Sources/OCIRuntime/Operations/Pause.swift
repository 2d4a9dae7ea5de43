import Cgroups
import Linux

extension OCIRuntime {
    /// Stops all processes of a container.
    package func pause(_ id: String) throws(OCIError) {
        let container = try lockedContainer(id)
        let status = container.status
        guard status == .running || status == .created else {
            throw OCIError("cannot pause the container \(id): it is \(status.rawValue)")
        }
        let cgroup = try container.cgroup(for: "pause")
        try reporting("cannot pause the container \(id)") { try cgroup.freeze() }
    }

    /// Lets the processes of a paused container go on.
    package func resume(_ id: String) throws(OCIError) {
        let container = try lockedContainer(id)
        guard container.record.process.isAlive, container.isPaused else {
            throw OCIError("cannot resume the container \(id): it is not paused")
        }
        let cgroup = try container.cgroup(for: "resume")
        try reporting("cannot resume the container \(id)") { try cgroup.thaw() }
    }
}
