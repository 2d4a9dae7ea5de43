import Addresses
import Glibc
package import Linux

/// The networks of a user: a file each, named by its id.
package struct NetworkStore: Sendable {
    let paths: StorePaths

    package init(_ paths: StorePaths) { self.paths = paths }

    private var folder: String { paths.data + "/networks" }

    /// All networks, those that are always there first. Throws `failed`, `corrupt`.
    package func list() throws(StoreError) -> [NetworkDefinition] {
        var all = Self.builtIn
        for name in try doing(
            "list the networks",
            { () throws(SystemError) in
                try Files.isPresent(folder) ? try Files.list(folder) : []
            }) where ContainerStore.isID(name)
        {
            all.append(try read(name))
        }
        return all
    }

    /// The network with the name, the id or the beginning of the id `text`. Throws `unknownNetwork`, `ambiguous`.
    package func find(_ text: String) throws(StoreError) -> NetworkDefinition {
        let all = try list()
        if let network = all.first(where: { $0.id == text }) ?? all.first(where: { $0.name == text }) { return network }
        let found = text.isEmpty ? [] : all.filter { $0.id.utf8.starts(with: text.utf8) }
        guard found.count < 2 else { throw .ambiguous(kind: "network", prefix: text) }
        guard let network = found.first else { throw .unknownNetwork(text) }
        return network
    }

    /// Keeps `definition`, with `wanted` as its pools and one that is free for each version that has none. Throws `conflict`.
    package func create(
        _ definition: NetworkDefinition, pools wanted: [NetworkPool]
    ) throws(StoreError) -> NetworkDefinition {
        let all = try list()
        guard !all.contains(where: { $0.name == definition.name }) else {
            throw .conflict("network with name \(definition.name) already exists")
        }
        var definition = definition
        definition.pools = wanted
        let taken = all.flatMap(\.pools).map(\.subnet)
        guard !wanted.contains(where: { pool in taken.contains { $0.overlaps(pool.subnet) } }) else {
            throw .conflict("invalid pool request: Pool overlaps with other one on this address space")
        }
        func add(_ candidates: [Subnet]) {
            guard let free = candidates.first(where: { one in !taken.contains { $0.overlaps(one) } }) else { return }
            definition.pools.append(NetworkPool(subnet: free, gateway: free.base.advanced(by: 1)))
        }
        if definition.enableIPv4, !wanted.contains(where: { $0.subnet.base.isV4 }) {
            add((17...31).compactMap { Subnet("172.\($0).0.0/16") })
        }
        if definition.enableIPv6, wanted.allSatisfy({ $0.subnet.base.isV4 }) {
            add((0..<256).compactMap { Subnet("fd00:a905:0:\(String($0, radix: 16))::/64") })
        }
        var encoder = WireEncoder()
        definition.encode(to: &encoder)
        let bytes = encoder.bytes
        try doing("write network \(definition.name)") { () throws(SystemError) in
            if try !Files.isPresent(folder) { try Files.makeDirectory(folder, mode: 0o700) }
            try Files.replace("\(folder)/\(definition.id)", with: bytes, mode: 0o600, durable: true)
        }
        return definition
    }

    /// Forgets the network.
    package func remove(_ id: String) throws(StoreError) {
        try doing("remove network \(id.prefix(12))") { () throws(SystemError) in try Files.unlink("\(folder)/\(id)") }
    }

    /// The containers that run on the network.
    package func endpoints(of id: String) throws(StoreError) -> [EndpointRecord] {
        try EndpointStore(paths).living(on: id).living
    }

    private func read(_ id: String) throws(StoreError) -> NetworkDefinition {
        let path = "\(folder)/\(id)"
        let bytes = try doing("read \(path)") { () throws(SystemError) in try Files.read(path, limit: 1 << 20) }
        do throws(WireError) {
            var decoder = WireDecoder(bytes)
            return try NetworkDefinition(from: &decoder)
        } catch { throw .corrupt(path: path, cause: error.description) }
    }

    private static var builtIn: [NetworkDefinition] {
        zip(["bridge", "host", "none"], ["bridge", "host", "null"]).enumerated().map { place, pair in
            var network = NetworkDefinition(
                id: String(repeating: "0", count: 63) + String(place + 1), name: pair.0,
                created: "1970-01-01T00:00:00.000000000Z", driver: pair.1)
            network.isBuiltIn = true
            if place == 0, let subnet = Subnet("172.17.0.0/16") {
                network.pools = [NetworkPool(subnet: subnet, gateway: subnet.base.advanced(by: 1))]
            }
            return network
        }
    }
}

extension NetworkDefinition: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        for text in [id, name, created, driver] { encoder.write(text) }
        for flag in [enableIPv4, enableIPv6, isInternal, isAttachable, isIngress] { encoder.write(flag) }
        encoder.write(options.flatMap { [$0.0, $0.1] })
        encoder.write(labels.flatMap { [$0.0, $0.1] })
        encoder.write(egress)
        encoder.write(pools.count)
        for pool in pools {
            encoder.write("\(pool.subnet)")
            encoder.write(pool.range.map { "\($0)" })
            encoder.write(pool.gateway.map { "\($0)" })
            encoder.write(pool.auxiliary.flatMap { [$0.0, "\($0.1)"] })
        }
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        func pairs(_ list: [String]) -> [(String, String)] {
            stride(from: 0, to: list.count - 1, by: 2).map { (list[$0], list[$0 + 1]) }
        }
        self.init(
            id: try decoder.read(), name: try decoder.read(), created: try decoder.read(), driver: try decoder.read())
        enableIPv4 = try decoder.read()
        enableIPv6 = try decoder.read()
        isInternal = try decoder.read()
        isAttachable = try decoder.read()
        isIngress = try decoder.read()
        options = pairs(try decoder.read())
        labels = pairs(try decoder.read())
        egress = try decoder.read()
        for _ in 0..<(try decoder.read(Int.self)) {
            guard let subnet = Subnet(try decoder.read(String.self)) else { throw .invalidValue("subnet") }
            let range = try decoder.read(String?.self), gateway = try decoder.read(String?.self)
            let auxiliary = pairs(try decoder.read())
            pools.append(
                NetworkPool(
                    subnet: subnet, range: range.flatMap { Subnet($0) }, gateway: gateway.flatMap { IPAddress($0) },
                    auxiliary: auxiliary.compactMap { pair in IPAddress(pair.1).map { (pair.0, $0) } }))
        }
    }
}
