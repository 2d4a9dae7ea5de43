package import Errors

/// Ports that a container listens on (`--expose`).
package enum ExposedPorts {
    /// `port[-port][/protocol]` as one `port/protocol` for each port. Throws `OptionError`.
    package static func parse(_ text: String) throws(OptionError) -> [String] {
        func invalid(_ cause: String) -> OptionError {
            OptionError.usage("invalid range format for --expose: \(text), error: \(cause)")
        }
        let (ports, protocolName) = splitOnce(text, "/") ?? (text, "tcp")
        guard ["tcp", "udp", "sctp"].contains(protocolName.lowercased()) else {
            throw OptionError.usage("invalid port format for --expose: \(text): the protocol is tcp, udp or sctp")
        }
        guard !ports.isEmpty else { throw invalid("empty string specified for ports") }
        let pair = splitOnce(ports, "-") ?? (ports, ports)
        func number(_ part: String) throws(OptionError) -> UInt16 {
            if let number = UInt16(part) { return number }
            let isLarge = !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) }
            throw invalid(
                "strconv.ParseUint: parsing \"\(part)\": " + (isLarge ? "value out of range" : "invalid syntax"))
        }
        let (first, last) = (try number(pair.0), try number(pair.1))
        guard first <= last else { throw invalid("invalid range specified for port: \(ports)") }
        return (first...last).map { "\($0)/\(protocolName.lowercased())" }
    }
}
