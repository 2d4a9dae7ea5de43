package import Addresses
import Bytes
package import Errors

/// One port of a container that the host is to lead to (`--publish`).
package struct PortMapping: Hashable, Sendable {
    /// The host's address; nil for all of both versions.
    package var hostAddress: IPAddress?
    /// The host's ports of which the first free one is taken; nil for any that is free.
    package var hostPorts: ClosedRange<UInt16>?
    /// Whether the host's port was written as 0, which is any that is free, too.
    package var isZeroWritten = false
    package var containerPort: UInt16
    /// `tcp`, `udp` or `sctp`.
    package var protocolName: String

    package init(
        hostAddress: IPAddress? = nil, hostPorts: ClosedRange<UInt16>? = nil, containerPort: UInt16,
        protocolName: String = "tcp"
    ) {
        self.hostAddress = hostAddress
        self.hostPorts = hostPorts
        self.containerPort = containerPort
        self.protocolName = protocolName
    }

    /// Reads `[[address:][ports]:]ports[/protocol]`, or `target=…,published=…,protocol=…`, as Docker 28 does: a mapping for
    /// each of the container's ports. A host's range beside one port is a choice; beside as many ports it is a list. The host's
    /// port 0 is any that is free. Throws `OptionError` in Docker's words.
    package static func parse(_ text: String) throws(OptionError) -> [PortMapping] {
        let text = try shortForm(text)
        var (address, hostPorts, rest) = ("", "", text[...])
        if let place = text.lastPlace(of: ":") {
            (hostPorts, rest) = (String(text[..<place]), text.behind(place))
        }
        if let place = hostPorts.lastPlace(of: ":") {
            (address, hostPorts) = (String(hostPorts[..<place]), String(hostPorts.behind(place)))
        }
        let parts = rest.split(on: "/", omittingEmptySubsequences: false)
        let ports = parts.first.map(String.init) ?? ""
        let written = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : "tcp"
        let protocolName = written.lowercased()

        let hostAddress = try readAddress(address)
        guard !ports.isEmpty else { throw .usage("no port specified: \(text)<empty>") }
        guard let containerRange = range(ports) else { throw .usage("invalid containerPort: \(ports)") }
        var hostRange: ClosedRange<UInt16>?
        if !hostPorts.isEmpty {
            guard let range = range(hostPorts) else { throw .usage("invalid hostPort: \(hostPorts)") }
            guard range.count == containerRange.count || containerRange.count == 1 else {
                throw .usage("invalid ranges specified for container and host Ports: \(ports) and \(hostPorts)")
            }
            hostRange = range
        }
        guard ["tcp", "udp", "sctp"].contains(protocolName) else { throw .usage("invalid proto: \(written)") }

        var mappings: [PortMapping] = []
        for port in containerRange {
            var wanted = hostRange
            if let range = hostRange, containerRange.count > 1 {
                let own = range.lowerBound &+ (port &- containerRange.lowerBound)
                wanted = own...own
            }
            var mapping = PortMapping(
                hostAddress: hostAddress, hostPorts: wanted == 0...0 ? nil : wanted, containerPort: port,
                protocolName: protocolName)
            mapping.isZeroWritten = wanted == 0...0
            mappings.append(mapping)
        }
        return mappings
    }

    // The form with names: the last of a name counts, and names that nobody knows are left out.
    private static func shortForm(_ text: String) throws(OptionError) -> String {
        guard text.has("=") else { return text }
        var (target, published, protocolName) = ("", "", "tcp")
        for field in text.split(on: ",", omittingEmptySubsequences: false) {
            guard let place = field.place(of: "="), place != field.startIndex else {
                throw .usage("invalid publish opts format (should be name=value but got '\(field)')")
            }
            let value = String(field.behind(place))
            switch String(field[..<place]) {
            case "target": target = value
            case "published": published = value
            case "protocol": protocolName = value
            default: break
            }
        }
        return "\(published):\(target)/\(protocolName)"
    }

    // An address may stand in brackets, and must where it is not clear otherwise. The causes are Go's `net.SplitHostPort`'s.
    private static func readAddress(_ text: String) throws(OptionError) -> IPAddress? {
        var bare = text[...]
        if text.firstLetter == "[" {
            func invalid(_ cause: String) -> OptionError {
                .usage("invalid IP address \(text): address \(text):: \(cause) in address")
            }
            let inner = text.dropping(1)
            guard let end = inner.place(of: "]") else { throw invalid("missing ']'") }
            let behind = inner.behind(end)
            guard behind.isEmpty else { throw invalid(behind.firstLetter == ":" ? "too many colons" : "missing port") }
            bare = inner[..<end]
            guard !bare.has("[") else { throw invalid("unexpected '['") }
        }
        guard !bare.isEmpty else { return nil }
        guard let address = IPAddress(bare) else { throw .usage("invalid IP address: \(bare)") }
        return address
    }

    // What follows a second `-` does not count.
    private static func range(_ text: String) -> ClosedRange<UInt16>? {
        let parts = text.split(on: "-", omittingEmptySubsequences: false)
        guard let first = number(parts[0]), let last = number(parts.count > 1 ? parts[1] : parts[0]), first <= last
        else { return nil }
        return first...last
    }

    // By itself the initializer takes a sign.
    private static func number(_ text: Substring) -> UInt16? {
        text.isDigits ? UInt16(text) : nil
    }
}

extension PortMapping: CustomStringConvertible {
    /// What `parse` makes this mapping of.
    package var description: String {
        var text = ""
        if let hostAddress { text = hostAddress.isV4 ? "\(hostAddress):" : "[\(hostAddress)]:" }
        if let hostPorts {
            text += "\(hostPorts.lowerBound)"
            if hostPorts.count > 1 { text += "-\(hostPorts.upperBound)" }
        } else if isZeroWritten {
            text += "0"
        }
        return "\(text)\(text.isEmpty ? "" : ":")\(containerPort)/\(protocolName)"
    }
}

/// As its text.
extension PortMapping: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let mappings = try Self.parse(try container.decode(String.self))
        guard mappings.count == 1, let mapping = mappings.first else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not one port")
        }
        self = mapping
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
