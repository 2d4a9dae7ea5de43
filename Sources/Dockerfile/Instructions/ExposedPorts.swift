import Addresses
import Bytes

/// What a word of EXPOSE means, once it is expanded: a port, or a range of them, and a protocol.
package struct ExposedPorts: Hashable, Sendable {
    /// The ports.
    package let ports: ClosedRange<UInt16>
    /// "tcp", "udp" or "sctp".
    package let `protocol`: String
    /// Whether the protocol is written in capitals.
    package let hasCapitals: Bool
    /// Whether there is an address, or a port of the host, in front: it has no effect.
    package let hasHostPart: Bool

    /// Reads "80", "80-90/udp", "8080:80" or "127.0.0.1:8080:80". Throws Docker's sentences.
    package init(_ text: String) throws(ExpansionError) {
        let container = String(text.lastPlace(of: ":").map { text[...].behind($0) } ?? text[...])
        hasHostPart = text.has(":")
        let digits = container.until("/")
        let name = String(container.dropping(digits.utf8.count + 1))
        let wrong = "invalid port: \(GoValue.quoted(text)): "
        guard !digits.isEmpty else { throw ExpansionError(wrong + "no port specified") }
        self.protocol = name.isEmpty ? "tcp" : name.lowercased()
        hasCapitals = !name.isSame(as: name.lowercased())
        guard ["tcp", "udp", "sctp"].has(self.protocol) else {
            throw ExpansionError(wrong + "invalid proto: \(name.excerpt)")
        }
        guard let ports = Self.range(digits) else { throw ExpansionError("invalid containerPort: \(digits.excerpt)") }
        self.ports = ports
        try Self.check(hostPart: text.droppingLast(container.utf8.count + 1), container: digits, count: ports.count)
    }

    /// As an image's configuration has them: "80/tcp".
    package var names: [String] { ports.map { "\($0)/\(self.protocol)" } }

    private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
        let bounds = text.split(on: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = GoValue.unsigned(String(bounds[0])).flatMap({ UInt16(exactly: $0) }) else { return nil }
        guard bounds.count == 2 else { return first...first }
        guard let last = GoValue.unsigned(String(bounds[1])).flatMap({ UInt16(exactly: $0) }), first <= last else {
            return nil
        }
        return first...last
    }

    private static func check(hostPart: Substring, container: Substring, count: Int) throws(ExpansionError) {
        guard !hostPart.isEmpty else { return }
        let colon = hostPart.lastPlace(of: ":")
        let port = colon.map { hostPart.behind($0) } ?? hostPart
        try check(address: hostPart[..<(colon ?? hostPart.startIndex)])
        guard !port.isEmpty else { return }
        guard let range = range(port) else { throw ExpansionError("invalid hostPort: \(port.excerpt)") }
        // A single port of the container may have a range of the host's, of which one would be taken.
        guard range.count == count || count == 1 else {
            throw ExpansionError(
                "invalid ranges specified for container and host Ports: \(container.excerpt) and \(port.excerpt)")
        }
    }

    private static func check(address: Substring) throws(ExpansionError) {
        guard !address.isEmpty else { return }
        let isBracketed = address.begins(with: "[") && address.ends(with: "]")
        let bare = isBracketed ? address.dropping(1).droppingLast(1) : address
        guard IPAddress(bare) == nil else { return }
        throw ExpansionError("invalid IP address: \(bare.excerpt)")
    }
}
