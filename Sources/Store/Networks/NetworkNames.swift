package import Addresses
import Bytes
import Glibc
import Linux

/// The names that a container finds others by: of all who are on its networks, as the records say, which are read again when they
/// have changed.
package final class NetworkNames {
    private let endpoints: EndpointStore
    /// The ids and names of the networks.
    package var networks: [(id: String, name: String)] {
        didSet { views = [View](repeating: View(), count: networks.count) }
    }
    // Names that this container alone has for others.
    private let links: [(alias: String, container: String)]
    private var views: [View]

    private struct View {
        // Of the directory, when it was read; nil: read it.
        var stamp: Stamp?
        var byName: [ByteKey: [IPAddress]] = [:]
        var byAddress: [IPAddress: String] = [:]
    }

    private struct Stamp: Equatable {
        let seconds: Int
        let nanoseconds: Int
        let inode: UInt64
    }

    /// Of the networks with these ids and names. `links` are other names of containers, by their names or short ids.
    package init(
        _ endpoints: EndpointStore, networks: [(id: String, name: String)], links: [(alias: String, container: String)]
    ) {
        self.endpoints = endpoints
        self.networks = networks
        self.links = links
        views = [View](repeating: View(), count: networks.count)
    }

    /// The addresses of a name in lower case; nil where nobody has it.
    package func addresses(of name: String) -> [IPAddress]? {
        refresh()
        var wanted = name
        for (alias, container) in links where alias.lowercased().isSame(as: name) { wanted = container.lowercased() }
        var found: [IPAddress]?
        for place in 0..<networks.count {
            var own = wanted
            let suffix = "." + networks[place].name.lowercased()
            if wanted.ends(with: suffix) { own = String(wanted.dropping(0).droppingLast(suffix.utf8.count)) }
            if let addresses = views[place].byName[ByteKey(own)] { found = (found ?? []) + addresses }
        }
        return found
    }

    /// `name.network` of whoever has the address; nil where nobody has.
    package func name(of address: IPAddress) -> String? {
        refresh()
        for view in views { if let name = view.byAddress[address] { return name } }
        return nil
    }

    private func refresh() {
        for place in 0..<networks.count {
            let stamp = stamp(of: endpoints.directory(of: networks[place].id))
            if let stamp, stamp == views[place].stamp { continue }
            views[place] = read(networks[place])
            views[place].stamp = stamp
        }
    }

    // nil where the directory is not there, or has changed so lately that another change could have the same time.
    private func stamp(of directory: String) -> Stamp? {
        var status = stat()
        guard stat(directory, &status) == 0 else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let age = (now.tv_sec - status.st_mtim.tv_sec) * 1_000_000_000 + now.tv_nsec - status.st_mtim.tv_nsec
        guard age > 50_000_000 || age < 0 else { return nil }
        return Stamp(
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec, inode: UInt64(status.st_ino))
    }

    private func read(_ network: (id: String, name: String)) -> View {
        var view = View()
        guard let members = try? endpoints.members(of: network.id) else { return view }
        for record in members.living {
            var seen: [String] = []
            for name in record.names {
                let name = name.lowercased()
                // An alias may be the name.
                guard !seen.contains(where: name.isSame) else { continue }
                seen.append(name)
                view.byName[ByteKey(name), default: []] += record.addresses
            }
            for address in record.addresses { view.byAddress[address] = "\(record.containerName).\(network.name)" }
        }
        return view
    }
}
