import Bytes
import ContainerSpec
import DockerTypes
import OCI

extension ContainerConfig {
    /// The configuration of the container: its image's, with what the user said over it, as `inspect` shows it.
    init(of description: ContainerDescription) {
        let (options, image) = (description.options, description.imageConfig)
        self = image
        user = options.user ?? image.user
        exposedPorts = nil
        for port in options.allExposedPorts(image) {
            exposedPorts = (exposedPorts ?? [:]).merging([ByteKey(port): EmptyObject()]) { $1 }
        }
        func name(_ entry: String) -> ByteKey { ByteKey(String(entry.until("="))) }
        let names = Set(options.env.map { name($0) })
        let variables = options.env + (image.env ?? []).filter { !names.contains(name($0)) }
        env = variables.isEmpty ? nil : variables
        volumes = options.declaredVolumes(image)
        entrypoint = options.entrypoint ?? image.entrypoint
        if !options.cmd.isEmpty { cmd = options.cmd } else if options.entrypoint != nil { cmd = nil }
        workingDir = options.workingDir ?? image.workingDir
        let all = (image.labels ?? [:]).merging(options.labels) { $1 }
        labels = all.isEmpty ? nil : all
        stopSignal = options.stopSignal ?? image.stopSignal
        stopTimeout = options.stopTimeout ?? image.stopTimeout
        healthcheck = options.healthcheck(over: image)
    }
}
