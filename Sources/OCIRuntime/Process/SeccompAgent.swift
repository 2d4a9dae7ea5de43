import JSON
import Linux
import OCI

/// The process that answers the questions of a filter (config-linux.md, Seccomp: listenerPath).
struct SeccompAgent: Sendable {
    let path: String
    let metadata: String?

    /// The agent of a filter; throws where the filter asks and nobody is named.
    init(_ filter: Configuration.Filter) throws(OCIError) {
        guard let path = filter.listenerPath, !path.isEmpty else {
            throw OCIError("linux.seccomp has an action SCMP_ACT_NOTIFY, and no listenerPath says who is notified")
        }
        self.path = path
        metadata = filter.listenerMetadata
    }

    /// Hands `listener` over, with the state of the container (config-linux.md, Container process state).
    func send(_ listener: borrowing FileDescriptor, pid: ProcessID, state: JSONTree) throws(OCIError) {
        let message = JSONTree.record([
            ("ociVersion", .string(OCIRuntime.specVersion)), ("fds", .strings(["seccompFd"])), ("pid", .integer(pid)),
            ("metadata", metadata.map { .string($0) }), ("state", state),
        ])
        try reporting("cannot hand the seccomp listener to \(path)") {
            try DescriptorSocket.send(listener, with: Array(message.text().utf8), to: path)
        }
    }
}
