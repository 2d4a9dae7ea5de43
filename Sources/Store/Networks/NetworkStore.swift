import Addresses
import Bytes
import Glibc
package import Linux

/// The networks of a user: a file each, named by its id.
package struct NetworkStore: Sendable {
    let paths: StorePaths

    package init(_ paths: StorePaths) { self.paths = paths }

    private var folder: String { paths.data + "/networks" }

    /// All networks, those that are always there first, then by their names. One whose file cannot be read is left out, and
    /// `problem` told. Throws `failed` where there is no list.
    package func list(problem: (StoreError) -> Void = { _ in }) throws(StoreError) -> [NetworkDefinition] {
        var own: [NetworkDefinition] = []
        for name in try names() {
            do throws(StoreError) {
                if let network = try read(name) { own.append(network) }
            } catch { problem(error) }
        }
        own.sort { ($0.name, $0.id) < ($1.name, $1.id) }
        return Self.builtIn + own
    }

    private func names() throws(StoreError) -> [String] {
        let all = try doing("list the networks") { () throws(SystemError) in
            do throws(SystemError) { return try Files.list(folder) } catch {
                if error.errno == .noEntry { return [String]() }
                throw error
            }
        }
        return all.filter { ContainerStore.isID($0) }
    }

    /// The network with the name, the id or the beginning of the id `text`. Throws `unknownNetwork`, `ambiguous`, and
    /// `corrupt` where it may be one that cannot be read.
    package func find(_ text: String) throws(StoreError) -> NetworkDefinition {
        for network in Self.builtIn where network.name.isSame(as: text) || network.id.isSame(as: text) {
            return network
        }
        var unreadable: StoreError?
        let all = try list { unreadable = $0 }
        for network in all where network.id.isSame(as: text) || network.name.isSame(as: text) { return network }
        let found = text.isEmpty ? [] : (Self.builtIn + all).filter { $0.id.begins(with: text) }
        guard found.count < 2 else { throw .ambiguous(kind: "network", prefix: text) }
        if let network = found.first { return network }
        throw unreadable ?? .unknownNetwork(text)
    }

    /// Whether a network is there still.
    func isPresent(_ id: String) throws(StoreError) -> Bool {
        for network in Self.builtIn where network.id.isSame(as: id) { return true }
        return try doing("look for network \(id.prefix(12))") { () throws(SystemError) in
            try Files.isPresent("\(folder)/\(id)")
        }
    }

    // Names and subnets are given to one at a time.
    private func lock() throws(StoreError) -> FileLock {
        try doing("lock the networks") { () throws(SystemError) in
            do throws(SystemError) { return try FileLock(folder + "/.lock") } catch {
                guard error.errno == .noEntry else { throw error }
                try Files.makeDirectories(folder, mode: 0o700)
                return try FileLock(folder + "/.lock")
            }
        }
    }

    /// Keeps `definition`, with `wanted` as its pools and one that is free for each version that it has and that has none.
    /// Throws `conflict` where the name or a subnet is another's, or no subnet is left.
    package func create(
        _ definition: NetworkDefinition, pools wanted: [NetworkPool]
    ) throws(StoreError) -> NetworkDefinition {
        let lock = try lock()
        defer { lock.descriptor.unlock() }
        let all = try list()
        for other in all where other.name.isSame(as: definition.name) {
            throw .conflict("network with name \(definition.name) already exists")
        }
        for other in all where other.driver == definition.driver && other.bridgeName.isSame(as: definition.bridgeName) {
            throw .conflict(
                "cannot create network \(definition.id) (\(definition.bridgeName)): conflicts with network \(other.id) "
                    + "(\(other.bridgeName)): networks have same bridge name")
        }
        var definition = definition
        definition.pools = wanted
        var taken: [Subnet] = []
        for other in all {
            for v4 in [true, false] { if let pool = other.pool(v4: v4) { taken.append(pool.subnet) } }
        }
        // One of a version that is off takes nothing.
        for pool in wanted where pool.subnet.base.isV4 ? definition.enableIPv4 : definition.enableIPv6 {
            for other in taken where other.overlaps(pool.subnet) {
                throw .conflict("invalid pool request: Pool overlaps with other one on this address space")
            }
        }
        if definition.hasKernelNAT {
            // Its containers are on the machine's own network.
            for pool in wanted where pool.subnet.base.isV4 {
                for other in HostRoutes.subnets(isOwn: false) where other.overlaps(pool.subnet) {
                    throw .conflict(
                        "the subnet \(pool.subnet) overlaps \(other), which this machine has a route to: a network with nat=kernel "
                            + "needs one of its own")
                }
            }
        }
        // What the host reaches by itself, containers should reach, too.
        taken += HostRoutes.subnets() + wanted.map(\.subnet)
        if definition.enableIPv4, !wanted.contains(where: { $0.subnet.base.isV4 }) {
            definition.pools.append(try Self.free(DefaultPools.v4, besides: taken))
        }
        if definition.enableIPv6, wanted.allSatisfy({ $0.subnet.base.isV4 }) {
            definition.pools.append(try Self.free(DefaultPools.v6(paths.data), besides: taken))
        }
        var encoder = WireEncoder()
        definition.encode(to: &encoder)
        let bytes = encoder.bytes
        try doing("write network \(definition.name)") { () throws(SystemError) in
            try Files.replace("\(folder)/\(definition.id)", with: bytes, mode: 0o600, durable: true)
        }
        return definition
    }

    private static func free(_ candidates: [Subnet], besides taken: [Subnet]) throws(StoreError) -> NetworkPool {
        for candidate in candidates where !taken.contains(where: { $0.overlaps(candidate) }) {
            return NetworkPool(subnet: candidate, gateway: candidate.base.advanced(by: 1))
        }
        throw .conflict("all predefined address pools have been fully subnetted: give one by --subnet")
    }

    /// Forgets the network. Throws `conflict` where somebody is on it, and `unknownNetwork` where it is not there.
    package func remove(_ id: String) throws(StoreError) {
        let lock = try EndpointStore(paths).lock(id)
        defer { lock.descriptor.unlock() }
        guard try EndpointStore(paths).members(of: id).living.isEmpty else {
            throw .conflict("network \(id.prefix(12)) has active endpoints")
        }
        do throws(SystemError) { try Files.unlink("\(folder)/\(id)") } catch {
            if error.errno == .noEntry { throw .unknownNetwork(id) }
            throw .failed(action: "remove network \(id.prefix(12))", error)
        }
        // Whoever waits for the lock in there finds that the network is gone.
        try? Files.removeTree(EndpointStore(paths).directory(of: id))
    }

    /// The containers that run on the network.
    package func endpoints(of id: String) throws(StoreError) -> [EndpointRecord] {
        try EndpointStore(paths).members(of: id).living
    }

    // nil for one that was removed since it was listed.
    private func read(_ id: String) throws(StoreError) -> NetworkDefinition? {
        let path = "\(folder)/\(id)"
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try Files.read(path, limit: 1 << 20) } catch {
            if error.errno == .noEntry { return nil }
            throw .failed(action: "read \(path)", error)
        }
        do throws(WireError) {
            var decoder = WireDecoder(bytes)
            let network = try NetworkDefinition(from: &decoder)
            guard network.id.isSame(as: id), decoder.remaining == 0 else { throw WireError.invalidValue("network") }
            return network
        } catch { throw .corrupt(path: path, cause: error.description) }
    }

    /// The network of a container that has the host's (`host`), or none at all (`none`).
    package static func builtIn(_ name: String) -> NetworkDefinition? {
        // Without the others: every start asks for its own.
        if name.isSame(as: NetworkDefinition.defaultName) { return bridge }
        if name.isSame(as: "host") { return host }
        return name.isSame(as: "none") ? none : nil
    }

    private static let builtIn = [bridge, host, none]

    // The same for everybody and for good; apart already in their first digits, by which ids are shown.
    private static let bridge = {
        var network = builtIn(
            NetworkDefinition.defaultName, "bridge", "17f29b073143d8cd97b5bbe492bdeffec1c5fee55cc1fe2112c8b9335f8b6121")
        if let subnet = Subnet("172.17.0.0/16") {
            network.pools = [NetworkPool(subnet: subnet, gateway: subnet.base.advanced(by: 1))]
        }
        return network
    }()
    private static let host = builtIn(
        "host", "host", "4740ae6347b0172c01254ff55bae5aff5199f4446e7f6d643d40185b3f475145")
    private static let none = builtIn(
        "none", "null", "140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe")

    private static func builtIn(_ name: String, _ driver: String, _ id: String) -> NetworkDefinition {
        var network = NetworkDefinition(id: id, name: name, created: "1970-01-01T00:00:00.000000000Z", driver: driver)
        network.isBuiltIn = true
        return network
    }
}

