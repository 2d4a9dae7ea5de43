import Bytes
import Cgroups
import Glibc
import JSON
import Linux
import OCI

/// A container that exists: its record, and what the kernel says of it now.
struct Container: ~Copyable {
    let directory: StateDirectory
    let record: ContainerRecord

    init(_ directory: consuming StateDirectory) throws(OCIError) {
        record = try directory.record()
        self.directory = directory
    }

    var id: String { record.id }

    var status: ContainerStatus {
        guard record.process.isAlive else { return .stopped }
        if directory.openOrders() != nil { return .created }
        if directory.openOrders(.newOrders) != nil { return .creating }
        return isPaused ? .paused : .running
    }

    var isPaused: Bool {
        guard let path = record.cgroup, let cgroup = try? Cgroup.open(path, scope: record.scope) else { return false }
        return cgroup.isFreezing
    }

    /// Whether all of its processes are stopped, by its own cgroup or by one above.
    var isFrozen: Bool {
        guard let path = record.cgroup, let cgroup = try? Cgroup.open(path, scope: record.scope) else { return false }
        return cgroup.isFrozen
    }

    /// Its cgroup; throws where it has none.
    func cgroup(for what: String) throws(OCIError) -> Cgroup {
        guard let path = record.cgroup else {
            throw OCIError("cannot \(what) the container \(id): it has no control group of version 2 of its own")
        }
        return try reporting("cannot \(what) the container \(id)") { try Cgroup.open(path, scope: record.scope) }
    }

    /// A pidfd of its first process; nil where that has ended.
    func openProcess() -> FileDescriptor? { record.process.open() }

    /// Its configuration as it was at its creation.
    func configuration() throws(OCIError) -> Configuration {
        try Configuration(directory.read(.config), name: directory.path(.config))
    }

    /// Whether its first process is the first of a pid namespace, which all others end with.
    func ownsProcessNumbers() throws(OCIError) -> Bool {
        let namespaces = try configuration().spec.linux?.namespaces ?? []
        return namespaces.contains { $0.type == .pid && ($0.path ?? "").isEmpty }
    }

    /// The state that the specification defines; `annotations` are those of the configuration.
    func state(_ status: ContainerStatus, annotations: [ByteKey: String]?) -> JSONTree {
        StateDocument(record, annotations: annotations).tree(status)
    }
}

extension OCIRuntime {
    func container(_ id: String) throws(OCIError) -> Container { try Container(states.open(id)) }

    /// As `container`, with its lock: nobody else starts or removes it meanwhile.
    func lockedContainer(_ id: String) throws(OCIError) -> Container {
        let directory = try states.open(id)
        try reporting("cannot lock the container \(id)") { _ = try directory.folder.lock() }
        return try Container(directory)
    }
}

/// What `state` prints and hooks read (runtime.md, State).
struct StateDocument: Sendable {
    let record: ContainerRecord
    let annotations: [ByteKey: String]?

    init(_ record: ContainerRecord, annotations: [ByteKey: String]?) {
        self.record = record
        self.annotations = annotations
    }

    func tree(_ status: ContainerStatus) -> JSONTree {
        .record([
            ("ociVersion", .string(OCIRuntime.specVersion)), ("id", .string(record.id)),
            ("pid", .integer(status == .stopped ? 0 : record.process.pid)), ("status", .string(status.rawValue)),
            ("bundle", .string(record.bundle)), ("rootfs", .string(record.rootfs)),
            ("created", .string(record.created)), ("annotations", annotations.map { .strings($0) }),
            ("owner", .string(record.owner)),
        ])
    }

    func bytes(_ status: ContainerStatus) -> [UInt8] { Array(tree(status).text().utf8) }
}
