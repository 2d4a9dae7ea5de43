package import ContainerSpec
package import DockerTypes
import OCI
import Store

extension Engine {
    /// The health of a container, as its supervisor last wrote it; nil for one that is not checked, or was not started
    /// since the boot.
    package func health(of container: ContainerSnapshot) -> ContainerHealth? {
        let description = container.description
        let configuration = description.options.healthcheck(over: description.imageConfig)
        guard HealthCheck(configuration, shell: description.imageConfig.shell) != nil else { return nil }
        if let health = HealthFile(runDirectory: containers.runDirectory(container.id)).read() { return health }
        // It was started a moment ago.
        return container.state.isActive ? ContainerHealth() : nil
    }
}
