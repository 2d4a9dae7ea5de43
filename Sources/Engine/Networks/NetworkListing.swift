package import DockerTypes
package import Errors
package import Store

extension Engine {
    /// The network with the name, the id or the beginning of the id `text`. Throws `EngineError`.
    package func network(_ text: String) throws(EngineError) -> NetworkDefinition {
        guard !text.isEmpty else { throw EngineError("invalid network name or ID: value is empty", .invalid) }
        do throws(StoreError) { return try networks.find(text) } catch { throw EngineError(error) }
    }

    /// All networks in the order of their names. Throws `EngineError`.
    package func listNetworks() throws(EngineError) -> [NetworkDefinition] {
        do throws(StoreError) {
            return try networks.list().sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        } catch { throw EngineError(error) }
    }

    /// The containers that run on `network`. Throws `EngineError`.
    package func endpoints(on network: NetworkDefinition) throws(EngineError) -> [EndpointRecord] {
        do throws(StoreError) { return try networks.endpoints(of: network.id) } catch { throw EngineError(error) }
    }

    /// `network inspect NAME`. Throws where there is no such network.
    package func inspectNetwork(_ text: String) throws(EngineError) -> NetworkInspection {
        let network = try network(text)
        return NetworkInspection(network, endpoints: try endpoints(on: network))
    }
}
