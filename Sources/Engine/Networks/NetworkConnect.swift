import Bytes
package import ContainerSpec
package import Errors
import Linux
import Store
import Supervision

extension Engine {
    /// Puts the container that `text` names on the network of `endpoint`: at once where it runs, and at its next starts. Throws
    /// `EngineError`; nothing has changed then.
    package func connectNetwork(_ text: String, to endpoint: EndpointOptions) throws(EngineError) {
        try Self.refuseEmpty(endpoint.network, text)
        let network = try network(endpoint.network)
        var endpoint = endpoint
        endpoint.network = network.name
        let id = try changeNetworks(of: text, .connect(endpoint)) { _, options throws(EngineError) in
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
            if let problems = endpoint.problems(on: network) {
                throw EngineError("invalid endpoint settings:\n\(problems)", .invalid)
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
        note(.network("connect", network, extra: ["container": id]))
    }

    /// Takes the container that `text` names from the network `name`: at once where it runs, and for its next starts. One that is
    /// on no other starts on the network that it was created for. Throws `EngineError`; nothing has changed then.
    package func disconnectNetwork(_ text: String, from name: String, isForced: Bool) throws(EngineError) {
        try Self.refuseEmpty(name, text)
        let network = try network(name)
        do throws(EngineError) { _ = try containerID(text) } catch {
            guard isForced, error.kind == .notFound else { throw error }
            throw EngineError("endpoint \(text) not found", .notFound)
        }
        let id = try changeNetworks(of: text, .disconnect(network.id)) { id, options throws(EngineError) in
            let isActive = try settledState(id).isActive
            if isActive, options.networkMode == .host, network.driver == "host" {
                throw EngineError(
                    "cannot disconnect container from host network - container was created in host network mode",
                    .forbidden)
            }
            let named = options.networkMode.isBridged ? try connected(options) : []
            guard named.contains(where: { $0.id == network.id }) else {
                throw EngineError(
                    "container \(id) is not connected to \(isActive ? "" : "the ")network \(network.name)", .forbidden)
            }
            return named.filter { $0.id != network.id }.map(\.endpoint)
        }
        note(.network("disconnect", network, extra: ["container": id]))
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

    // Returns the container's id.
    private func changeNetworks(
        of text: String, _ request: ControlRequest,
        _ change: (_ id: String, _ options: RunOptions) throws(EngineError) -> [EndpointOptions]
    ) throws(EngineError) -> String {
        let id = try containerID(text)
        let lock = try lockForUpdate(id)
        defer { lock.descriptor.unlock() }
        var record: ContainerRecord
        do throws(StoreError) { record = try containers.readRecord(id) } catch { throw EngineError(error) }
        var description = try ContainerDescription(decoding: record.body, id: id)
        let endpoints = try change(id, description.options)
        if let first = endpoints.first {
            do throws(OptionError) { description.options.networkMode = try NetworkMode(option: first.network) } catch {
                throw EngineError(error)
            }
        }
        if try settledState(id).isActive { try tell(id, request) }
        let bare = EndpointOptions(network: NetworkMode.defaultNetwork)
        description.options.endpoints = endpoints == [bare] ? [] : endpoints
        record.body = try description.encoded()
        let isEphemeral = try isEphemeral(id)
        do throws(StoreError) { try containers.writeRecord(record, of: id, isEphemeral: isEphemeral) } catch {
            throw EngineError(error)
        }
        return id
    }

    private func tell(_ id: String, _ request: ControlRequest) throws(EngineError) {
        switch try ask(id, request) {
        // It has ended meanwhile: its record is all there is to change.
        case .gone: return
        case .stuck:
            throw EngineError("the supervisor of container \(id.prefix(12)) does not answer", .unavailable)
        case .frame(.failed(_, let message)): throw EngineError(message)
        case .frame: return
        }
    }

    // What Docker's client says of names that are none.
    private static func refuseEmpty(_ network: String, _ container: String) throws(EngineError) {
        for (what, text) in [("network", network), ("container", container)] where text.isEmpty {
            throw EngineError("invalid \(what) name or ID: value is empty", .invalid)
        }
    }
}
