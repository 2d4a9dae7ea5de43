import Cgroups
import Glibc
package import JSON
package import Linux
import OCI

/// One container of `list`.
package struct ContainerRow: Sendable {
    package let id: String
    package let pid: ProcessID
    package let status: ContainerStatus
    package let bundle: String
    package let created: String
    package let owner: String
    /// What `state` would print.
    package let state: JSONTree
}

extension OCIRuntime {
    /// The state of a container, as the specification defines it, with some fields more.
    package func state(_ id: String) throws(OCIError) -> JSONTree {
        let container = try container(id)
        return container.state(container.status, annotations: try container.configuration().spec.annotations)
    }

    /// All containers below the root. One that cannot be read is told of and left out.
    /// Throws where the root itself cannot be read or trusted.
    package func list() throws(OCIError) -> [ContainerRow] {
        var rows: [ContainerRow] = []
        for id in try states.ids() {
            do throws(OCIError) {
                let directory = try states.open(id)
                guard directory.has(.record) else { continue }
                let container = try Container(directory)
                let status = container.status
                rows.append(
                    ContainerRow(
                        id: id, pid: status == .stopped ? 0 : container.record.process.pid, status: status,
                        bundle: container.record.bundle, created: container.record.created,
                        owner: container.record.owner,
                        state: container.state(status, annotations: try container.configuration().spec.annotations)))
            } catch {
                // One that was removed meanwhile is none.
                if Files.exists("\(states.root)/\(id)") { log.write(.warning, error.description) }
            }
        }
        return rows
    }

    /// The numbers of a container's processes; of one that has ended, of those that it has left.
    package func processes(_ id: String) throws(OCIError) -> [ProcessID] {
        let container = try container(id)
        let isAlive = container.record.process.isAlive
        guard let path = container.record.cgroup else {
            return isAlive ? Self.family(of: container.record.process.pid) : []
        }
        if !isAlive {
            // systemd removes a scope as soon as nothing runs in it.
            let isThere = try reporting("cannot list the processes of the container \(id)") {
                try Files.isPresent(path)
            }
            guard isThere else { return [] }
        }
        let cgroup = try container.cgroup(for: "list the processes of")
        return try reporting { try cgroup.processes() }.sorted()
    }

    // Without a cgroup: those that are in the pid namespace of the first process, where it has one of its own, else
    // that process alone.
    private static func family(of pid: ProcessID) -> [ProcessID] {
        guard let space = try? Files.readLink("/proc/\(pid)/ns/pid"),
            space != (try? Files.readLink("/proc/self/ns/pid"))
        else { return [pid] }
        let numbers = ((try? Files.list("/proc")) ?? []).compactMap { ProcessID($0) }
        return numbers.filter { (try? Files.readLink("/proc/\($0)/ns/pid")) == space }.sorted()
    }
}
