import Bytes
import ContainerSpec
import Errors
import Glibc
import Linux
import Networking
import Store

/// The networks of a supervisor's container, over all its runs: what is wanted of them, and what the present run has.
final class ContainerNetworks {
    private let containers: ContainerStore
    private let id: String
    private let name: String
    private var request: NetworkRequest
    // What the user's networks are in: held from the first run on.
    private var hold: NamespaceHold?
    // That of the last run until its end has been told.
    private var current: BridgedNetwork?
    /// What serves the networks of the present run.
    private(set) var process: NetworkProcess?
    // That of the last run, which ends.
    private var ending: NetworkProcess?

    init(_ request: NetworkRequest, of id: String, name: String, in containers: ContainerStore) {
        self.request = request
        self.id = id
        self.name = name
        self.containers = containers
    }

    /// Whether the container can do without.
    var isReplaceable: Bool { request.isReplaceable }

    /// Puts the container, whose network namespace is `namespace`, on its networks; those of the last run are left. Throws
    /// `SupervisorFailure`. Returns what this kernel lacks where it has no networks for containers.
    func join(_ namespace: CInt) throws(SupervisorFailure) -> String? {
        leave()
        guard let owner = ProcessIdentity.current() else { throw SupervisorFailure("cannot read /proc/self/stat") }
        let name = containers.isRenamed(id) ? (try? containers.currentName(id, was: name)) ?? name : name
        let network: BridgedNetwork
        do throws(NetworkError) {
            let shared: NamespaceHold
            if let hold {
                shared = hold
            } else {
                shared = NamespaceHold(try SharedNamespace.open(runDirectory: containers.paths.run))
            }
            hold = shared
            network = BridgedNetwork(
                shared, EndpointStore(containers.paths), .init(id: id, name: name, owner: owner))
        } catch {
            guard case .unsupported = error else { throw SupervisorFailure(error.description) }
            return error.description
        }
        try network.join(request, namespace)
        current = network
        return nil
    }

    /// Those that the container is on in the present run.
    var joined: [NetworkDefinition] { current?.places.map(\.network) ?? [] }

    /// The lines of `/etc/hosts` for the container's own names, behind those of the containers that it is linked to.
    func hostsLines(_ names: String) -> String { request.linkedLines + (current?.ownLines(names) ?? "") }

    /// Writes down which ports are published, and begins to serve the networks. Throws `SupervisorFailure`.
    func serve() throws(SupervisorFailure) {
        guard let current else { return }
        try writePorts(current)
        do throws(SystemError) { process = try NetworkProcess(service(current)) } catch {
            throw SupervisorFailure("cannot serve the container's networks: \(error)")
        }
    }

    private func service(_ network: BridgedNetwork) -> NetworkService {
        let (containers, id) = (containers, id)
        return network.service(request) { line in containers.noteRefusal(line, of: id) }
    }

    private func writePorts(_ network: BridgedNetwork) throws(SupervisorFailure) {
        do throws(StoreError) { try containers.writePorts(network.ports, of: id) } catch {
            throw SupervisorFailure(error.description)
        }
    }

    /// The run has come to its end: nothing is served any more.
    func stopServing() {
        if let process {
            process.endSoon()
            ending = process
        }
        process = nil
        current?.unpublish()
    }

    /// The container has ended, which others are about to hear: its addresses, names and ports are free. The rest is given back by
    /// `leave()`.
    func retire() { current?.retire() }

    /// Gives back what the last run had. It waits for the kernel.
    func leave() {
        ending?.reap()
        ending = nil
        current?.leave()
        current = nil
    }

    // MARK: changes

    /// Puts the container on the network of `options`, now where it runs, and at its next starts. Throws `SupervisorFailure`;
    /// nothing has changed then.
    func connect(_ options: EndpointOptions, _ container: RunningContainer?) throws(SupervisorFailure) {
        var next = request
        let endpoint: NetworkRequest.Endpoint
        do throws(EngineError) { endpoint = try next.add(options) } catch { throw SupervisorFailure(error.description) }
        if let current, let container {
            guard !current.places.contains(where: { $0.network.id.isSame(as: endpoint.network.id) }) else {
                throw SupervisorFailure(
                    "endpoint with name \(name) already exists in network \(endpoint.network.name)")
            }
            let namespace = try namespace(of: container)
            let former = current.service(request) { _ in }.descriptors
            try current.join(endpoint, next, namespace.rawValue)
            request = next
            try spread(current, former)
            if let record = current.places.last?.record {
                try changeHosts(container) { $0 + BridgedNetwork.ownLines(container.plan.ownNames, record).utf8 }
            }
        }
        request = next
    }

    /// Takes the container from the network with this id, now where it runs, and for its next starts. Throws
    /// `SupervisorFailure`.
    func disconnect(_ network: String, _ container: RunningContainer?) throws(SupervisorFailure) {
        var next = request
        next.remove(network)
        if let current, let container {
            let namespace = try namespace(of: container)
            let former = current.service(request) { _ in }.descriptors
            let gone = current.places.first { $0.network.id.isSame(as: network) }
            try current.leave(network, namespace.rawValue)
            request = next
            try spread(current, former)
            if let record = gone?.record {
                let lines = BridgedNetwork.ownLines(container.plan.ownNames, record).split(on: "\n")
                try changeHosts(container) { content in
                    var kept: [UInt8] = []
                    for line in content.split(separator: 10, omittingEmptySubsequences: false).dropLast()
                    where !lines.contains(where: { $0.utf8.elementsEqual(line) }) || line.isEmpty {
                        kept += line + [10]
                    }
                    return kept
                }
            }
        }
        request = next
    }

    // Where the sockets are the same the process goes on, with all its connections.
    private func spread(_ network: BridgedNetwork, _ former: [CInt]) throws(SupervisorFailure) {
        let service = service(network)
        do throws(SystemError) {
            if service.descriptors == former {
                try process?.change(network.update(request))
            } else {
                try process?.replace(service)
            }
        } catch { throw SupervisorFailure("cannot serve the container's networks: \(error)") }
        try writePorts(network)
    }

    private func namespace(of container: RunningContainer) throws(SupervisorFailure) -> FileDescriptor {
        // Its number is its own as long as we have not waited for it.
        do throws(SystemError) { return try FileDescriptor.open("/proc/\(container.pid)/ns/net", O_RDONLY) } catch {
            throw SupervisorFailure("cannot open the container's network namespace: \(error)")
        }
    }

    // The file stays the one that is mounted in the container.
    private func changeHosts(
        _ container: RunningContainer, _ change: ([UInt8]) -> [UInt8]
    ) throws(SupervisorFailure) {
        for file in container.plan.files where file.destination == "/etc/hosts" {
            let path = "\(container.runDirectory)/\(file.name)"
            do throws(SystemError) {
                try Files.write(change(try Files.read(path, limit: 16 << 20)), to: path)
            } catch { throw SupervisorFailure("cannot change the container's /etc/hosts: \(error)") }
        }
    }
}
