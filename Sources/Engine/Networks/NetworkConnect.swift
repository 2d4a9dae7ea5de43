import Addresses
package import ContainerSpec
package import Errors
import Linux
import Store

extension Engine {
    /// Puts the container that `text` names on the network of `endpoint`, from its next start on. Throws `EngineError`, also for a
    /// container that runs.
    package func connectNetwork(_ text: String, to endpoint: EndpointOptions) throws(EngineError) {
        let network = try network(endpoint.network)
        try Self.check(endpoint)
        var endpoint = endpoint
        endpoint.network = network.name
        try changeNetworks(of: text, "connected to", network) { _, options throws(EngineError) in
            let named = try connected(options)
            switch options.networkMode {
            case _ where network.driver == "host":
                throw EngineError(
                    "cannot connect container to host network - container must be created in host network mode",
                    .invalid)
            case _ where network.driver == "null", .none:
                throw EngineError(
                    "container cannot be connected to multiple networks with one of the networks in private (none) mode",
                    .forbidden)
            case .automatic, .network: break
            default:
                throw EngineError(
                    "container sharing network namespace with another container or host cannot be connected to any other network",
                    .forbidden)
            }
            guard endpoint.aliases.isEmpty || network.name != NetworkMode.defaultNetwork else {
                throw EngineError("network-scoped aliases are only supported for user-defined networks", .invalid)
            }
            // Who is on the network already is so in the new way.
            var endpoints = named.map(\.endpoint)
            if let place = named.firstIndex(where: { $0.id == network.id }) {
                endpoints[place] = endpoint
            } else {
                endpoints.append(endpoint)
            }
            return endpoints
        }
    }

    /// Takes the container that `text` names from the network `name`, from its next start on. Throws `EngineError`, also for a
    /// container that runs.
    package func disconnectNetwork(_ text: String, from name: String, isForced: Bool) throws(EngineError) {
        let network = try network(name)
        do throws(EngineError) { _ = try containerID(text) } catch {
            guard isForced, error.kind == .notFound else { throw error }
            throw EngineError("endpoint \(text) not found", .notFound)
        }
        try changeNetworks(of: text, "disconnected from", network) { id, options throws(EngineError) in
            let named = options.networkMode.isBridged ? try connected(options) : []
            guard named.contains(where: { $0.id == network.id }) else {
                throw EngineError("container \(id) is not connected to the network \(network.name)", .forbidden)
            }
            guard named.count > 1 else {
                throw EngineError(
                    "cannot disconnect container \(id.prefix(12)) from \(network.name): it is on no other network; connect it to "
                        + "another first", .unsupported)
            }
            return named.filter { $0.id != network.id }.map(\.endpoint)
        }
    }

    // The networks that a container is to be on, with their ids.
    private func connected(_ options: RunOptions) throws(EngineError) -> [(endpoint: EndpointOptions, id: String?)] {
        var endpoints = options.endpoints
        if endpoints.isEmpty { endpoints = [EndpointOptions(network: NetworkMode.defaultNetwork)] }
        var named: [(endpoint: EndpointOptions, id: String?)] = []
        for endpoint in endpoints {
            do throws(StoreError) { named.append((endpoint, try networks.find(Self.name(endpoint)).id)) } catch {
                // One that was removed meanwhile is named all the same.
                guard case .unknownNetwork = error else { throw EngineError(error) }
                named.append((endpoint, nil))
            }
        }
        return named
    }

    private static func name(_ endpoint: EndpointOptions) -> String {
        ["default", "private"].contains(endpoint.network) ? NetworkMode.defaultNetwork : endpoint.network
    }

    // What is to become of a container that runs comes in here: its supervisor would have to be asked.
    private func changeNetworks(
        of text: String, _ what: String, _ network: NetworkDefinition,
        _ change: (_ id: String, _ options: RunOptions) throws(EngineError) -> [EndpointOptions]
    ) throws(EngineError) {
        let id = try containerID(text)
        let lock = try lockForUpdate(id)
        defer { lock.descriptor.unlock() }
        var record: ContainerRecord
        do throws(StoreError) { record = try containers.readRecord(id) } catch { throw EngineError(error) }
        var description = try ContainerDescription(decoding: record.body, id: id)
        let endpoints = try change(id, description.options)
        guard let first = endpoints.first else { return }
        do throws(OptionError) { description.options.networkMode = try NetworkMode(option: first.network) } catch {
            throw EngineError(error)
        }
        guard try !settledState(id).isActive else {
            throw EngineError(
                "container \(id.prefix(12)) cannot be \(what) network \(network.name) while it runs: stop it first",
                .unsupported)
        }
        let bare = EndpointOptions(network: NetworkMode.defaultNetwork)
        description.options.endpoints = endpoints == [bare] ? [] : endpoints
        record.body = try description.encoded()
        let isEphemeral = try isEphemeral(id)
        do throws(StoreError) { try containers.writeRecord(record, of: id, isEphemeral: isEphemeral) } catch {
            throw EngineError(error)
        }
    }

    private static func check(_ endpoint: EndpointOptions) throws(EngineError) {
        var problems: [String] = []
        if let text = endpoint.ipv4, IPAddress(text)?.isV4 != true { problems.append("invalid IPv4 address: \(text)") }
        if let text = endpoint.ipv6, IPAddress(text)?.isV4 != false { problems.append("invalid IPv6 address: \(text)") }
        for text in endpoint.linkLocalIPs where IPAddress(text) == nil {
            problems.append("invalid link-local IP address: \(text)")
        }
        guard problems.isEmpty else {
            throw EngineError("invalid endpoint settings: \(problems.joined(separator: "; "))", .invalid)
        }
    }
}
