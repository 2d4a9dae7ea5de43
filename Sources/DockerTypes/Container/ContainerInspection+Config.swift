import ContainerSpec
import OCI

extension ContainerInspection {
    /// The container's own configuration: the image's, with what the user said over it.
    struct Config: Encodable {
        let description: ContainerDescription

        func encode(to encoder: any Encoder) throws {
            let (options, image) = (description.options, description.imageConfig)
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Hostname", description.hostname)
            try members.put("Domainname", options.domainname ?? "")
            try members.put("User", options.user ?? image.user ?? "")
            try members.put("AttachStdin", options.openStdin && !options.detach)
            try members.put("AttachStdout", !options.detach)
            try members.put("AttachStderr", !options.detach)
            try members.encodeIfPresent(exposedPorts, forKey: "ExposedPorts")
            try members.put("Tty", options.tty)
            try members.put("OpenStdin", options.openStdin)
            try members.put("StdinOnce", options.openStdin && !options.detach)
            try members.put("Env", environment)
            try members.put("Cmd", command)
            try members.encodeIfPresent(options.healthcheck(over: image), forKey: "Healthcheck")
            try members.put("Image", options.image)
            try members.put("Volumes", image.volumes)
            try members.put("WorkingDir", options.workingDir ?? image.workingDir ?? "")
            try members.put("Entrypoint", entrypoint)
            try members.put("OnBuild", image.onBuild)
            try members.put("Labels", (image.labels ?? [:]).merging(options.labels) { $1 })
            try members.encodeIfPresent(options.stopSignal ?? image.stopSignal, forKey: "StopSignal")
            try members.encodeIfPresent(options.stopTimeout ?? image.stopTimeout, forKey: "StopTimeout")
            try members.encodeIfPresent(image.shell, forKey: "Shell")
        }

        private var exposedPorts: [String: EmptyObject]? {
            var ports = image.exposedPorts ?? [:]
            for port in description.options.exposedPorts { ports[port] = EmptyObject() }
            return ports.isEmpty ? nil : ports
        }

        private var image: ContainerConfig { description.imageConfig }

        private var entrypoint: [String]? { description.options.entrypoint ?? image.entrypoint }

        /// The user's arguments, else the image's unless the user gave another entrypoint.
        private var command: [String]? {
            if !description.options.cmd.isEmpty { return description.options.cmd }
            return description.options.entrypoint == nil ? image.cmd : nil
        }

        /// The image's variables with the user's in their place or behind them.
        private var environment: [String] {
            var result = image.env ?? []
            for entry in description.options.env {
                let key = entry.prefix { $0 != "=" }
                if let place = result.firstIndex(where: { $0.prefix { $0 != "=" } == key }) {
                    result[place] = entry
                } else {
                    result.append(entry)
                }
            }
            return result
        }
    }

    struct MountPoint: Encodable {
        let mount: MountOption

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            switch mount.kind {
            case .bind(let bind):
                try members.put("Type", "bind")
                try members.put("Source", bind.source)
                try members.put("Destination", mount.destination)
                try members.put("Mode", mount.readOnly ? "ro" : "")
                try members.put("RW", !mount.readOnly)
                try members.put("Propagation", bind.propagation.rawValue)
            case .tmpfs(let tmpfs):
                try members.put("Type", "tmpfs")
                try members.put("Source", "")
                try members.put("Destination", mount.destination)
                try members.put("Mode", tmpfs.options.joined(separator: ","))
                try members.put("RW", !mount.readOnly)
                try members.put("Propagation", "")
            }
        }
    }

    struct NetworkSettings: Encodable {
        let mode: NetworkMode

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("SandboxID", "")
            try members.put("SandboxKey", "")
            try members.put("Ports", [String: String]())
            try members.put("Networks", [mode.inspected: Endpoint()])
        }

        private struct Endpoint: Encodable {
            func encode(to encoder: any Encoder) throws {
                var members = encoder.container(keyedBy: InspectionKey.self)
                // Containers have no addresses that others reach, until there are bridges.
                for key in ["IPAddress", "Gateway", "MacAddress", "GlobalIPv6Address"] as [InspectionKey] {
                    try members.put(key, "")
                }
            }
        }
    }
}
