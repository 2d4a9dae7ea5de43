import Cgroups
import Glibc
import Linux
import OCI

extension OCIRuntime {
    /// Removes a container that has ended, or, with `force`, any, and is silent then where there is none.
    package func delete(_ id: String, force: Bool) throws(OCIError) {
        try ContainerID.check(id)
        let isThere = try reporting("cannot look for the container \(id)") {
            try Files.isPresent("\(options.root)/\(id)")
        }
        if force, !isThere { return }
        let directory = try states.open(id)
        try reporting("cannot lock the container \(id)") { _ = try directory.folder.lock() }
        let hasRecord = try reporting("cannot look at the container \(id)") { try directory.isPresent(.record) }
        guard hasRecord else {
            // A creation that was killed: there is no container.
            try directory.remove()
            if force { return }
            throw OCIError("container \(id) does not exist")
        }
        let container = try Container(directory)
        // `stopped` is what a process is whose file in /proc cannot be read, too.
        _ = try reporting("cannot look at the process of the container \(id)") { try container.record.process.isGone() }
        let status = container.status
        switch status {
        case .stopped: break
        // As runc has it, and containerd needs it: what has never run may go.
        case .created, .creating: break
        case .running, .paused:
            guard force else {
                throw OCIError("cannot delete the container \(id): it is \(status.rawValue), not stopped")
            }
        }
        try end(container)
        try ContainerCgroup.remove(container.record)
        try SharedRoot.release(container.record.rootfs, container.record.sharedMounts)
        let configuration = try? container.configuration()
        try container.directory.remove()
        guard let spec = configuration?.spec, spec.hooks?.poststop?.isEmpty == false else { return }
        let state = StateDocument(container.record, annotations: spec.annotations)
        HookList(spec.hooks?.poststop, "poststop").runAll(state.bytes(.stopped), in: container.record.bundle, log)
    }

    /// Removes all containers whose ids `pattern` matches, a POSIX extended regular expression (regex(7)).
    package func delete(matching pattern: String, force: Bool) throws(OCIError) {
        var expression = regex_t()
        guard regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) == 0 else {
            throw OCIError("\"\(pattern)\" is no regular expression")
        }
        defer { regfree(&expression) }
        for id in try states.ids() where regexec(&expression, id, 0, nil, 0) == 0 { try delete(id, force: force) }
    }

    private func end(_ container: borrowing Container) throws(OCIError) {
        guard let pidfd = container.openProcess() else {
            let isGone = try reporting("cannot look at the process of the container \(container.id)") {
                try container.record.process.isGone()
            }
            if isGone { return }
            throw OCIError("cannot delete the container \(container.id): its process cannot be opened")
        }
        try? sendSignal(SIGKILL, to: pidfd)
        var set = PollSet()
        set.add(pidfd.rawValue)
        // A pidfd becomes readable when the process has ended, whoever reaps it.
        guard (try? set.wait(milliseconds: 30_000)) == true else {
            throw OCIError(
                "cannot delete the container \(container.id): its process \(container.record.process.pid) does not end")
        }
    }
}
