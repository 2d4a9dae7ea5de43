import ContainerSpec
package import DockerTypes
package import Errors
import Store

extension Engine {
    /// The container that `text` names (see `ContainerStore.find`). Throws `EngineError`.
    package func container(_ text: String) throws(EngineError) -> ContainerSnapshot {
        var snapshot = try snapshot(containerID(text), names: nil)
        // As Docker shows it, by its id; one that is gone is what it was called.
        if case .container(let name) = snapshot.description.options.networkMode, let id = try? containers.find(name) {
            snapshot.description.options.networkMode = .container(id)
        }
        snapshot.network.places = try places(of: snapshot)
        return snapshot
    }

    /// All containers, the newest first, and a sentence for each record that cannot be read.
    package func allContainers() throws(EngineError) -> (containers: [ContainerSnapshot], problems: [String]) {
        let ids: [String]
        let names: [String: String]
        do throws(StoreError) {
            ids = try containers.list()
            names = try containers.names()
        } catch { throw EngineError(error) }
        var snapshots: [ContainerSnapshot] = []
        var problems: [String] = []
        for id in ids {
            do throws(EngineError) {
                snapshots.append(try snapshot(id, names: names))
            } catch {
                // One that was removed since the list was made is no problem.
                do throws(StoreError) { _ = try containers.find(id) } catch {
                    if case .unknownContainer = error { continue }
                }
                problems.append(error.message)
            }
        }
        snapshots.sort { ($0.description.created, $0.id) > ($1.description.created, $1.id) }
        return (snapshots, problems)
    }

    private func snapshot(_ id: String, names: [String: String]?) throws(EngineError) -> ContainerSnapshot {
        let record: ContainerRecord
        do throws(StoreError) { record = try containers.readRecord(id) } catch {
            throw EngineError(error)
        }
        var description = try ContainerDescription(decoding: record.body, id: id)
        // A rename changes the link alone.
        let current = if let names { names[id] } else { try currentName(id, was: description.name) }
        if let current { description.name = current }
        var snapshot = ContainerSnapshot(
            description: description, state: try state(id), isEphemeral: try isEphemeral(id))
        if snapshot.state.isActive { snapshot.health = health(of: snapshot)?.status }
        snapshot.network.ports = try ports(of: snapshot)
        return snapshot
    }

    /// The ports that lead to a container that runs; without a look where none is published.
    func ports(of snapshot: ContainerSnapshot) throws(EngineError) -> [BoundPort] {
        let options = snapshot.description.options
        guard snapshot.state.isActive, !options.publish.isEmpty || options.publishAll else { return [] }
        do throws(StoreError) { return try containers.ports(of: snapshot.id) } catch { throw EngineError(error) }
    }

    // Of a network that has been removed meanwhile there is nothing to say.
    private func places(of snapshot: ContainerSnapshot) throws(EngineError) -> [ContainerNetwork.Place] {
        let options = snapshot.description.options
        switch options.networkMode {
        case .host, .none:
            let network = NetworkStore.builtIn(options.networkMode.inspected)
            return network.map { [.init(network: $0, record: nil)] } ?? []
        default: guard options.networkMode.isBridged else { return [] }
        }
        let (networks, endpoints) = (NetworkStore(paths), EndpointStore(paths))
        var places: [ContainerNetwork.Place] = []
        let names = options.endpoints.isEmpty ? [options.networkMode.inspected] : options.endpoints.map(\.network)
        for name in names {
            do throws(StoreError) {
                let network = try networks.find(name)
                let record =
                    snapshot.state.isActive ? try endpoints.places(of: snapshot.id, on: [network.id]).first : nil
                places.append(.init(network: network, record: record))
            } catch {
                if case .unknownNetwork = error { continue }
                throw EngineError(error)
            }
        }
        return places
    }
}
