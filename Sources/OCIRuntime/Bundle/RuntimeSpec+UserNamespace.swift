import OCI
import Runtime

extension RuntimeSpec {
    /// Adds a user namespace to a configuration without one where the caller can have no container otherwise: with the
    /// caller's subordinate ids, or, without such, as root alone. crun does so, too.
    mutating func giveUserNamespace() {
        guard linux?.namespaces?.contains(where: { $0.type == .user }) != true,
            let map = UserNamespace.plan().map
        else { return }
        var changed = linux ?? .init()
        changed.namespaces = (changed.namespaces ?? []) + [Namespace(.user)]
        changed.uidMappings = map.users
        changed.gidMappings = map.groups
        linux = changed
    }
}
