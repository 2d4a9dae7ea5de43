package import Addresses
import Bytes

/// Where a container may send to.
package enum EgressPolicy: Hashable, Sendable {
    case everything
    case nothing
    case allow([Rule])

    /// One of the places.
    package struct Rule: Hashable, Sendable {
        /// By addresses, or by a host's name, in lower case, with what is below it where it begins with `*.`.
        package enum Target: Hashable, Sendable {
            case subnet(Subnet)
            case host(String)
        }

        package var target: Target
        /// nil: every port.
        package var port: UInt16?
    }

    /// Reads `none`, `all`, or `allow=` and places with commas between them: `HOST[:PORT]`, `ADDRESS[:PORT]`, `CIDR[:PORT]`,
    /// version 6 in brackets where a port follows. nil for anything else.
    package init?(_ text: String) {
        switch text {
        case "none": self = .nothing
        case "all", "": self = .everything
        default:
            guard text.begins(with: "allow=") else { return nil }
            var rules: [Rule] = []
            for part in text.dropping(6).split(on: ",") {
                guard let rule = Rule(part) else { return nil }
                rules.append(rule)
            }
            guard !rules.isEmpty else { return nil }
            self = .allow(rules)
        }
    }

    /// As `init` reads it.
    var text: String {
        switch self {
        case .everything: "all"
        case .nothing: "none"
        case .allow(let rules): "allow=" + rules.map(\.text).joined(separator: ",")
        }
    }

    /// Whether packets to `address` may go; `names` are the hosts whose address it is known to be. A nil port is that of a
    /// protocol without one.
    func allows(_ address: IPAddress, port: UInt16?, names: [String]) -> Bool {
        switch self {
        case .everything: return true
        case .nothing: return false
        case .allow(let rules):
            for rule in rules where rule.port == nil || rule.port == port {
                switch rule.target {
                case .subnet(let subnet): if subnet.contains(address) { return true }
                case .host: for name in names where rule.matches(name) { return true }
                }
            }
            return false
        }
    }

    /// Whether a name may be asked for.
    func allows(name: String) -> Bool {
        switch self {
        case .everything: return true
        case .nothing: return false
        case .allow(let rules):
            for rule in rules where rule.matches(name) { return true }
            return false
        }
    }
}

extension EgressPolicy.Rule {
    init?(_ text: Substring) {
        var host = text
        var port: UInt16?
        if text.firstLetter == "[" {
            guard let end = text.place(of: "]") else { return nil }
            host = text[text.utf8.index(after: text.startIndex)..<end]
            let rest = text.behind(end)
            if !rest.isEmpty {
                guard rest.firstLetter == ":", let number = Self.port(rest.dropping(1)) else { return nil }
                port = number
            }
        } else if let colon = text.place(of: ":"), text.lastPlace(of: ":") == colon {
            guard let number = Self.port(text.behind(colon)) else { return nil }
            (host, port) = (text[..<colon], number)
        }
        if let address = IPAddress(host), let subnet = Subnet(address, prefix: address.width) {
            self.init(target: .subnet(subnet), port: port)
        } else if let subnet = Subnet(host) {
            self.init(target: .subnet(subnet), port: port)
        } else {
            let isName = host.utf8.allSatisfy { byte in
                byte == 42 || byte == 45 || byte == 46 || byte == 95 || (48...57).contains(byte)
                    || (65...90).contains(byte)
                    || (97...122).contains(byte)
            }
            guard !host.isEmpty, isName, host.utf8.count <= 253 else { return nil }
            self.init(target: .host(host.lowercased()), port: port)
        }
    }

    fileprivate var text: String {
        let place =
            switch target {
            case .subnet(let subnet): subnet.base.isV4 ? "\(subnet)" : "[\(subnet)]"
            case .host(let name): name
            }
        return place + (port.map { ":\($0)" } ?? "")
    }

    private static func port(_ text: Substring) -> UInt16? {
        text.isDigits ? UInt16(text) : nil
    }

    /// Whether `name`, in lower case, is the host's, or below it.
    func matches(_ name: String) -> Bool {
        guard case .host(let host) = target else { return false }
        if host.begins(with: "*.") { return name.ends(with: String(host.dropping(1))) }
        return name.isSame(as: host)
    }
}
