import Addresses
import Bytes
import ContainerSpec
import Errors
import Glibc
import Linux
import Networking
import OCI
import Store

/// What a container wants of its networks, worked out before its supervisor is forked.
struct NetworkRequest: Sendable {
    struct Endpoint: Sendable {
        var network: NetworkDefinition
        var options: EndpointOptions
    }

    private let networks: NetworkStore
    private(set) var endpoints: [Endpoint] = []
    var ports: [PortMapping] = []
    var links: [(alias: String, container: String)] = []
    /// Name servers of the container's own; empty: the host's.
    var nameServers: [IPAddress] = []
    /// Lines of `/etc/hosts` for containers on the default network, which has no names, that the container is linked to.
    private(set) var linkedLines = ""
    var isolated: [Subnet] = []
    var policy = EgressPolicy.everything

    /// The gateway of the default network, at which a container on any network finds the host.
    static let host = SharedNamespace.hostAddress

    /// Throws `EngineError` for networks that are not there, and for what they cannot give.
    init(
        _ options: RunOptions, image: ContainerConfig, of ownName: String, in containers: ContainerStore
    ) throws(EngineError) {
        networks = NetworkStore(containers.paths)
        let wanted =
            options.endpoints.isEmpty
            ? [EndpointOptions(network: options.networkMode.inspected)] : options.endpoints
        for wish in wanted { endpoints.append(try endpoint(wish)) }
        ports = try Self.ports(options, image)
        for link in options.links {
            let parts = link.split(on: ":", maxSplits: 1)
            guard let name = parts.first else { continue }
            let link = (alias: String(parts.count > 1 ? parts[1] : name), container: String(name))
            links.append(link)
            if endpoints.contains(where: { $0.network.isDefault }) {
                linkedLines += try Self.line(of: link, to: ownName, containers)
            }
        }
        nameServers = options.dns.compactMap { IPAddress($0) }
        try lookAround()
    }

    // In Docker's words.
    private static func line(
        of link: (alias: String, container: String), to ownName: String, _ containers: ContainerStore
    ) throws(EngineError) -> String {
        let id: String
        do throws(StoreError) { id = try containers.find(link.container) } catch {
            throw EngineError("could not get container for \(link.container): \(error)", error.kind)
        }
        let (name, isActive, record): (String, Bool, EndpointRecord?)
        do throws(StoreError) {
            name = try containers.currentName(id, was: link.container) ?? link.container
            isActive = try containers.state(id).isActive
            let bridge = NetworkStore.builtIn(NetworkDefinition.defaultName)?.id ?? ""
            record = try EndpointStore(containers.paths).places(of: id, on: [bridge]).first
        } catch { throw EngineError(error) }
        guard isActive else {
            throw EngineError(
                "Cannot link to a non running container: /\(name) AS /\(ownName)/\(link.alias)", .invalid)
        }
        guard let address = record?.addresses.first else {
            throw EngineError("container \(id) not attached to default bridge network", .invalid)
        }
        return "\(address)\t\(link.alias) \(id.prefix(12)) \(name)\n"
    }

    private func endpoint(_ wish: EndpointOptions) throws(EngineError) -> Endpoint {
        let network: NetworkDefinition
        do throws(StoreError) { network = try networks.find(wish.network) } catch {
            throw EngineError("failed to set up container networking: \(error)", error.kind)
        }
        if let problems = wish.problems(on: network) {
            throw EngineError(
                "invalid config for network \(network.name): invalid endpoint settings:\n\(problems)", .invalid)
        }
        let option = "com.docker.network.endpoint."
        if let text = wish.driverOptions[option + "sysctls"] {
            throw EngineError(
                "driver-opt \(option)sysctls=\(text) is refused: set kernel parameters of the container by --sysctl",
                .unsupported)
        }
        if let name = wish.driverOptions[option + "ifname"] {
            guard NetworkInterface.isName(name), !name.isSame(as: "lo") else {
                throw EngineError(
                    "driver-opt \(option)ifname=\(name): interfaces have no such names: at most 15 bytes, without slash, colon or "
                        + "blank", .invalid)
            }
        }
        return Endpoint(network: network, options: wish)
    }

    /// Adds a network, or wants another thing of one that is there. Throws `EngineError` as `init` does.
    mutating func add(_ wish: EndpointOptions) throws(EngineError) -> Endpoint {
        let endpoint = try endpoint(wish)
        endpoints.removeAll { $0.network.id.isSame(as: endpoint.network.id) }
        endpoints.append(endpoint)
        try lookAround()
        return endpoint
    }

    /// Wants the network with this id no more.
    mutating func remove(_ network: String) {
        endpoints.removeAll { $0.network.id.isSame(as: network) }
        // What cannot be read now is as it was.
        try? lookAround()
    }

    // What depends on which networks it is on, and which others there are.
    private mutating func lookAround() throws(EngineError) {
        isolated = []
        do throws(StoreError) {
            for network in try networks.list() where !endpoints.contains(where: { $0.network.id == network.id }) {
                for pool in network.pools { isolated.append(pool.subnet) }
            }
        } catch { throw EngineError(error) }
        try readPolicy()
    }

    private mutating func readPolicy() throws(EngineError) {
        for endpoint in endpoints {
            guard let text = endpoint.options.driverOptions["egress"] ?? endpoint.network.egress else { continue }
            guard let policy = EgressPolicy(text) else {
                throw EngineError(
                    "invalid egress rules '\(text)' of network \(endpoint.network.name): they are none, all, or "
                        + "allow=HOST[:PORT],CIDR[:PORT]…", .invalid)
            }
            self.policy = policy
            for other in endpoints where other.network.hasKernelNAT && policy != .everything {
                throw EngineError(
                    "the egress rules of network \(endpoint.network.name) cannot be enforced beside network "
                        + "\(other.network.name), whose packets the kernel forwards (nat=kernel): leave one of them out",
                    .invalid)
            }
            return
        }
    }

    private static func ports(_ options: RunOptions, _ image: ContainerConfig) throws(EngineError) -> [PortMapping] {
        var ports: [PortMapping] = []
        do throws(OptionError) {
            for text in options.publish { ports += try PortMapping.parse(text) }
            guard options.publishAll else { return ports }
            let exposed = options.exposedPorts + (image.exposedPorts?.names ?? [])
            for text in exposed {
                for port in try PortMapping.parse(text)
                where !ports.contains(where: {
                    $0.containerPort == port.containerPort && $0.protocolName == port.protocolName
                }) {
                    ports.append(port)
                }
            }
        } catch { throw EngineError(error) }
        return ports
    }

    /// Whether the container can do without: it is on the default network alone, with nothing published.
    var isReplaceable: Bool { endpoints.count == 1 && endpoints[0].network.isDefault && ports.isEmpty }

    private static func mark(_ paths: StorePaths) -> String { "\(SharedNamespace.directory(paths.run))/unsupported" }

    /// Notes that this kernel has no networks for containers, until the next boot.
    static func noteLack(_ paths: StorePaths) { try? Files.write([], to: mark(paths), mode: 0o600) }

    /// Whether an earlier start has noted that.
    static func isLackNoted(_ paths: StorePaths) -> Bool { access(mark(paths), F_OK) == 0 }
}
