import Glibc
import Linux
import OCI

extension UserNamespace {
    /// Writes the maps of the new user namespace that the process `pid` is in and waits in. The calling process is in
    /// the parent namespace.
    static func writeMaps(of pid: ProcessID, _ map: IDMap) throws(LaunchError) {
        let directly = canWriteDirectly(map)
        if !directly, let users = helper("newuidmap"), let groups = helper("newgidmap") {
            try run(users, pid, map.users)
            return try run(groups, pid, map.groups)
        }
        try step(.userMapping) { () throws(SystemError) in
            if geteuid() != 0 {
                // Linux 3.19: without it an unprivileged process may not write a gid_map (user_namespaces(7)).
                try Files.writeControl("deny", to: "/proc/\(pid)/setgroups")
            }
            try Files.writeControl(IDMap.text(map.users), to: "/proc/\(pid)/uid_map")
            try Files.writeControl(IDMap.text(map.groups), to: "/proc/\(pid)/gid_map")
        }
    }

    // Root may map anything; others one id, their own.
    private static func canWriteDirectly(_ map: IDMap) -> Bool {
        if geteuid() == 0 { return true }
        guard map.users.count == 1, map.groups.count == 1 else { return false }
        return map.users[0].size == 1 && map.users[0].hostID == geteuid()
            && map.groups[0].size == 1 && map.groups[0].hostID == getegid()
    }

    private static func run(_ helper: String, _ pid: ProcessID, _ mappings: [RuntimeSpec.IDMapping]) throws(LaunchError)
    {
        let child = start(helper, pid, mappings)
        let status = try? child > 0 ? waitForExit(of: child) : nil
        guard status == .exited(code: 0) else {
            throw LaunchError(
                .userMapping,
                sentence: "\(helper) refused the id map of the container's user namespace: "
                    + "check that its ranges are yours in /etc/subuid and /etc/subgid",
                errno: .notPermitted)
        }
    }
}
