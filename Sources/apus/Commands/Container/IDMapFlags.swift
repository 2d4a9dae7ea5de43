import ContainerSpec
import Errors

/// The flags of `run` and `create` that say which ids a user namespace of the container's own has, taken together.
struct IDMapFlags {
    var users: [IDMapOption] = []
    var groups: [IDMapOption] = []
    var userName: String?
    var groupName: String?
    /// Whether `--userns` was given.
    var hasMode = false

    /// Sets the mode of the user namespace of `options`. Throws `OptionError`.
    func apply(to options: inout RunOptions) throws(OptionError) {
        let hasMaps = !users.isEmpty || !groups.isEmpty
        let hasNames = userName != nil || groupName != nil
        guard hasMaps || hasNames else { return }
        if hasMode {
            throw OptionError.usage(
                "--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive")
        }
        if hasMaps, hasNames {
            throw OptionError.usage("--uidmap/--gidmap and --subuidname/--subgidname are mutually exclusive")
        }
        if let user = userName ?? groupName, let group = groupName ?? userName {
            options.usernsMode = .maps(
                users: try IDMapOption.subordinates(of: user, in: "/etc/subuid", flag: "subuidname"),
                groups: try IDMapOption.subordinates(of: group, in: "/etc/subgid", flag: "subgidname"))
        } else {
            options.usernsMode = .maps(users: users, groups: groups)
        }
    }
}
