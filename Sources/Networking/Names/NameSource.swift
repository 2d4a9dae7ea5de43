package import Addresses
package import Linux

/// Where the names of a container's networks come from.
package protocol NameSource: AnyObject {
    /// The addresses of a local name (bytes of the name in lower case ASCII, without the final dot); nil where the name is not
    /// local.
    func addresses(of name: String) -> [IPAddress]?
    /// The name that a local address has (`web.network`); nil where it is none of ours.
    func name(of address: IPAddress) -> String?
    /// The container is on other networks from now on: their ids and names.
    func change(networks: [(id: String, name: String)])
}

/// Which names a container may ask others for, and who is told what became of them.
package protocol NamePolicy: AnyObject {
    /// Whether a name that is not local (lower case, no final dot) may be asked for.
    func allows(_ name: String) -> Bool
    /// The answer that is about to be given for `name` has `addresses`, which hold for `seconds`.
    func observe(_ name: String, _ addresses: [IPAddress], seconds: Int)
}

/// Where questions go that are not local.
package enum UpstreamServers: Sendable {
    /// To the servers in the resolv.conf(5) at `path`, which is followed as it changes.
    case host(path: String)
    /// To these, in this order.
    case fixed([SocketAddress])
}
