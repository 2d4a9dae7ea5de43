package import Store

/// A container's network as it is while it runs.
package struct ContainerNetwork: Sendable {
    /// A network by its name, and the container's place on it; nil while it has none.
    package struct Place: Sendable {
        package let network: NetworkDefinition
        package let record: EndpointRecord?

        package init(network: NetworkDefinition, record: EndpointRecord?) {
            self.network = network
            self.record = record
        }
    }

    /// The ports of the host that lead to it.
    package var ports: [BoundPort] = []
    /// In the order in which they were asked for.
    package var places: [Place] = []

    package init() {}
}
