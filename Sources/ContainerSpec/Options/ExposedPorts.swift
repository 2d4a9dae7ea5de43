package import Errors

/// Ports that a container listens on (`--expose`).
package enum ExposedPorts {
    /// `port[-port][/protocol]` as one `port/protocol` for each port. Throws `OptionError`.
    package static func parse(_ text: String) throws(OptionError) -> [String] {
        func invalid() -> OptionError { OptionError("invalid range format for --expose: '\(text)'") }
        let (ports, protocolName) = splitOnce(text, "/") ?? (text, "tcp")
        guard ["tcp", "udp", "sctp"].contains(protocolName.lowercased()) else {
            throw OptionError("invalid port format for --expose: '\(text)': the protocol is tcp, udp or sctp")
        }
        let ends = ports.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else {
            throw invalid()
        }
        return (first...last).map { "\($0)/\(protocolName.lowercased())" }
    }
}
