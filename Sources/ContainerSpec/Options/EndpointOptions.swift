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
        guard isLong(text) else { return EndpointOptions(network: text) }
        guard let fields = commaSeparated(text) else { throw OptionError("invalid network '\(text)'") }
        var options = EndpointOptions(network: "")
        for field in fields {
            guard let (key, value) = splitOnce(field.lowercased(), "="), !key.isEmpty else {
                throw OptionError("invalid field \(field)")
            }
            try options.take(trimmed(key), trimmed(value))
        }
        guard !options.network.isEmpty else { throw OptionError("network name/id is not specified") }
        return options
    }

    // Where an equals sign is between two letters or digits, as Docker tells them apart. Podman's modes have settings of their
    // own behind a colon.
    private static func isLong(_ text: String) -> Bool {
        for mode in ["slirp4netns:", "pasta:", "ns:"] where text.begins(with: mode) { return false }
        let bytes = Array(text.utf8)
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        for (place, byte) in bytes.enumerated().dropFirst().dropLast() where byte == UInt8(ascii: "=") {
            if isWord(bytes[place - 1]), isWord(bytes[place + 1]) { return true }
        }
        return false
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while rest.firstLetter == " " || rest.firstLetter == "\t" { rest = rest.dropping(1) }
        while rest.lastLetter == " " || rest.lastLetter == "\t" { rest = rest.droppingLast(1) }
        return String(rest)
    }

    private mutating func take(_ key: String, _ value: String) throws(OptionError) {
        switch key {
        case "name": network = value
        case "alias": aliases.append(value)
        case "ip": ipv4 = value.isEmpty ? nil : value
        case "ip6": ipv6 = value.isEmpty ? nil : value
        case "link-local-ip": linkLocalIPs.append(value)
        // Checked with those of the other flags.
        case "mac-address": macAddress = value.isEmpty ? nil : value
        case "driver-opt":
            guard let (name, setting) = splitOnce(value, "="), !name.isEmpty else {
                throw OptionError("invalid key value pair format in driver options")
            }
            driverOptions[name] = setting
        case "gw-priority":
            guard let number = Int(value) else {
                let digits = value.firstLetter == "-" || value.firstLetter == "+" ? value.dropping(1) : value[...]
                let isNumber = digits.isDigits
                throw OptionError(
                    "invalid gw-priority (\(value)): " + (isNumber ? "value out of range" : "invalid syntax"))
            }
            gatewayPriority = number
        default: throw OptionError("invalid field key \(key)")
        }
    }
}
