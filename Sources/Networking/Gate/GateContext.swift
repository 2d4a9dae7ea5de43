package import Addresses
import Linux
import Glibc

/// What a container's gate knows of the world around it.
package struct GateSettings: Sendable {
    /// The addresses at which the container reaches the host: bridges' own.
    package var hostAddresses: [IPAddress] = []
    /// Of other networks of the user's: they are not reached.
    package var isolated: [Subnet] = []
    package var policy = EgressPolicy.everything

    package init() {}
}

/// Decides where packets go, for all parts of a gate.
final class GateContext: NamePolicy {
    var settings: GateSettings
    private let report: (String) -> Void
    // Names by the addresses that the container was told of, until when that counts.
    private var names: [IPAddress: [String: MonotonicTime]] = [:]
    private var reported: [String: MonotonicTime] = [:]

    // More than a container that means well asks for in the time that they are kept.
    private static let most = 4096

    init(_ settings: GateSettings, report: @escaping (String) -> Void) {
        self.settings = settings
        self.report = report
    }

    /// Where a packet goes, or why it does not.
    enum Decision {
        case go(IPAddress)
        /// EPERM and so on, as a connection to there would fail.
        case refuse(Errno)
    }

    /// Decides on a packet of `transport` to `address`.
    func decide(_ address: IPAddress, port: UInt16?, _ transport: String) -> Decision {
        for own in settings.hostAddresses where own == address {
            guard let host = KernelFacts.outboundAddress(v4: address.isV4) else { return .refuse(Errno(ECONNREFUSED)) }
            return permits(address, port, transport) ? .go(host) : .refuse(.notPermitted)
        }
        // What has a meaning on the machine that sends, and would have another here.
        if address.isLoopback || address.isUnspecified || address.isMulticast || address.unmapped != address
            || address == .v4(.max)
        {
            return .refuse(Errno(ENETUNREACH))
        }
        if case .v4(let number) = address, number >> 24 == 0 { return .refuse(Errno(ENETUNREACH)) }
        for subnet in settings.isolated where subnet.contains(address) { return .refuse(Errno(EHOSTUNREACH)) }
        return permits(address, port, transport) ? .go(address) : .refuse(.notPermitted)
    }

    private func permits(_ address: IPAddress, _ port: UInt16?, _ transport: String) -> Bool {
        if settings.policy == .everything { return true }
        let now = MonotonicTime.now()
        var known: [String] = []
        for (name, end) in names[address] ?? [:] where end > now { known.append(name) }
        if settings.policy.allows(address, port: port, names: known) { return true }
        tell("\(transport) to \(address)" + (port.map { " port \($0)" } ?? ""))
        return false
    }

    /// Whether the container may ask for a name.
    func allows(_ name: String) -> Bool {
        if settings.policy.allows(name: name) { return true }
        tell("the name \(name)")
        return false
    }

    /// Notes that the container was told that `name` has these addresses, for so long.
    func observe(_ name: String, _ addresses: [IPAddress], seconds: Int) {
        guard case .allow = settings.policy else { return }
        // A connection may come some time after the answer.
        let end = MonotonicTime.now().adding(seconds: max(300, min(seconds, 86_400)))
        for address in addresses {
            if names.count >= Self.most { names.removeAll() }
            names[address, default: [:]][name] = end
        }
    }

    // Once a minute for each place.
    private func tell(_ what: String) {
        let now = MonotonicTime.now()
        if let last = reported[what], last > now { return }
        if reported.count >= Self.most { reported.removeAll() }
        reported[what] = now.adding(seconds: 60)
        report("egress refused: \(what)")
    }
}
