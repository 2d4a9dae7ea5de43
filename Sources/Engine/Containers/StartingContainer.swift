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
    private var client: AttachedClient
    // Keeps the container from sweeps until its record is written. From then on its supervisor alone holds it: a
    // command line that cannot get rid of its output must not keep others from removing the container.
    private var claim: ContainerClaim?

    init(claim: consuming ContainerClaim, warnings: [String], client: consuming AttachedClient) {
        id = claim.id
        name = claim.name
        self.warnings = warnings
        self.client = client
        self.claim = consume claim
    }

    mutating func go() {
        client.go()
        claim = nil
    }

    /// Has the supervisor give up and clean up, and waits for it; what it had given up for already.
    mutating func abandon() -> EngineError? { client.abandon() }

    /// Waits until the container's process runs; nil then, else how it ended (`run --detach`).
    package func awaitStart() -> AttachedClient.Outcome? { client.awaitStart() }

    /// Serves the container's streams until it ends or the user detaches (see `AttachedClient.run`).
    package mutating func attach(started: () -> Void = {}) -> AttachedClient.Outcome { client.run(started: started) }
}
