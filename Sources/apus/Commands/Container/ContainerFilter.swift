import Bytes
import ContainerSpec
import DockerTypes
import Engine
import Flags
import Images
import OCI
import Rendering
import Store

/// Which containers `ps` shows.
struct ContainerFilter {
    static let keys: Set<String> = [
        "ancestor", "before", "exited", "expose", "health", "id", "is-task", "label", "name", "network", "publish",
        "since", "status", "volume",
    ]

    private let filters: Filters
    private let exitCodes: [Int32]
    private let ancestors: [Ancestor]
    private let before: String?
    private let since: String?
    private let isTask: Bool?

    /// An image that is still there, by its id, or a name that no image has.
    private enum Ancestor {
        case id(Digest)
        case name(String)
    }

    /// Throws `FilterError` for values that cannot be, and `EngineError` for containers that are not there.
    init(_ filters: Filters, _ engine: Engine) throws {
        self.filters = filters
        exitCodes = try filters.all("exited").map { text in
            guard let code = Int32(text) else {
                throw FilterError("invalid filter 'exited=\(text)': strconv.Atoi: parsing \"\(text)\": invalid syntax")
            }
            return code
        }
        for status in filters.all("status") where ContainerState.Status(rawValue: status) == nil {
            throw FilterError(
                "invalid filter 'status=\(status)': invalid value for state (\(status)): must be one of created, running, "
                    + "paused, restarting, removing, exited, dead")
        }
        for health in filters.all("health") where !["none", "starting", "healthy", "unhealthy"].contains(health) {
            throw FilterError(
                "invalid filter 'health=\(health)': invalid value for health (\(health)): must be one of none, starting, "
                    + "healthy, unhealthy")
        }
        for key in ["publish", "expose"] {
            for port in filters.all(key) where Self.portRange(port) == nil {
                throw FilterError(
                    "error while looking up for \(key) \(port): strconv.ParseUint: parsing \"\(port)\": invalid syntax")
            }
        }
        ancestors = try filters.all("ancestor").map { name in
            try engine.imageID(name).map { .id($0) } ?? .name(try TypedName.expanded(name))
        }
        before = try filters.all("before").last.map { try engine.container($0).description.created }
        since = try filters.all("since").last.map { try engine.container($0).description.created }
        isTask = try filters.bool("is-task")
    }

    func admits(_ container: ContainerSnapshot) -> Bool {
        let (description, state) = (container.description, container.state)
        let row = ContainerRow(container: container, isShort: false)
        // RFC 3339 in UTC sorts as text.
        if let before, description.created >= before { return false }
        if let since, description.created <= since { return false }
        // Containers here are no tasks of a swarm.
        if isTask == true { return false }
        if !exitCodes.isEmpty, state.isActive || !exitCodes.contains(where: { $0 == state.exitCode }) { return false }
        return filters.admits("id") { Filters.matches(container.id, $0) }
            && filters.admits("name") {
                Filters.matches(container.name, $0) || Filters.matches("/" + container.name, $0)
            }
            && filters.admits("status") { $0 == state.status.rawValue }
            && filters.admits("health") { $0 == container.health?.rawValue ?? "none" }
            && filters.admits("network") { wanted in description.options.networkNames.contains { wanted.isSame(as: $0) }
            }
            && filters.admits("publish") { admitsPublished(container.network.ports, $0) }
            && filters.admits("volume") { admitsVolume(description, $0) }
            && filters.admits("expose") { admitsPort(description, $0) }
            && (ancestors.isEmpty || ancestors.contains { isAncestor($0, of: description) })
            && filters.admitsLabels(row.labels)
    }

    private func isAncestor(_ ancestor: Ancestor, of container: ContainerDescription) -> Bool {
        switch ancestor {
        case .id(let id): container.imageID == id
        case .name(let name): container.options.image.isSame(as: name)
        }
    }

    private func admitsVolume(_ container: ContainerDescription, _ wanted: String) -> Bool {
        container.options.mounts.contains { mount in
            if mount.destination.isSame(as: wanted) { return true }
            switch mount.kind {
            case .bind(let bind): return bind.source.isSame(as: wanted)
            case .volume(let volume): return volume.name?.isSame(as: wanted) ?? false
            case .image(let image): return image.source.isSame(as: wanted)
            case .tmpfs: return false
            }
        }
    }

    private func admitsPublished(_ ports: [BoundPort], _ wanted: String) -> Bool {
        guard let wanted = Self.portRange(wanted) else { return false }
        return ports.contains {
            $0.protocolName == wanted.protocolName && wanted.range.contains(Int($0.hostPort))
        }
    }

    private func admitsPort(_ container: ContainerDescription, _ wanted: String) -> Bool {
        guard let wanted = Self.portRange(wanted) else { return false }
        return container.options.allExposedPorts(container.imageConfig).contains { port in
            guard let own = Self.portRange(port) else { return false }
            return own.protocolName == wanted.protocolName && own.range.overlaps(wanted.range)
        }
    }

    /// "80", "80/udp", "80-90/tcp".
    private static func portRange(_ text: String) -> (range: ClosedRange<Int>, protocolName: String)? {
        let parts = text.split(on: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return nil }
        let limits = parts[0].split(on: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = limits.first ?? nil, let last = limits.last ?? nil, limits.count <= 2, first <= last,
            (1...65535).contains(first), last <= 65535
        else { return nil }
        return (first...last, parts.count == 2 ? String(parts[1]) : "tcp")
    }
}
