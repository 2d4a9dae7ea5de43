import Cgroups
import JSON
import Linux
import OCI

/// What the state directory says of a container, written once, when its process is there.
struct ContainerRecord: Equatable, Sendable {
    var id: String
    /// The container's first process. Its start time tells it from a later process with its number.
    var process: ProcessIdentity
    /// Absolute.
    var bundle: String
    /// Absolute.
    var rootfs: String
    /// RFC 3339.
    var created: String
    /// The user who created it, by name or number.
    var owner: String
    /// The directory of its cgroup; nil where it has none of its own.
    var cgroup: String?
    /// The systemd scope that the cgroup belongs to.
    var scope: SystemdScope?
    /// The mount namespace of its caller (the text of /proc/self/ns/mnt), where it has none of its own: its mounts, all of
    /// them below its root, are in that one.
    var sharedMounts: String?

    var bytes: [UInt8] {
        let tree = JSONTree.record([
            ("id", .string(id)), ("pid", .integer(process.pid)), ("startTime", .integer(process.startTime)),
            ("bundle", .string(bundle)), ("rootfs", .string(rootfs)), ("created", .string(created)),
            ("owner", .string(owner)), ("cgroup", cgroup.map { .string($0) }),
            ("sharedMounts", sharedMounts.map { .string($0) }),
            (
                "scope",
                scope.map {
                    .record([
                        ("unit", .string($0.unit)), ("manager", .string($0.manager.kind.rawValue)),
                        ("sockets", .strings($0.manager.sockets)),
                    ])
                }
            ),
        ])
        return Array((tree.text() + "\n").utf8)
    }

    init(
        id: String, process: ProcessIdentity, bundle: String, rootfs: String, created: String, owner: String,
        cgroup: String?, scope: SystemdScope?, sharedMounts: String? = nil
    ) {
        self.id = id
        self.process = process
        self.bundle = bundle
        self.rootfs = rootfs
        self.created = created
        self.owner = owner
        self.cgroup = cgroup
        self.scope = scope
        self.sharedMounts = sharedMounts
    }

    init(_ bytes: [UInt8], path: String) throws(OCIError) {
        let tree: JSONTree
        do throws(JSONError) { tree = try JSONTree.parse(bytes) } catch {
            throw OCIError("\(path) is damaged: \(error)")
        }
        guard let id = tree["id"]?.string, let pid = tree["pid"]?.integer, let bundle = tree["bundle"]?.string,
            case .number(let digits)? = tree["startTime"], let start = UInt64(digits)
        else { throw OCIError("\(path) is damaged: a field is missing") }
        self.init(
            id: id, process: ProcessIdentity(pid: ProcessID(truncatingIfNeeded: pid), startTime: start), bundle: bundle,
            rootfs: tree["rootfs"]?.string ?? "", created: tree["created"]?.string ?? "",
            owner: tree["owner"]?.string ?? "", cgroup: tree["cgroup"]?.string, scope: Self.scope(tree["scope"]),
            sharedMounts: tree["sharedMounts"]?.string)
    }

    private static func scope(_ tree: JSONTree?) -> SystemdScope? {
        guard let unit = tree?["unit"]?.string, let name = tree?["manager"]?.string,
            let kind = SystemdManager.Kind(rawValue: name)
        else { return nil }
        let sockets = (tree?["sockets"]?.array ?? []).compactMap(\.string)
        return SystemdScope(manager: SystemdManager(kind, sockets: sockets), unit: unit)
    }
}

/// Where a container is in its life (runtime.md, State).
package enum ContainerStatus: String, Sendable {
    case creating, created, running, stopped
    /// Of our own, as runc and crun have it.
    case paused
}
