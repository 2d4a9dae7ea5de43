import ContainerSpec
import Glibc
import Linux
import Networking
import OCI
import Runtime
import Store

/// The container's network namespace, where the supervisor makes it.
extension Supervisor {
    /// Begins to make a namespace that needs no more than loopback, while the root file system is mounted: each takes the
    /// kernel half a millisecond. nil where the container's process makes it itself, as it does in a user namespace of its
    /// own.
    func beginLoopback(
        _ spec: RuntimeSpec, _ network: LaunchPlan.NetworkPlan, _ owner: borrowing FileDescriptor?
    ) -> NetworkNamespace.Beginning? {
        guard network == .loopback || network == .bridged, owner.number == nil else { return nil }
        return try? NetworkNamespace.begin()
    }

    /// As `mountRoot(_:isFirst:)`, and reaps the process of `network` where that fails.
    mutating func mountRoot(
        _ namespace: borrowing FileDescriptor?, isFirst: Bool, meanwhile network: NetworkNamespace.Beginning?
    ) throws(SupervisorFailure) -> FileDescriptor {
        do throws(SupervisorFailure) { return try mountRoot(namespace, isFirst: isFirst) } catch {
            _ = try? network?.finish()
            throw error
        }
    }

    /// Has the container's process join what `beginLoopback` began. Where that failed it makes a namespace itself, and
    /// says why it cannot. What is returned is open until the process is made.
    func finishLoopback(_ network: NetworkNamespace.Beginning?, _ spec: inout RuntimeSpec) -> FileDescriptor? {
        guard let network, let namespace = try? network.finish() else { return nil }
        join(namespace, &spec)
        return namespace
    }

    /// Has the container's process join the namespace that `network` names, if it names one.
    func joinOther(
        _ network: LaunchPlan.NetworkPlan, _ spec: inout RuntimeSpec
    ) throws(SupervisorFailure) -> FileDescriptor? {
        guard case .joined(let path) = network else { return nil }
        guard !path.isEmpty else {
            throw SupervisorFailure(
                "cannot join network namespace of a non running container: start it, or name another")
        }
        let namespace: FileDescriptor
        do throws(SystemError) { namespace = try FileDescriptor.open(path, O_RDONLY) } catch {
            throw SupervisorFailure("cannot join the network namespace \(path): \(error.errno)")
        }
        join(namespace, &spec)
        return namespace
    }

    /// Has the container's process join a namespace that was made before it, if one was.
    func joinPrepared(_ namespace: borrowing FileDescriptor?, _ spec: inout RuntimeSpec) {
        switch namespace {
        case .some(let namespace): join(namespace, &spec)
        case .none: break
        }
    }

    // By its number, which the process that becomes the container has too.
    private func join(_ namespace: borrowing FileDescriptor, _ spec: inout RuntimeSpec) {
        let path = "/proc/self/fd/\(namespace.rawValue)"
        var namespaces = spec.linux?.namespaces ?? []
        for place in 0..<namespaces.count where namespaces[place].type == .network {
            namespaces[place] = .init(.network, path: path)
        }
        spec.linux?.namespaces = namespaces
    }

    /// Puts a container that is to be on networks on them: its namespace is `loopback`, or, where it has a user namespace of
    /// its own, one that is made here and put there. What is said of it is in `warnings`.
    mutating func joinNetworks(
        _ plan: inout LaunchPlan, _ loopback: inout FileDescriptor?, _ owner: borrowing FileDescriptor?,
        _ warnings: inout [String]
    ) throws(SupervisorFailure) {
        guard case .bridged = plan.network, let networks else { return }
        if loopback.number == nil {
            do throws(SystemError) {
                let namespace = try NetworkNamespace.create(owner: owner.number)
                join(namespace, &plan.spec)
                loopback = consume namespace
            } catch {
                let sentence = "cannot make a network namespace: \(error)"
                guard networks.isReplaceable else { throw SupervisorFailure(sentence) }
                // The container's process tries by itself, and says what it takes.
                warnings.append("the container has no network but loopback: \(sentence)")
                return
            }
        }
        guard let number = loopback.number else { return }
        if let lack = try networks.join(number) {
            guard networks.isReplaceable else { throw SupervisorFailure(lack) }
            NetworkRequest.noteLack(request.containers.paths)
            warnings.append("the container has no network but loopback: \(lack)")
            return
        }
        for place in 0..<plan.files.count where plan.files[place].destination == "/etc/hosts" {
            let file = plan.files[place]
            plan.files[place] = .init(
                name: file.name, destination: file.destination,
                content: file.content + networks.hostsLines(plan.ownNames))
        }
    }

    /// The networks that the container is on now, as events name them.
    func connectedNetworks() -> [LifeEvent.Network] {
        switch request.plan.network {
        case .bridged: (networks?.joined ?? []).map { LifeEvent.Network($0) }
        case .host: Self.builtIn("host")
        case .loopback: Self.builtIn("none")
        case .joined, .egress: []
        }
    }

    private static func builtIn(_ name: String) -> [LifeEvent.Network] {
        guard let network = NetworkStore.builtIn(name) else { return [] }
        return [LifeEvent.Network(network)]
    }

    /// A namespace with its way out, which is being made while the container is.
    struct Connection: ~Copyable {
        let namespace: FileDescriptor
        var egress: RunningEgress
    }

    func connect(
        _ network: LaunchPlan.NetworkPlan, _ spec: inout RuntimeSpec, _ owner: borrowing FileDescriptor?
    ) throws(SupervisorFailure) -> Connection? {
        guard case .egress(let helper) = network else { return nil }
        let namespace: FileDescriptor
        do throws(SystemError) { namespace = try NetworkNamespace.create(owner: owner.number) } catch {
            throw SupervisorFailure("cannot make a network namespace: \(error)")
        }
        join(namespace, &spec)
        do throws(EgressError) {
            let egress = try helper.start(for: namespace, mountPoint: networkMountPoint)
            return Connection(namespace: namespace, egress: egress)
        } catch { throw SupervisorFailure(error.description) }
    }

    /// Ends the helper here, and not before (see `endLifetime`).
    @inline(never)
    func disconnect(_ connection: consuming Connection?) {}

    var networkMountPoint: String { "\(request.runDirectory)/netns" }

    // The network is up at the container's first instruction, as it is with Docker.
    // Returns what is to be said of it.
    func awaitEgress(_ connection: inout Connection?) throws(SupervisorFailure) -> String? {
        guard var waiting = connection.take() else { return nil }
        do throws(EgressError) {
            let warning = try waiting.egress.awaitReady()
            connection = consume waiting
            return warning
        } catch { throw SupervisorFailure(error.description) }
    }
}

extension LifeEvent.Network {
    fileprivate init(_ network: NetworkDefinition) {
        self.init(id: network.id, name: network.name, driver: network.driver)
    }
}
