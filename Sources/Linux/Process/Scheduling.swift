import CLinux
import Glibc

/// How the kernel schedules the calling process.
package enum Scheduling {
    /// Parameters of sched_setattr(2); times in nanoseconds.
    package struct Attributes: Equatable, Sendable {
        package var policy: UInt32
        package var flags: UInt64 = 0
        package var nice: Int32 = 0
        package var priority: UInt32 = 0
        package var runtime: UInt64 = 0
        package var deadline: UInt64 = 0
        package var period: UInt64 = 0

        package init(policy: UInt32) { self.policy = policy }
    }

    /// sched_setattr(2).
    package static func set(_ attributes: Attributes) throws(SystemError) {
        try check("sched_setattr") {
            apus_sched_setattr(
                0, attributes.policy, attributes.flags, attributes.nice, attributes.priority, attributes.runtime,
                attributes.deadline, attributes.period)
        }
    }

    /// The processors to run on, a bit for each (sched_setaffinity(2)).
    package static func setAffinity(_ mask: [UInt64]) throws(SystemError) {
        try check("sched_setaffinity") { apus_sched_setaffinity(mask, mask.count * 8) }
    }

    /// Lets the calling process run on every processor that its cpuset has. What keeps that from it (a filter of an outer
    /// container) leaves it where it is.
    package static func resetAffinity() {
        // More than any kernel counts: what there is not is passed over.
        _ = apus_sched_setaffinity([UInt64](repeating: .max, count: 128), 1024)
    }

    /// ioprio_set(2): `kind` is 1 (real time), 2 (best effort) or 3 (idle), `priority` 0 to 7.
    package static func setIOPriority(kind: Int32, priority: Int32) throws(SystemError) {
        // IOPRIO_WHO_PROCESS, IOPRIO_CLASS_SHIFT
        try check("ioprio_set") { apus_ioprio_set(1, 0, kind << 13 | priority) }
    }

    /// personality(2).
    package static func setPersonality(_ persona: UInt) throws(SystemError) {
        try check("personality") { apus_personality(persona) }
    }
}

/// Limits of the calling process (setrlimit(2)).
package enum ResourceLimit {
    /// Sets both limits of the resource with this number; UInt64.max is no limit.
    package static func set(_ resource: Int32, soft: UInt64, hard: UInt64) throws(SystemError) {
        try check("setrlimit") { apus_setrlimit(resource, soft, hard) }
    }
}
