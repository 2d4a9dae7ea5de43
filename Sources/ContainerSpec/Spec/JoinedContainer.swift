/// The container whose network another one has (`--network=container:…`).
package struct JoinedContainer: Sendable, Hashable {
    /// The path of its network namespace; nil while it does not run.
    package let namespace: String?
    /// Where its generated files are: the other one has the same.
    package let filesDirectory: String
    package let hostname: String

    /// A container, with what is known of it.
    package init(namespace: String?, filesDirectory: String, hostname: String) {
        self.namespace = namespace
        self.filesDirectory = filesDirectory
        self.hostname = hostname
    }
}
