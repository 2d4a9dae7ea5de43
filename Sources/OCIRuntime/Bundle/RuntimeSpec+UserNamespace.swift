import Glibc
import OCI
import Runtime

extension RuntimeSpec {
    /// Adds a user namespace to a configuration without one where the caller can have no container otherwise, and maps to a
    /// new one that has none: the caller's subordinate ids, or, without such, root alone. crun does so, too.
    mutating func completeUserNamespace() {
        let own = linux?.namespaces?.first { $0.type == .user }
        if own == nil {
            guard UserNamespace.plan().map != nil else { return }
            if linux == nil { linux = .init() }
            linux!.namespaces = (linux!.namespaces ?? []) + [Namespace(.user)]
        } else if !(own?.path ?? "").isEmpty {
            return
        }
        guard (linux?.uidMappings ?? []).isEmpty, (linux?.gidMappings ?? []).isEmpty else { return }
        let map = UserNamespace.plan().map ?? .single(user: geteuid(), group: getegid())
        linux!.uidMappings = map.users
        linux!.gidMappings = map.groups
    }
}
