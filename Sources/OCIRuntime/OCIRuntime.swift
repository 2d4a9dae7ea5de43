import Linux
import OCI

/// The OCI runtime: each verb of its command line is a method, in a file of its own in `Operations`.
///
/// The calling process has one thread. Nothing of it stays: a created container waits by itself for its start, and what
/// is known of it is in its state directory.
package struct OCIRuntime: Sendable {
    /// The version of the runtime specification that this follows.
    package static let specVersion = "1.3.0"

    package let options: RuntimeOptions
    package let log: RuntimeLog
    let states: StateStore

    package init(_ options: RuntimeOptions) {
        self.options = options
        log = RuntimeLog(options)
        states = StateStore(root: options.root)
    }
}
