import Cgroups
package import DockerTypes

extension ControlGroupFacts {
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
}