extension NetworkDefinition: WireCodable {
    private static let version: UInt8 = 2

    package func encode(to encoder: inout WireEncoder) {
        encoder.writeInteger(Self.version)
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
            encoder.write(pool.isChosen)
        }
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        func pairs(_ list: [String]) -> [(String, String)] {
            stride(from: 0, to: list.count - 1, by: 2).map { (list[$0], list[$0 + 1]) }
        }
        let version = try decoder.readInteger(UInt8.self)
        guard (1...Self.version).contains(version) else { throw .invalidValue("version") }
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
        let count = try decoder.read(Int.self)
        guard (0...2).contains(count) else { throw .invalidValue("pools") }
        for _ in 0..<count {
            guard let subnet = Subnet(try decoder.read(String.self)) else { throw .invalidValue("subnet") }
            let range = try decoder.read(String?.self), gateway = try decoder.read(String?.self)
            let auxiliary = pairs(try decoder.read())
            let isChosen = version == 1 ? true : try decoder.read()
            pools.append(
                NetworkPool(
                    subnet: subnet, range: range.flatMap { Subnet($0) }, gateway: gateway.flatMap { IPAddress($0) },
                    auxiliary: auxiliary.compactMap { pair in IPAddress(pair.1).map { (pair.0, $0) } },
                    isChosen: isChosen))
        }
    }
}
