import Bytes
package import Errors
import Logs
package import Store

extension Engine {
    /// Removes the network that `text` names. Throws where there is none, where it is always there, and where containers run on
    /// it.
    package func removeNetwork(_ text: String) throws(EngineError) {
        let network = try network(text)
        guard !network.isBuiltIn else {
            throw EngineError("\(network.name) is a pre-defined network and cannot be removed", .forbidden)
        }
        try remove(network)
    }

    /// Removes the networks that no container runs on and that `admits` lets through; returns their names and a sentence for
    /// each that could not be removed. Throws where the networks cannot be listed.
    package func pruneNetworks(
        _ admits: (NetworkDefinition) -> Bool
    ) throws(EngineError) -> (names: [String], problems: [String]) {
        var (names, problems): ([String], [String]) = ([], [])
        for network in try listNetworks() where !network.isBuiltIn && admits(network) {
            do throws(EngineError) {
                guard try endpoints(on: network).isEmpty else { continue }
                try remove(network)
                names.append(network.name)
            } catch {
                // Somebody has come to use it, or has removed it.
                if error.kind != .forbidden, error.kind != .notFound { problems.append(error.message) }
            }
        }
        note(Event(.network, "prune", id: "", attributes: ["reclaimed": "0"]))
        return (names, problems)
    }

    private func remove(_ network: NetworkDefinition) throws(EngineError) {
        let users = try endpoints(on: network)
        guard users.isEmpty else {
            let list = users.map { "name:\"\($0.containerName)\" id:\"\($0.endpointID.prefix(12))\"" }
            throw EngineError(
                "error while removing network: network \(network.name) has active endpoints (\(list.joined(separator: ", ")))",
                .forbidden)
        }
        do throws(StoreError) { try networks.remove(network.id) } catch { throw EngineError(error) }
        note(.network("destroy", network))
    }
}
