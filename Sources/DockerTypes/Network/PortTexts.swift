import Addresses
import Bytes
package import Store

/// The ports of a container as Docker's client writes them.
package enum PortTexts {
    /// `ps`'s column PORTS: `bound`, and of `exposed` (`53/udp`) those that are not. Neighbours that are the same number on
    /// both sides are one range, as are those that are exposed alone.
    package static func column(_ bound: [BoundPort], exposed: [String]) -> String {
        var ports = bound.map {
            Port(
                address: "\($0.hostAddress)", hostPort: $0.hostPort, number: $0.containerPort,
                protocolName: $0.protocolName)
        }
        for text in exposed {
            guard let port = Port(exposed: text),
                !bound.contains(where: { $0.containerPort == port.number && $0.protocolName == port.protocolName })
            else { continue }
            ports.append(port)
        }
        ports.sort()
        // Ranges that have ended, those that have not in the order of their beginnings, and the ports that are led elsewhere.
        var ended: [Range] = []
        var open: [Range] = []
        var elsewhere: [String] = []
        for port in ports {
            guard port.hostPort == nil || port.hostPort == port.number else {
                elsewhere.append(
                    "\(port.bracketed):\(port.hostPort ?? 0)->\(port.number)/\(port.protocolName)")
                continue
            }
            guard let place = open.firstIndex(where: { $0.port.isAlike(port) }) else {
                open.append(Range(port: port, last: port.number))
                continue
            }
            if Int(open[place].last) + 1 != Int(port.number) {
                ended.append(open[place])
                open[place].port = port
            }
            open[place].last = port.number
        }
        return (ended.map(\.text) + open.map(\.text) + elsewhere).joined(separator: ", ")
    }

    /// What `port` prints of all ports: `80/tcp -> 0.0.0.0:8080`.
    package static func lines(_ bound: [BoundPort]) -> [String] {
        ordered(bound).map { "\($0.containerPort)/\($0.protocolName) -> \(place($0))" }
    }

    /// What `port` prints of the container's port `text`, `80` or `80/tcp`. Throws `PortError` where that is no port, or not
    /// published.
    package static func lines(_ bound: [BoundPort], of text: String) throws(PortError) -> [String] {
        let parts = text.split(on: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let number = parts.first ?? ""
        guard number.isDigits else {
            throw .invalid("invalid port (\(number)): strconv.ParseUint: parsing \"\(number)\": invalid syntax")
        }
        guard UInt16(number) != nil else {
            throw .invalid("invalid port (\(number)): strconv.ParseUint: parsing \"\(number)\": value out of range")
        }
        let protocolName = parts.count > 1 && !parts[1].isEmpty ? parts[1] : "tcp"
        // By the text: `080` is a number, and no port.
        let found = ordered(bound).filter {
            number.isSame(as: "\($0.containerPort)") && protocolName.isSame(as: $0.protocolName)
        }
        guard !found.isEmpty else { throw .unpublished(text) }
        return found.map(place)
    }

    private static func ordered(_ bound: [BoundPort]) -> [BoundPort] {
        bound.sorted {
            if $0.containerPort != $1.containerPort { return $0.containerPort < $1.containerPort }
            if $0.protocolName != $1.protocolName { return $0.protocolName < $1.protocolName }
            if $0.hostAddress != $1.hostAddress { return $0.hostAddress < $1.hostAddress }
            return $0.hostPort < $1.hostPort
        }
    }

    private static func place(_ port: BoundPort) -> String {
        port.hostAddress.isV4 ? "\(port.hostAddress):\(port.hostPort)" : "[\(port.hostAddress)]:\(port.hostPort)"
    }
}

/// Why `port` has nothing to show.
package enum PortError: Error, Equatable, Sendable {
    /// A sentence of Docker's client.
    case invalid(String)
    /// The port that was asked for.
    case unpublished(String)

    /// Docker's words, for the container that was called `name`.
    package func sentence(_ name: String) -> String {
        switch self {
        case .invalid(let sentence): sentence
        case .unpublished(let port): "No public port '\(port)' published for \(name)"
        }
    }
}

/// A port that is published, or exposed alone.
private struct Port: Comparable {
    /// Empty where it is exposed alone.
    var address = ""
    var hostPort: UInt16?
    var number: UInt16
    var protocolName: String

    init(address: String, hostPort: UInt16, number: UInt16, protocolName: String) {
        self.address = address
        self.hostPort = hostPort
        self.number = number
        self.protocolName = protocolName
    }

    init?(exposed text: String) {
        guard let number = UInt16(text.until("/")) else { return nil }
        self.number = number
        protocolName = text.place(of: "/").map { String(text.behind($0)) } ?? "tcp"
    }

    var bracketed: String { address.has(":") ? "[\(address)]" : address }

    func isAlike(_ other: Port) -> Bool { address == other.address && protocolName == other.protocolName }

    // Addresses by their text.
    static func < (left: Port, right: Port) -> Bool {
        if left.number != right.number { return left.number < right.number }
        if left.address != right.address { return left.address < right.address }
        if left.hostPort != right.hostPort { return left.hostPort ?? 0 < right.hostPort ?? 0 }
        return left.protocolName < right.protocolName
    }
}

/// Ports one behind the other that are written as one.
private struct Range {
    var port: Port
    var last: UInt16

    var text: String {
        let numbers = port.number == last ? "\(last)" : "\(port.number)-\(last)"
        return (port.address.isEmpty ? numbers : "\(port.bracketed):\(numbers)->\(numbers)") + "/\(port.protocolName)"
    }
}
