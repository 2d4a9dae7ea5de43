import Linux
package import OCI

extension ProcessSetup {
    /// Sets limits, priorities and the execution domain, while the process may still raise them.
    func setLimits() throws(LaunchError) {
        var seen: Set<String> = []
        for limit in process.rlimits ?? [] {
            // config.md, Process: duplicates MUST be an error.
            guard seen.insert(limit.type).inserted else {
                throw LaunchError(.limits, sentence: "the configuration lists the resource limit \(limit.type) twice")
            }
            guard let number = ResourceLimit.number(of: limit.type) else {
                throw LaunchError(.limits, sentence: "the resource limit \"\(limit.type)\" is unknown")
            }
            do throws(SystemError) {
                try ResourceLimit.set(number, soft: limit.soft, hard: limit.hard)
            } catch {
                throw LaunchError(
                    .limits, error, about: limit.type,
                    sentence: error.errno == .notPermitted
                        ? "cannot set \(limit.type) to \(limit.soft):\(limit.hard): it is above the hard limit that you have, "
                            + "and only a privileged process may raise that" : nil)
            }
        }
        try setScheduler()
        try setPersonality()
        try setMemoryPolicy()
    }

    private func setScheduler() throws(LaunchError) {
        if let priority = process.ioPriority {
            let kind: Int32
            switch priority.class {
            case "IOPRIO_CLASS_RT": kind = 1
            case "IOPRIO_CLASS_BE": kind = 2
            case "IOPRIO_CLASS_IDLE": kind = 3
            default:
                throw LaunchError(
                    .limits, sentence: "the input and output priority class \"\(priority.class)\" is unknown")
            }
            try step(.limits, priority.class) { () throws(SystemError) in
                try Scheduling.setIOPriority(kind: kind, priority: Int32(clamping: priority.priority ?? 0))
            }
        }
        guard let scheduler = process.scheduler else { return }
        guard let policy = Self.policy(scheduler.policy) else {
            throw LaunchError(.limits, sentence: "the scheduling policy \"\(scheduler.policy)\" is unknown")
        }
        var attributes = Scheduling.Attributes(policy: policy)
        attributes.nice = scheduler.nice ?? 0
        attributes.priority = UInt32(clamping: scheduler.priority ?? 0)
        attributes.runtime = scheduler.runtime ?? 0
        attributes.deadline = scheduler.deadline ?? 0
        attributes.period = scheduler.period ?? 0
        for flag in scheduler.flags ?? [] {
            guard let bit = Self.schedulerFlag(flag) else {
                throw LaunchError(.limits, sentence: "the scheduling flag \"\(flag)\" is unknown")
            }
            attributes.flags |= bit
        }
        try step(.limits, scheduler.policy) { () throws(SystemError) in try Scheduling.set(attributes) }
    }

    private static func policy(_ name: String) -> UInt32? {
        switch name {
        case "SCHED_OTHER": 0
        case "SCHED_FIFO": 1
        case "SCHED_RR": 2
        case "SCHED_BATCH": 3
        case "SCHED_ISO": 4
        case "SCHED_IDLE": 5
        case "SCHED_DEADLINE": 6
        default: nil
        }
    }

    private static func schedulerFlag(_ name: String) -> UInt64? {
        switch name {
        case "SCHED_FLAG_RESET_ON_FORK": 0x01
        case "SCHED_FLAG_RECLAIM": 0x02
        case "SCHED_FLAG_DL_OVERRUN": 0x04
        case "SCHED_FLAG_KEEP_POLICY": 0x08
        case "SCHED_FLAG_KEEP_PARAMS": 0x10
        case "SCHED_FLAG_UTIL_CLAMP_MIN": 0x20
        case "SCHED_FLAG_UTIL_CLAMP_MAX": 0x40
        default: nil
        }
    }

    private func setPersonality() throws(LaunchError) {
        guard let personality else { return }
        guard personality.flags ?? [] == [] else {
            throw LaunchError(.limits, sentence: "flags of the execution domain are not supported")
        }
        let persona: UInt
        switch personality.domain {
        case "LINUX": persona = 0
        case "LINUX32": persona = 8
        default: throw LaunchError(.limits, sentence: "the execution domain \"\(personality.domain)\" is unknown")
        }
        try step(.limits, personality.domain) { () throws(SystemError) in try Scheduling.setPersonality(persona) }
    }

    private func setMemoryPolicy() throws(LaunchError) {
        guard let memoryPolicy else { return }
        let policy = try MemoryPolicyPlan(memoryPolicy)
        try step(
            .limits, memoryPolicy.mode,
            sentence: { error in
                error.errno == .invalid
                    ? "the kernel refuses the memory policy \(memoryPolicy.mode) for the nodes \"\(memoryPolicy.nodes ?? "")\""
                        + ": not every mode takes nodes and each flag, and the nodes have to be there" : nil
            }
        ) { () throws(SystemError) in try policy.policy.set(nodes: policy.nodes) }
    }
}

/// A memory policy of a configuration, taken apart.
package struct MemoryPolicyPlan {
    let policy: MemoryPolicy
    let nodes: [UInt64]

    /// Throws for names that are unknown and for a list that is none.
    package init(_ policy: RuntimeSpec.MemoryPolicy) throws(LaunchError) {
        do throws(MemoryPolicy.UnknownName) {
            self.policy = try MemoryPolicy(mode: policy.mode, flags: policy.flags ?? [])
        } catch {
            throw LaunchError(.limits, sentence: "\"\(error.name)\" of linux.memoryPolicy is unknown")
        }
        guard let list = policy.nodes, !list.isEmpty else {
            nodes = []
            return
        }
        guard let numbers = NumberList(list) else {
            throw LaunchError(.limits, sentence: "linux.memoryPolicy.nodes \"\(list)\" is no list like \"0-3,7\"")
        }
        nodes = numbers.mask
    }
}
