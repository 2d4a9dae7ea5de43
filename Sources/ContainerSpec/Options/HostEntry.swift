import Addresses
import Bytes
package import Errors

/// A line for `/etc/hosts` (`--add-host`).
package struct HostEntry: Codable, Hashable, Sendable {
    package let name: String
    /// An address, or `host-gateway`.
    package let address: String

    /// Docker's word for the address at which the container reaches the host.
    package static let gateway = "host-gateway"

    /// Reads `name:address` or `name=address`, the address with or without brackets. Throws `OptionError`.
    package init(_ text: String) throws(OptionError) {
        guard let pair = splitOnce(text, "=") ?? splitOnce(text, ":"), !pair.0.isEmpty else {
            throw OptionError("bad format for add-host: \"\(text)\"")
        }
        var address = pair.1
        if address.begins(with: "["), address.ends(with: "]"), address.count > 2 {
            address = String(address.dropping(1).droppingLast(1))
        }
        guard address == Self.gateway || IPAddress.isValid(address) else {
            throw OptionError("invalid IP address in add-host: \"\(pair.1)\"")
        }
        // Blanks are between several names; a line's end would be that of the entry.
        guard !pair.0.utf8.contains(where: { $0 < 32 }) else {
            throw OptionError("bad format for add-host: \"\(text)\" (a host name is on one line)")
        }
        name = pair.0
        self.address = address
    }
}
