import Linux
import OCI
import Runtime

extension OCIRuntime {
    /// Lets a created container execute its command.
    package func start(_ id: String) throws(OCIError) {
        let container = try lockedContainer(id)
        let status = container.status
        guard status == .created else {
            throw OCIError("cannot start the container \(id): it is \(status.rawValue), not created")
        }
        let configuration = try container.configuration()
        guard configuration.spec.process != nil else {
            throw OCIError("cannot start the container \(id): its configuration has no process")
        }
        let proxy = try NotifyProxy(container.directory.path)
        try container.directory.start()
        // Nobody listens any more; who asks for the state need not find that out.
        try? Files.unlink(StateDirectory.Entry.orders.rawValue, in: container.directory.folder.rawValue)
        try? Files.unlink(StateDirectory.Entry.answers.rawValue, in: container.directory.folder.rawValue)
        if let hooks = configuration.spec.hooks?.poststart, !hooks.isEmpty {
            let state = StateDocument(container.record, annotations: configuration.spec.annotations)
            HookList(hooks, "poststart").runAll(state.bytes(.running), in: container.record.bundle, log)
        }
        guard let proxy, let pidfd = container.openProcess() else { return }
        // It may take its time, and others may want to end the container meanwhile.
        container.directory.folder.unlock()
        try proxy.wait(for: container.record.process.pid, pidfd)
    }
}
