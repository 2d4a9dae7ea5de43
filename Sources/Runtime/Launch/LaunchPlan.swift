import Bytes
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
    /// Network devices of the caller's that move into the container, by their names, and their names there.
    let devices: [(name: String, inside: String)]

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
        devices = try Self.devices(request.spec.linux?.netDevices ?? [:], namespaces)
        if !namespaces.separates(.mount), namespaces.separates(.user) {
            // Which may not mount anything in a namespace of its maker's.
            throw LaunchError(
                .namespaces,
                sentence: "a container with a user namespace needs a mount namespace, and the configuration lists none")
        }
        earlyMounts = try EarlyMounts(request.spec, root: request.root.path, nodes: request.nodeDirectory)
    }

    private static func devices(
        _ devices: [ByteKey: RuntimeSpec.NetDevice], _ namespaces: NamespacePlan
    ) throws(LaunchError) -> [(name: String, inside: String)] {
        if devices.isEmpty { return [] }
        guard namespaces.separates(.network) else {
            throw LaunchError(
                .networkDevice,
                sentence: "linux.netDevices need a network namespace, and the configuration lists none")
        }
        var list: [(name: String, inside: String)] = []
        for (key, device) in devices.sorted(by: { $0.key < $1.key }) {
            let name = key.text
            let inside = device.name.flatMap { $0.isEmpty ? nil : $0 } ?? name
            guard NetworkDevice.isValid(name), NetworkDevice.isValid(inside) else {
                throw LaunchError(
                    .networkDevice,
                    sentence:
                        "\"\(NetworkDevice.isValid(name) ? inside : name)\" of linux.netDevices is no name of a device")
            }
            guard !list.contains(where: { $0.inside.utf8.elementsEqual(inside.utf8) }) else {
                throw LaunchError(
                    .networkDevice, sentence: "linux.netDevices give two devices the name \"\(inside)\"")
            }
            list.append((name, inside))
        }
        return list
    }
}
