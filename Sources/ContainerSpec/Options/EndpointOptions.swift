import Addresses
import Bytes
package import Errors

/// What a user wants of one network for a container: `--network` in its long form, or with the flags beside it.
package struct EndpointOptions: Codable, Hashable, Sendable {
    /// A network's name or id.
    package var network: String
    package var aliases: [String] = []
    package var ipv4: String?
    package var ipv6: String?
    package var linkLocalIPs: [String] = []
    package var macAddress: String?
    package var driverOptions: [String: String] = [:]
    /// Of several networks the one with the highest has the way out.
    package var gatewayPriority = 0

    package init(network: String) { self.network = network }

    /// Reads a value of `--network`: a mode or a name, or `name=…,alias=…`. Throws `OptionError`, in Docker's words.
    package static func parse(_ text: String) throws(OptionError) -> EndpointOptions {
        guard
            text.begins(with: "name=") || text.has(",") && text.has("=") && !text.has(":")
                || longForm(text)
        else { return EndpointOptions(network: text) }
        guard let fields = commaSeparated(text) else { throw OptionError("invalid network '\(text)'") }
        var options = EndpointOptions(network: "")
        for field in fields {
            guard let (key, value) = splitOnce(field, "=") else {
                throw OptionError("invalid field '\(field)' in network '\(text)'")
            }
            try options.take(key.lowercased(), value, written: key)
        }
        guard !options.network.isEmpty else { throw OptionError("network name is missing in '\(text)'") }
        return options
    }

    // An address of version 6 has colons; a mode has one behind its first word.
    private static func longForm(_ text: String) -> Bool {
        guard let equals = text.place(of: "=") else { return false }
        return !text[..<equals].has(":") && text.has(",")
    }

    private mutating func take(_ key: String, _ value: String, written: String) throws(OptionError) {
        switch key {
        case "name": network = value
        case "alias": aliases.append(value)
        case "ip": ipv4 = value
        case "ip6": ipv6 = value
        case "link-local-ip": linkLocalIPs.append(value)
        case "mac-address":
            guard HardwareAddress(value) != nil else { throw OptionError("\(value) is not a valid mac address") }
            macAddress = value
        case "driver-opt":
            guard let (name, setting) = splitOnce(value, "="), !name.isEmpty else {
                throw OptionError("invalid key value pair format in driver options")
            }
            driverOptions[name.lowercased()] = setting
        case "gw-priority":
            guard let number = Int(value) else {
                throw OptionError("invalid gw-priority (\(value)): strconv.Atoi: parsing \"\(value)\": invalid syntax")
            }
            gatewayPriority = number
        default: throw OptionError("invalid field key \(written)")
        }
    }
}
