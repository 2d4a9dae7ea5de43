import Addresses
import Bytes
package import Errors
import Store

/// One subnet that a user wants for a network, and what belongs to it: texts, as they were given.
package struct PoolRequest: Equatable, Sendable {
    package var subnet: String
    package var range: String?
    package var gateway: String?
    /// By name.
    package var auxiliary: [String: String] = [:]

    package init(subnet: String, range: String? = nil, gateway: String? = nil, auxiliary: [String: String] = [:]) {
        self.subnet = subnet
        self.range = range
        self.gateway = gateway
        self.auxiliary = auxiliary
    }

    /// What `--subnet`, `--ip-range`, `--gateway` and `--aux-address` say, each put to the subnet that it lies in. Throws
    /// `OptionError` in the words of Docker's client.
    package static func assemble(
        subnets: [String], ranges: [String], gateways: [String], auxiliary: [(String, String)]
    ) throws(OptionError) -> [PoolRequest] {
        guard subnets.count >= max(ranges.count, gateways.count) else {
            throw OptionError("every ip-range or gateway must have a corresponding subnet")
        }
        var pools: [PoolRequest] = []
        for subnet in subnets {
            for pool in pools {
                let (one, other) = (try network(subnet), try network(pool.subnet))
                guard !one.overlaps(other) else {
                    throw OptionError("multiple overlapping subnet configuration is not supported")
                }
            }
            pools.append(PoolRequest(subnet: subnet))
        }
        for range in ranges {
            let address = try pools.isEmpty ? nil : first(of: range)
            guard let place = try Self.place(of: address, in: pools) else {
                throw OptionError("no matching subnet for range \(range)")
            }
            if let other = pools[place].range {
                throw OptionError(
                    "cannot configure multiple ranges (\(range), \(other)) on the same subnet (\(pools[place].subnet))")
            }
            pools[place].range = range
        }
        for gateway in gateways {
            guard let place = try Self.place(of: address(gateway), in: pools) else {
                throw OptionError("no matching subnet for gateway \(gateway)")
            }
            if let other = pools[place].gateway {
                throw OptionError(
                    "cannot configure multiple gateways (\(gateway), \(other)) for the same subnet (\(pools[place].subnet))"
                )
            }
            pools[place].gateway = gateway
        }
        // Of several with one name the last counts.
        for (name, text) in auxiliary {
            guard let place = try Self.place(of: address(text), in: pools) else {
                throw OptionError("no matching subnet for aux-address \(text)")
            }
            for other in pools.indices { pools[other].auxiliary[name] = nil }
            pools[place].auxiliary[name] = text
        }
        return pools
    }

    private static func network(_ text: String) throws(OptionError) -> Subnet {
        guard let address = prefixed(text), let network = Subnet(address.0, prefix: address.1) else {
            throw OptionError("invalid subnet: invalid CIDR address: \(text)")
        }
        return network
    }

    private static func first(of range: String) throws(OptionError) -> IPAddress {
        guard let address = prefixed(range) else { throw OptionError("invalid CIDR address: \(range)") }
        return address.0
    }

    // An address may come with the length of its prefix, which does not count here.
    private static func address(_ text: String) -> IPAddress? { prefixed(text)?.0 ?? IPAddress(text) }

    private static func place(of address: IPAddress?, in pools: [PoolRequest]) throws(OptionError) -> Int? {
        for (place, pool) in pools.enumerated() {
            let network = try network(pool.subnet)
            if let address, network.contains(address) { return place }
        }
        return nil
    }

    /// The address and the length of its prefix that `text` names; nil for anything else. The address may have bits behind it.
    static func prefixed(_ text: String) -> (IPAddress, Int)? {
        guard let place = text.lastPlace(of: "/"), let address = IPAddress(text[..<place]) else { return nil }
        let digits = text.behind(place)
        guard digits.isDigits, digits.utf8.count <= 3, let prefix = Int(digits), prefix <= address.width
        else { return nil }
        return (address, prefix)
    }
}

extension PoolRequest {
    /// What is wrong with the texts of `pools`, as Docker's engine says it: a part of a sentence each.
    static func problems(_ pools: [PoolRequest]) -> [String] { pools.flatMap(\.problems) }

    private var problems: [String] {
        guard let (address, prefix) = Self.prefixed(subnet), let network = Subnet(address, prefix: prefix) else {
            return ["invalid subnet \(subnet): invalid CIDR block notation"]
        }
        var problems: [String] = []
        if network.base != address { problems.append("invalid subnet \(subnet): it should be \(network)") }
        if let range {
            if let (first, length) = Self.prefixed(range), let block = Subnet(first, prefix: length) {
                if length < prefix {
                    problems.append(
                        "invalid ip-range \(range): CIDR block is bigger than its parent subnet \(subnet)")
                }
                if block.base != first { problems.append("invalid ip-range \(range): it should be \(block)") }
            } else {
                problems.append("invalid ip-range \(range): invalid CIDR block notation")
            }
        }
        if let gateway, IPAddress(gateway) == nil { problems.append("invalid gateway \(gateway): invalid address") }
        for (name, text) in auxiliary.sorted(by: { $0.key < $1.key }) where IPAddress(text) == nil {
            problems.append("invalid auxiliary address \(name): invalid address")
        }
        return problems
    }

    /// The pool that the texts mean, which have no `problems`. Throws where an address stands twice, or for the whole subnet.
    func pool() throws(OptionError) -> NetworkPool {
        guard let (address, prefix) = Self.prefixed(subnet), let network = Subnet(address, prefix: prefix) else {
            throw OptionError("invalid subnet \(subnet): invalid CIDR block notation")
        }
        var taken: Set<IPAddress> = []
        // Those of the network itself and of all on it (RFC 922); of two addresses (RFC 3021) neither is.
        if network.base.isV4, prefix < 31 { taken = [network.base, network.last] }
        let block = range.flatMap { Self.prefixed($0) }.flatMap { Subnet($0.0, prefix: $0.1) }
        var pool = NetworkPool(
            subnet: network, range: block, gateway: gateway.flatMap { IPAddress($0) }, isChosen: true)
        if let gateway = pool.bridgeAddress, !taken.insert(gateway).inserted {
            throw OptionError("failed to allocate gateway (\(gateway)): Address already in use")
        }
        var others: [(String, IPAddress)] = []
        for (name, text) in auxiliary.sorted(by: { $0.key < $1.key }) {
            guard let address = IPAddress(text), taken.insert(address).inserted else {
                throw OptionError("failed to allocate secondary ip address (\(name):\(text)): Address already in use")
            }
            others.append((name, address))
        }
        pool.auxiliary = others
        return pool
    }
}
