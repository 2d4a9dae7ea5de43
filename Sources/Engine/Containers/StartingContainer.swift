import Errors
import Linux
import Store
package import Supervision

/// A container that a supervisor is starting, and the session of the command line with it.
package struct StartingContainer: ~Copyable {
    package let id: String
    package let name: String
    /// One sentence for each thing that is not quite as asked.
    package let warnings: [String]
    // The supervisor alone holds the container: a command line that cannot get rid of its output must not keep others from
    // removing it.
    private var client: AttachedClient
    // Until the container runs: its process is a child of this one, which reaps it then.
    private let preparation: Preparation?

    init(
        id: String, name: String, warnings: [String], client: consuming AttachedClient, preparation: Preparation? = nil
    ) {
        self.id = id
        self.name = name
        self.warnings = warnings
        self.client = client
        self.preparation = preparation
    }

    /// Waits until the container's process runs; nil then, else how it ended (`run --detach`).
    package func awaitStart() -> AttachedClient.Outcome? {
        defer { preparation?.finish() }
        return client.awaitStart()
    }

    /// Serves the container's streams until it ends or the user detaches (see `AttachedClient.run`).
    package mutating func attach(started: () -> Void = {}) -> AttachedClient.Outcome {
        let preparation = preparation
        return client.run {
            preparation?.finish()
            started()
        }
    }
}
