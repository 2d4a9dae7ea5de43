package import Linux
package import OCI

/// Which control group a container is to have.
package struct CgroupRequest: Sendable {
    /// Where it is made.
    package enum Placement: Hashable, Sendable {
        /// A systemd scope where a manager runs that takes us, else a directory near our own cgroup; `parent` is
        /// `--cgroup-parent`: a slice, or a path as `directory` has it.
        case automatic(name: String, parent: String? = nil)
        /// The runtime spec's `cgroupsPath`: with a leading slash below the root of the hierarchy as we see it,
        /// otherwise below our own cgroup.
        case directory(String)
        case systemd(ScopeRequest)
    }

    /// A transient scope unit (systemd.scope(5)).
    package struct ScopeRequest: Hashable, Sendable {
        /// The unit's name with ".scope".
        package var name: String
        /// The slice above it; nil for the manager's own choice.
        package var slice: String?
        package var description: String
        /// A cgroup below the scope for the container: what made the scope then stays beside it, unlimited, and
        /// systemd leaves the limits alone. nil: the container has the scope itself, and its limits are the unit's.
        package var subgroup: String?

        package init(name: String, slice: String? = nil, description: String, subgroup: String? = nil) {
            self.name = name
            self.slice = slice
            self.description = description
            self.subgroup = subgroup
        }
    }

    package var placement: Placement
    /// The limits; nil for none. The cgroup is made where they can be enforced, or not at all.
    package var resources: RuntimeSpec.Resources?
    /// The controllers that it is to have where there are such, limits or not.
    package var wanted = Controllers.usual
    /// The processes that the scope is made for, which systemd moves into it; at least one is needed for a scope.
    /// Empty: the caller. A directory is made empty.
    package var processes: [ProcessID]
    /// What there is for it, as whoever makes it has found; nil where that is still to be found.
    package var support: CgroupSupport?

    package init(
        _ placement: Placement, resources: RuntimeSpec.Resources? = nil, processes: [ProcessID] = []
    ) {
        self.placement = placement
        self.resources = resources
        self.processes = processes
    }

    /// Whether something in it cannot be had without a cgroup: a limit that limits, a rule for devices, a place. Throws
    /// `CgroupError.invalid` for limits that contradict themselves.
    package var needsCgroup: Bool {
        get throws(CgroupError) {
            switch placement {
            case .automatic(_, nil): break
            case .automatic, .directory, .systemd: return true
            }
            guard let resources else { return false }
            if !(resources.devices ?? []).isEmpty { return true }
            return try !CgroupSettings(resources).settings.allSatisfy(\.isOptional)
        }
    }
}
