import Addresses
import Bytes
import Errors
import Linux
import Networking

extension SpecBuilder {
    mutating func networkPlan() throws(OptionError) -> LaunchPlan.NetworkPlan {
        switch options.networkMode {
        case .host: return .host
        case .none: return .loopback
        case .slirp4netns(let settings): return .egress(.slirp4netns(Self.slirp(settings)))
        case .pasta(let arguments): return .egress(.pasta(arguments: arguments + nameForwarding(besides: arguments)))
        case .automatic where host.lacksBridges:
            do throws(EgressError) {
                switch try host.egress() {
                case .pasta(let arguments):
                    return .egress(.pasta(arguments: arguments + nameForwarding(besides: arguments)))
                case let helper: return .egress(helper)
                }
            } catch {
                warnings.append("the container has no network but loopback: \(error)")
                return .loopback
            }
        case .automatic, .network: return .bridged
        case .namespace(let path): return .joined(path: path)
        case .container: return .joined(path: joined?.namespace ?? "")
        }
    }

    private static func slirp(_ settings: SlirpSettings) -> SlirpOptions {
        var options = SlirpOptions()
        if let mtu = settings.mtu { options.mtu = mtu }
        options.cidr = settings.cidr
        options.enableIPv6 = settings.enableIPv6
        options.allowHostLoopback = settings.allowHostLoopback
        return options
    }

    // A link-local address of no other meaning, which podman uses for the same.
    private static let pastaNameServer = "169.254.1.1"

    // Name servers on the host's loopback are out of a namespace's reach but through pasta itself.
    private func nameForwarding(besides arguments: [String]) -> [String] {
        let isAsked = !options.dns.isEmpty || arguments.contains { $0.begins(with: "--dns-forward") }
        return isAsked || !ResolverConfiguration(host: host).outside.isEmpty
            ? [] : ["--dns-forward", Self.pastaNameServer]
    }

    mutating func generatedFiles(
        hostname: String, network: LaunchPlan.NetworkPlan
    ) throws(OptionError) -> [LaunchPlan.GeneratedFile] {
        return [
            .init(name: "hostname", destination: "/etc/hostname", content: hostname + "\n"),
            .init(name: "hosts", destination: "/etc/hosts", content: try hosts(hostname, network)),
            .init(name: "resolv.conf", destination: "/etc/resolv.conf", content: resolver(network)),
        ]
    }

    private func resolver(_ network: LaunchPlan.NetworkPlan) -> String {
        var configuration = ResolverConfiguration(host: host)
        if network == .host, options.dns.isEmpty, options.dnsSearch.isEmpty, options.dnsOptions.isEmpty {
            return configuration.text
        }
        switch network {
        case .host, .joined: break
        case .loopback: configuration.nameServers = configuration.outside
        case .bridged:
            // On the default network name servers that were asked for are the container's own affair, as with Docker.
            if options.networkMode == .automatic, !options.dns.isEmpty { break }
            return embeddedResolver(configuration)
        case .egress(let helper):
            if let server = helper.nameServer {
                configuration.nameServers = [server]
            } else if case .pasta(let arguments) = helper,
                let index = arguments.firstIndex(of: "--dns-forward"), index + 1 < arguments.count
            {
                configuration.nameServers = [arguments[index + 1]]
            } else {
                configuration.nameServers = configuration.outside
            }
        }
        if !options.dns.isEmpty { configuration.nameServers = options.dns }
        // A single dot means no search list at all.
        if !options.dnsSearch.isEmpty { configuration.search = options.dnsSearch.filter { $0 != "." } }
        if !options.dnsOptions.isEmpty { configuration.options = options.dnsOptions }
        return configuration.rendered
    }

    // Docker's form: names without dots go to the resolver first, and it gets all that the host's options do not need.
    private func embeddedResolver(_ host: ResolverConfiguration) -> String {
        var configuration = host
        configuration.nameServers = [Self.embeddedNameServer]
        if !options.dnsSearch.isEmpty { configuration.search = options.dnsSearch.filter { $0 != "." } }
        if !options.dnsOptions.isEmpty { configuration.options = options.dnsOptions }
        if !configuration.options.contains(where: { $0.begins(with: "ndots:") }) {
            configuration.options.append("ndots:0")
        }
        return configuration.rendered
    }

    /// Where a container's own resolver answers.
    static let embeddedNameServer = "127.0.0.11"

