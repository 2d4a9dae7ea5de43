import Glibc
import Linux
import OCI

/// What is known of a start before the process is made: the parts of the request that both sides go by.
struct LaunchPlan {
    let namespaces: NamespacePlan
    let hasTerminal: Bool
    /// Of a new user namespace.
    let maps: IDMap
    let earlyMounts: EarlyMounts

    init(_ request: borrowing LaunchRequest) throws(LaunchError) {
        guard let process = request.spec.process, let arguments = process.args, !arguments.isEmpty else {
            throw LaunchError(.request, sentence: "cannot start the container: no command is given")
        }
        guard process.cwd.utf8.first == UInt8(ascii: "/") else {
            throw LaunchError(
                .workingDirectory, sentence: "the working directory \"\(process.cwd)\" is no absolute path")
        }
        namespaces = try NamespacePlan(request.spec.linux?.namespaces ?? [])
        hasTerminal = if case .terminal = request.stdio { true } else { false }
        maps = IDMap(
            users: request.spec.linux?.uidMappings ?? [], groups: request.spec.linux?.gidMappings ?? [])
        if namespaces.created.contains(.user), maps.users.isEmpty || maps.groups.isEmpty {
            throw LaunchError(
                .userMapping,
                sentence: "a new user namespace needs uidMappings and gidMappings, and one of them is empty")
        }
        if !namespaces.separates(.mount), namespaces.separates(.user) {
            // Which may not mount anything in a namespace of its maker's.
            throw LaunchError(
                .namespaces,
                sentence: "a container with a user namespace needs a mount namespace, and the configuration lists none")
        }
        earlyMounts = try EarlyMounts(request.spec, root: request.root.path, nodes: request.nodeDirectory)
    }
}
