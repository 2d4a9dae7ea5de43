package import ContainerSpec
package import Store

/// A container as it is at one moment.
package struct ContainerSnapshot: Sendable {
    package var description: ContainerDescription
    package let state: ContainerState
    /// Whether it goes when it ends (`--rm`).
    package let isEphemeral: Bool
    /// nil for a container that does not run, or is not checked.
    package var health: ContainerHealth.Status?
    /// What is known of its network while it runs.
    package var network = ContainerNetwork()

    /// A container with what its record and its run directory say.
    package init(
        description: ContainerDescription, state: ContainerState, isEphemeral: Bool,
        health: ContainerHealth.Status? = nil
    ) {
        self.description = description
        self.state = state
        self.isEphemeral = isEphemeral
        self.health = health
    }

    package var id: String { description.id }
    package var name: String { description.name }

    /// The ports, `53/udp` and so on, that it listens on by its own word or its image's, or that were to be published; none where
    /// no network of its could publish them.
    package var publishablePorts: [String] {
        guard description.options.networkMode.isBridged else { return [] }
        // Where none is known, that has been removed.
        guard network.places.isEmpty || network.places.contains(where: { !$0.network.isInternal }) else { return [] }
        return description.options.allExposedPorts(description.imageConfig)
    }
}
