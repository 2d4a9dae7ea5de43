import Bytes
import Linux

/// The sentences for limits that cannot be enforced: which controller is missing, where, and who can change it.
extension Cgroup {
    static func noVersion2(_ hierarchy: CgroupSupport.Hierarchy, _ required: Controllers) -> CgroupError {
        let reason =
            hierarchy == .v1
            ? "this machine has control groups of version 1 alone; boot it with systemd.unified_cgroup_hierarchy=1"
            : "no control groups are mounted at /sys/fs/cgroup; mount cgroup2 there"
        guard !required.isEmpty else { return .unavailable(reason) }
        return .missing(required, "\(limits(required)) cannot be enforced: \(reason)")
    }

    static func refusal(_ required: Controllers, _ places: [Place], _ support: CgroupSupport) -> CgroupError {
        guard let own = support.ownDirectory else {
            return .unavailable("our own control group is not visible below \(support.mountPoint ?? "/sys/fs/cgroup")")
        }
        guard let place = places.first else {
            let sentence = required.isEmpty ? "no control group can be made" : "\(limits(required)) cannot be enforced"
            let remedy =
                "\(sentence): \(own) is not ours to write to; run in a systemd user session, or have an administrator "
                + "delegate a control group (chown it with its cgroup.procs and cgroup.subtree_control)"
            return required.isEmpty ? .unavailable(remedy) : .missing(required, remedy)
        }
        let missing = required.subtracting(place.available)
        if !missing.isEmpty { return .missing(missing, sentence(missing, below: place.path)) }
        let others = place.processes.map { String($0) }.joined(separator: ", ")
        return .missing(
            required,
            "\(limits(required)) cannot be enforced: \(place.path) cannot hand \(words(required)) down while processes "
                + "are in it (\(others)); move them into a control group below it")
    }

    /// Why limits by `missing` cannot be enforced in what is made in the cgroup at `path`.
    static func sentence(_ missing: Controllers, below path: String) -> String {
        let names = missing.list.joined(separator: " ")
        var unit: String?
        for part in path.split(on: "/") where part.begins(with: "user@") { unit = String(part) }
        let remedy =
            absence(missing, path)
            ?? unit.map { _ in
                "an administrator delegates it with 'Delegate=cpu cpuset io memory pids' under [Service] in "
                    + "/etc/systemd/system/user@.service.d/delegate.conf, 'systemctl daemon-reload' and a new login"
            }
            ?? "an administrator writes '\(missing.list.map { "+" + $0 }.joined(separator: " "))' into "
            + "cgroup.subtree_control of the control groups above"
        let plural = missing.list.count > 1 ? "controllers \(names) are" : "controller \(names) is"
        return "\(limits(missing)) cannot be enforced: the cgroup \(plural) not available in \(path); \(remedy)"
    }

    // What not even the root of the whole hierarchy has, no delegation will give.
    private static func absence(_ missing: Controllers, _ path: String) -> String? {
        var top = path
        while let type = try? Files.status(Files.split(top).parent).identity.fileSystem,
            type == (try? Files.status(top).identity.fileSystem),
            Files.exists("\(Files.split(top).parent)/cgroup.procs")
        {
            top = Files.split(top).parent
        }
        guard let root = Place(reading: top), root.isRoot, !missing.isSubset(of: root.available) else { return nil }
        return
            "this machine keeps it for control groups of version 1, or its kernel has none; where systemd runs, boot "
            + "with systemd.unified_cgroup_hierarchy=1"
    }

    private static func words(_ controllers: Controllers) -> String {
        "the controller\(controllers.list.count > 1 ? "s" : "") \(controllers.list.joined(separator: ", "))"
    }

    private static func limits(_ controllers: Controllers) -> String {
        let kinds = controllers.list.map { name in
            switch name {
            case "cpu": "processor time"
            case "cpuset": "processors to run on"
            case "io": "block devices"
            case "pids": "processes"
            case "hugetlb": "huge pages"
            default: name
            }
        }
        return "limits of \(kinds.joined(separator: ", "))"
    }
}