    private func hosts(_ hostname: String, _ network: LaunchPlan.NetworkPlan) throws(OptionError) -> String {
        var lines: [String]
        if network == .host {
            lines = (host.read("/etc/hosts") ?? "127.0.0.1\tlocalhost\n").split(
                separator: "\n", omittingEmptySubsequences: false
            )
            .map(String.init)
            if lines.last == "" { lines.removeLast() }
        } else {
            lines = [
                "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::\tip6-localnet",
                "ff00::\tip6-mcastprefix", "ff02::1\tip6-allnodes", "ff02::2\tip6-allrouters",
            ]
        }
        for entry in options.extraHosts {
            let address = entry.address == HostEntry.gateway ? try gatewayAddress(network) : entry.address
            lines.append("\(address)\t\(entry.name)")
        }
        // A bridged container's line follows when it has an address.
        if network != .host, network != .bridged {
            var address = "127.0.0.1"
            if case .egress(.slirp4netns) = network { address = slirpSettings.containerAddress }
            lines.append("\(address)\t" + ownNames(hostname))
        }
        return textFile(lines)
    }

    /// Either flag may hold the domain: the whole name comes first, and what is before its first dot.
    func ownNames(_ hostname: String) -> String {
        let full = Array((options.domainname.map { "\(hostname).\($0)" } ?? hostname).utf8)
        let short = full.prefix { $0 != UInt8(ascii: ".") }
        let names = short.count == full.count ? full : full + [UInt8(ascii: " ")] + short
        return String(decoding: names, as: UTF8.self)
    }

    private var slirpSettings: SlirpSettings {
        if case .slirp4netns(let settings) = options.networkMode { return settings }
        return SlirpSettings()
    }

    private func gatewayAddress(_ network: LaunchPlan.NetworkPlan) throws(OptionError) -> String {
        switch network {
        case .host: return "127.0.0.1"
        // Without a network nobody is there; Docker's line is the same.
        case .bridged, .loopback: return Self.hostGateway
        case .joined:
            throw OptionError(
                "--add-host with host-gateway: the container has no network in which the host has an address")
        case .egress(.slirp4netns):
            if slirpSettings.allowHostLoopback { return slirpSettings.gateway }
            guard let address = KernelFacts.outboundAddress(v4: true) else {
                throw OptionError("--add-host with host-gateway: the host has no address but loopback")
            }
            return address.description
        case .egress(.pasta):
            throw .refused(
                "--add-host with host-gateway",
                "with pasta the container has the host's own address; use --network slirp4netns")
        }
    }

    private static func isLoopback(_ server: String) -> Bool {
        switch IPAddress(server) {
        case .v4(let number): number >> 24 == 127
        case let address?: address == IPAddress("::1")
        case nil: false
        }
    }

    /// The gateway of the default network, at which a container on any network reaches the host.
    static let hostGateway = "172.17.0.1"

    /// What Docker refuses beside a network mode, in its words.
    mutating func checkNetworkConflicts() throws(OptionError) {
        let mode = options.networkMode
        if case .container = mode {
            func conflict(_ what: String) -> OptionError { OptionError("conflicting options: \(what)") }
            if options.hostname != nil { throw conflict("hostname and the network mode") }
            if !options.links.isEmpty {
                throw conflict(
                    "container type network can't be used with links. This would result in undefined behavior")
            }
            if !options.dns.isEmpty { throw conflict("dns and the network mode") }
            if !options.extraHosts.isEmpty { throw conflict("custom host-to-IP mapping and the network mode") }
            if !options.publish.isEmpty || options.publishAll {
                throw conflict("port publishing and the container type network mode")
            }
            if !options.exposedPorts.isEmpty {
                throw conflict("port exposing and the container type network mode")
            }
        }
        if mode == .host {
            if !options.links.isEmpty {
                throw OptionError(
                    "conflicting options: host type networking can't be used with links. This would result in undefined "
                        + "behavior")
            }
            if !options.publish.isEmpty {
                warnings.append("Published ports are discarded when using host network mode")
            }
        }
        if !mode.isBridged, mode.isOwn, mode != .none, !options.publish.isEmpty || options.publishAll {
            throw .refused(
                "--publish with --network=\(mode.inspected)", "ports are published for containers on networks of ours")
        }
        if let server = options.dns.first(where: Self.isLoopback) {
            warnings.append("Localhost DNS (\(server)) may fail in containers.")
        }
    }
}
