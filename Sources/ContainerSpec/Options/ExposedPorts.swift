import Bytes
package import Errors

/// Ports that a container listens on (`--expose`).
package enum ExposedPorts {
    /// `port[-port][/protocol]` as one `port/protocol` for each port, as Docker reads it: of any protocol, and without what is
    /// behind a second `-` or `/`. Throws `OptionError` in Docker's words.
    package static func parse(_ text: String) throws(OptionError) -> [String] {
        func invalid(_ cause: String) -> OptionError {
            OptionError.usage("invalid range format for --expose: \(text), error: \(cause)")
        }
        guard !text.has(":") else { throw OptionError.usage("invalid port format for --expose: \(text)") }
        let parts = text.split(on: "/", omittingEmptySubsequences: false)
        let ports = parts.first.map(String.init) ?? ""
        let protocolName = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : "tcp"
        guard !ports.isEmpty else { throw invalid("empty string specified for ports") }
        let limits = ports.split(on: "-", omittingEmptySubsequences: false).map(String.init)
        let pair = (limits.first ?? "", limits.count > 1 ? limits[1] : limits.first ?? "")
        func number(_ part: String) throws(OptionError) -> UInt16 {
            if let number = UInt16(part) { return number }
            let isLarge = part.isDigits
            throw invalid(
                "strconv.ParseUint: parsing \"\(part)\": " + (isLarge ? "value out of range" : "invalid syntax"))
        }
        let (first, last) = (try number(pair.0), try number(pair.1))
        guard first <= last else { throw invalid("invalid range specified for port: \(ports)") }
        return (first...last).map { "\($0)/\(protocolName)" }
    }
}
