import Addresses
import Bytes
package import Errors
import Linux
import Logs
import Networking
package import Store

/// A network that a user wants (`network create`).
package struct NetworkCreateRequest: Sendable {
    package var name: String
    package var driver = "bridge"
    package var pools: [PoolRequest] = []
    package var enableIPv4 = true
    package var enableIPv6 = false
    package var isInternal = false
    package var isAttachable = false
    /// Those of the driver.
    package var options: [(String, String)] = []
    package var labels: [(String, String)] = []
    /// What containers may reach outside; nil for everything.
    package var egress: String?

    package init(name: String) { self.name = name }
}

extension Engine {
    /// The networks of this store.
    package var networks: NetworkStore { NetworkStore(paths) }

    /// Makes the network and returns its id. Throws `EngineError` in Docker's words.
    package func createNetwork(_ request: NetworkCreateRequest) throws(EngineError) -> String {
        do throws(OptionError) { try request.check() } catch { throw EngineError(error) }
        var definition = NetworkDefinition(
            id: randomHex(bytes: 32), name: request.name, created: Timestamp.now().rfc3339, driver: request.driver)
        definition.enableIPv4 = request.enableIPv4
        definition.enableIPv6 = request.enableIPv6
        definition.isInternal = request.isInternal
        definition.isAttachable = request.isAttachable
        definition.options = request.options
        definition.labels = request.labels
        definition.egress = request.egress
        var pools: [NetworkPool] = []
        do throws(OptionError) { for pool in request.pools { pools.append(try pool.pool()) } } catch {
            throw EngineError(error)
        }
        let network: NetworkDefinition
        do throws(StoreError) { network = try networks.create(definition, pools: pools) } catch {
            throw EngineError(error)
        }
        note(.network("create", network))
        return network.id
    }
}

extension Event {
    /// An event of a network; `extra` is what the action adds.
    static func network(_ action: String, _ network: NetworkDefinition, extra: [ByteKey: String] = [:]) -> Event {
        Event(
            .network, action, id: network.id,
            attributes: ["name": network.name, "type": network.driver].merging(extra) { $1 })
    }
}

extension NetworkCreateRequest {
    // The names that stand for what a network is not.
    private static let predefined = ["bridge", "host", "none", "default"]

    fileprivate func check() throws(OptionError) {
        guard name.utf8.contains(where: { $0 != 32 && !(9...13).contains($0) }) else {
            throw OptionError("invalid name: name is empty")
        }
        guard !Self.predefined.contains(name) else {
            throw OptionError("operation is not permitted on predefined \(name) network", .forbidden)
        }
        guard enableIPv4 || enableIPv6 else { throw OptionError("IPv4 or IPv6 must be enabled") }
        let problems = PoolRequest.problems(pools)
        guard problems.isEmpty else {
            throw OptionError("invalid network config: \(problems.joined(separator: "; "))")
        }
        try checkDriver()
        for isV4 in [true, false] {
            let own = pools.filter { PoolRequest.prefixed($0.subnet)?.0.isV4 == isV4 }
            guard own.count < 2 else { throw OptionError("bridge driver doesn't support multiple subnets") }
        }
        for (name, value) in options { try check(name, value) }
        try checkNAT()
        if let egress, !egress.utf8.contains(where: { $0 != 32 }) {
            throw OptionError("--egress names no rules: leave it out where containers may reach everything")
        }
    }

    // Who translates the addresses of what goes out.
    private func checkNAT() throws(OptionError) {
        let name = NetworkDefinition.natOption
        for (option, value) in options where option.isSame(as: name) {
            switch value {
            case "gate": continue
            case NetworkDefinition.kernelNAT: break
            default:
                throw OptionError(
                    "-o \(name)=\(value): it is gate, the process that connects for containers, or kernel")
            }
            func refusal(_ why: String) -> OptionError { .refused("-o \(name)=\(value)", why) }
            if let reason = MachineRouting.refusal() { throw refusal(reason) }
            guard !isInternal else { throw refusal("nothing leaves an internal network") }
            guard egress == nil else {
                throw refusal("--egress is enforced by the gate, which the kernel's forwarding goes around")
            }
            guard enableIPv4 else { throw refusal("the kernel translates IPv4 alone; IPv6 goes through the gate") }
        }
    }

    private func checkDriver() throws(OptionError) {
        switch driver {
        case "bridge": return
        case "host", "null": throw OptionError("only one instance of \"\(driver)\" network is allowed", .forbidden)
        case "macvlan", "ipvlan":
            throw .refused(
                "--driver \(driver)", "it puts containers on the machine's own network, which takes root's rights there"
            )
        case "overlay": throw .refused("--driver overlay", "it joins the machines of a swarm, and there is none")
        default: throw OptionError("plugin \"\(driver)\" not found", .notFound)
        }
    }

    // Those of Docker's bridge driver that have a form.
    private func check(_ name: String, _ value: String) throws(OptionError) {
        func failed(_ cause: String) -> OptionError {
            OptionError("failed to parse \(name) value: \(value) (\(cause))")
        }
        switch name {
        case "com.docker.network.bridge.enable_icc", "com.docker.network.bridge.enable_ip_masquerade",
            "com.docker.network.bridge.inhibit_ipv4":
            guard let isOn = NetworkDefinition.bool(value) else {
                throw failed("strconv.ParseBool: parsing \"\(value)\": invalid syntax")
            }
            if name.ends(with: "masquerade"), !isOn {
                throw .refused(
                    "-o \(name)=\(value)",
                    "containers' own addresses mean nothing on the machine's network, where nothing is routed to them")
            }
            if name.ends(with: "inhibit_ipv4"), isOn {
                throw .refused("-o \(name)=\(value)", "the bridge's address is what containers' packets leave by")
            }
        case "com.docker.network.driver.mtu":
            guard let mtu = Int(value) else {
                throw failed("strconv.Atoi: parsing \"\(value)\": invalid syntax")
            }
            // ETH_MIN_MTU, IPV6_MIN_MTU and ETH_MAX_MTU; 0 is the kernel's choice.
            guard mtu == 0 || (enableIPv6 ? 1280 : 68)...65535 ~= mtu else {
                throw OptionError("invalid MTU number: \(mtu)")
            }
        case "com.docker.network.bridge.name":
            guard value.utf8.count <= 15 else {
                throw OptionError("the name of the bridge, '\(value)', is longer than an interface's may be: 15 bytes")
            }
            // An empty one is the network's own choice.
            guard value.isEmpty || NetworkInterface.isName(value), !SharedNamespace.isReserved(value) else {
                throw OptionError("'\(value)' cannot be the name of a bridge: interfaces have no such names")
            }
        case "com.docker.network.bridge.host_binding_ipv4":
            guard IPAddress(value) != nil else { throw failed("nil ip") }
        case "com.docker.network.bridge.gateway_mode_ipv4", "com.docker.network.bridge.gateway_mode_ipv6":
            guard ["", "nat", "nat-unprotected", "routed", "isolated"].contains(value) else {
                throw failed("unknown gateway mode \(value)")
            }
            if value == "routed" || value == "nat-unprotected" {
                throw .refused("-o \(name)=\(value)", "containers are reached by their published ports alone")
            }
            if value == "isolated", !isInternal {
                throw OptionError("gateway mode 'isolated' can only be used for an internal network")
            }
        case "com.docker.network.container_iface_prefix":
            // Behind it are up to three digits.
            guard !value.isEmpty, NetworkInterface.isName(value + "000") else {
                throw OptionError(
                    "'\(value)' cannot begin the names of interfaces: they have 15 bytes at most, and no slash")
            }
        default: return
        }
    }
}
