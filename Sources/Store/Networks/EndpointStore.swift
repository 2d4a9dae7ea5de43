package import Addresses
import Bytes
import Glibc
package import Linux

/// Who is on which network now, and which addresses are taken: a file for each container and network, in the run directory. It
/// counts as long as the supervisor lives that it names.
package struct EndpointStore: Sendable {
    private let paths: StorePaths
    private var folder: String { paths.run + "/network/endpoints" }

    package init(_ paths: StorePaths) { self.paths = paths }

    /// The directory of a network's endpoints, which changes with every one of them.
    package func directory(of network: String) -> String { "\(folder)/\(network)" }

    private func path(_ network: String, _ container: String) -> String { "\(folder)/\(network)/\(container)" }

    /// What a container wants of a network.
    package struct Wish: Sendable {
        package var network: NetworkDefinition
        package var containerID: String
        package var containerName: String
        package var interface: String
        package var aliases: [String] = []
        package var ipv4: IPAddress?
        package var ipv6: IPAddress?
        package var mac: HardwareAddress?

        package init(network: NetworkDefinition, containerID: String, containerName: String, interface: String) {
            self.network = network
            self.containerID = containerID
            self.containerName = containerName
            self.interface = interface
        }
    }

    /// Gives the container addresses that nobody has, the lowest that are free or those that it wants, and writes them down for
    /// `owner`. Beside the record it returns those of containers that are gone without having said so, which are forgotten.
    /// Throws `conflict` where a wanted address is taken, or none is free.
    package func claim(
        _ wish: Wish, owner: ProcessIdentity
    ) throws(StoreError) -> (record: EndpointRecord, dead: [EndpointRecord]) {
        // The lock makes its directory, which is not to come back behind a network's end.
        guard try NetworkStore(paths).isPresent(wish.network.id) else { throw .unknownNetwork(wish.network.name) }
        let lock = try lock(wish.network.id)
        defer { lock.descriptor.unlock() }
        guard try NetworkStore(paths).isPresent(wish.network.id) else { throw .unknownNetwork(wish.network.name) }
        let others = try members(of: wish.network.id, besides: wish.containerID)
        var dead = others.dead
        for record in dead { try forget(record) }
        // Its own of a run whose supervisor was killed.
        if let former = try read(wish.network.id, wish.containerID), former.owner != owner { dead.append(former) }
        var record = EndpointRecord(
            networkID: wish.network.id, containerID: wish.containerID, containerName: wish.containerName,
            endpointID: randomHex(bytes: 32), interface: wish.interface, mac: wish.mac ?? .random(),
            owner: owner)
        record.names = [wish.containerName] + wish.aliases + [String(wish.containerID.prefix(12))]
        for v4 in [true, false] {
            guard let pool = wish.network.pool(v4: v4) else { continue }
            var taken = others.living.compactMap { v4 ? $0.ipv4 : $0.ipv6 }
            let gateway = pool.bridgeAddress
            if let gateway { taken.append(gateway) }
            for (_, address) in pool.auxiliary { taken.append(address) }
            let address = try Self.choose(v4 ? wish.ipv4 : wish.ipv6, of: pool, taken, in: wish.network)
            if v4 {
                (record.ipv4, record.ipv4Prefix, record.gateway4) = (address, pool.subnet.prefix, gateway)
            } else {
                (record.ipv6, record.ipv6Prefix, record.gateway6) = (address, pool.subnet.prefix, gateway)
            }
        }
        // Whoever has talked to the address before knows where it is: announcements of another are not heard for a second
        // (locktime, arp(7)).
        if wish.mac == nil, case .v4(let number) = record.ipv4 { record.mac = HardwareAddress(for: number) }
        try put(record)
        return (record, dead)
    }

    private static func choose(
        _ wanted: IPAddress?, of pool: NetworkPool, _ taken: [IPAddress], in network: NetworkDefinition
    ) throws(StoreError) -> IPAddress {
        if let wanted {
            guard pool.subnet.contains(wanted) else {
                throw .conflict("no configured subnet or ip-range contain the IP address \(wanted)")
            }
            guard !taken.contains(wanted), !pool.isReserved(wanted) else {
                throw .conflict("Address already in use")
            }
            return wanted
        }
        if let address = pool.firstFree(besides: Set(taken)) { return address }
        throw .conflict(
            "no available \(pool.subnet.base.isV4 ? "IPv4" : "IPv6") addresses on this network's address pools: "
                + "\(network.name) (\(network.id))")
    }

    /// Writes a record anew, with what has become known of it.
    package func write(_ record: EndpointRecord) throws(StoreError) {
        // Half-written files of who has no lock are nobody's.
        let lock = try lock(record.networkID)
        defer { lock.descriptor.unlock() }
        try put(record)
    }

    private func put(_ record: EndpointRecord) throws(StoreError) {
        var encoder = WireEncoder()
        record.encode(to: &encoder)
        let bytes = encoder.bytes
        try doing("write the address of container \(record.containerID.prefix(12))") { () throws(SystemError) in
            try Files.replace(path(record.networkID, record.containerID), with: bytes, mode: 0o600, durable: false)
        }
    }

    /// The container is not on the network any more. Nothing where it was not.
    package func forget(_ record: EndpointRecord) throws(StoreError) {
        try doing("forget the address of container \(record.containerID.prefix(12))") { () throws(SystemError) in
            do throws(SystemError) { try Files.unlink(path(record.networkID, record.containerID)) } catch {
                if error.errno != .noEntry { throw error }
            }
        }
    }

    /// Who has been on a network.
    package struct Members: Sendable {
        package var living: [EndpointRecord] = []
        /// Their supervisors are gone without having said so.
        package var dead: [EndpointRecord] = []
    }

    /// The records of a network, without that of one container; files that are no records are passed over.
    package func members(of network: String, besides container: String? = nil) throws(StoreError) -> Members {
        var members = Members()
        for name in try names(network) where name != container {
            guard let record = try read(network, name) else { continue }
            if !record.owner.isAlive {
                members.dead.append(record)
            } else {
                members.living.append(record)
            }
        }
        return members
    }

    /// Gives a container that runs another name on its networks.
    package func rename(_ container: String, to name: String) throws(StoreError) {
        for network in try inUse() where try read(network, container) != nil {
            let lock = try lock(network)
            defer { lock.descriptor.unlock() }
            guard var record = try read(network, container), record.owner.isAlive else { continue }
            record.names = record.names.map { $0.isSame(as: record.containerName) ? name : $0 }
            record.containerName = name
            try put(record)
        }
    }

    /// The container's places on `networks`, in their order; without those that it is not on.
    package func places(of container: String, on networks: [String]) throws(StoreError) -> [EndpointRecord] {
        var records: [EndpointRecord] = []
        for network in networks {
            if let record = try read(network, container), record.owner.isAlive {
                records.append(record)
            }
        }
        return records
    }

    /// Forgets the places of containers that are gone without having said so. Returns whose they were.
    package func sweep() throws(StoreError) -> [EndpointRecord] {
        var swept: [EndpointRecord] = []
        for network in try inUse() {
            let lock = try lock(network)
            defer { lock.descriptor.unlock() }
            try doing("sweep network \(network.prefix(12))") { () throws(SystemError) in
                for name in try Files.list(directory(of: network))
                where name.begins(with: ".") && name.ends(with: ".tmp") {
                    unlink("\(directory(of: network))/\(name)")
                }
            }
            for record in try members(of: network).dead {
                try forget(record)
                swept.append(record)
            }
            // That of a network whose removal was cut short.
            if try !NetworkStore(paths).isPresent(network), try names(network).isEmpty {
                try? Files.removeTree(directory(of: network))
            }
        }
        return swept
    }

    /// What `sweep` would take away: records of containers that are gone, and the directories of networks that are.
    package func abandoned() throws(StoreError) -> (records: [EndpointRecord], directories: [String]) {
        var abandoned: (records: [EndpointRecord], directories: [String]) = ([], [])
        for network in try inUse() {
            abandoned.records += try members(of: network).dead
            if try !NetworkStore(paths).isPresent(network) { abandoned.directories.append(directory(of: network)) }
        }
        return abandoned
    }

    private func inUse() throws(StoreError) -> [String] {
        let all = try doing("list the networks in use") { () throws(SystemError) in
            do throws(SystemError) { return try Files.list(folder) } catch {
                if error.errno == .noEntry { return [String]() }
                throw error
            }
        }
        return all.filter { ContainerStore.isID($0) }
    }

    private func names(_ network: String) throws(StoreError) -> [String] {
        let all = try doing("list who is on network \(network.prefix(12))") { () throws(SystemError) in
            do throws(SystemError) { return try Files.list(directory(of: network)) } catch {
                if error.errno == .noEntry { return [String]() }
                throw error
            }
        }
        return all.filter { ContainerStore.isID($0) }.sorted()
    }

    // nil where there is none, or something that is none.
    func read(_ network: String, _ container: String) throws(StoreError) -> EndpointRecord? {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try Files.read(path(network, container), limit: 1 << 20) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory || error.errno == .notRegular { return nil }
            throw .failed(action: "read the address of container \(container.prefix(12))", error)
        }
        var decoder = WireDecoder(bytes)
        guard let record = try? EndpointRecord(from: &decoder), decoder.remaining == 0,
            record.networkID.isSame(as: network),
            record.containerID.isSame(as: container)
        else { return nil }
        return record
    }

    func lock(_ network: String) throws(StoreError) -> FileLock {
        let path = directory(of: network) + "/.lock"
        return try doing("lock the addresses of network \(network.prefix(12))") { () throws(SystemError) in
            do throws(SystemError) { return try FileLock(path) } catch {
                guard error.errno == .noEntry else { throw error }
                try Files.makeDirectories(directory(of: network), mode: 0o700)
                return try FileLock(path)
            }
        }
    }
}
