import Bytes
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
            try members.put("AttachStdin", isAttached(.stdin))
            try members.put("AttachStdout", isAttached(.stdout))
            try members.put("AttachStderr", isAttached(.stderr))
            try members.encodeIfPresent(exposedPorts, forKey: "ExposedPorts")
            try members.put("Tty", options.tty)
            try members.put("OpenStdin", options.openStdin)
            try members.put("StdinOnce", options.openStdin && isAttached(.stdin))
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

        /// Without `--attach` all that there is, but for a container in the background.
        private func isAttached(_ stream: RunOptions.Stream) -> Bool {
            let options = description.options
            if options.detach { return false }
            if options.attach.isEmpty { return stream != .stdin || options.openStdin }
            return options.attach.contains(stream)
        }

        private var exposedPorts: [ByteKey: EmptyObject]? {
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

        /// The user's variables, and those of the image that the user did not set.
        private var environment: [String]? {
            func name(_ entry: String) -> ByteKey { ByteKey(String(entry.until("="))) }
            let own = description.options.env
            let names = Set(own.map { name($0) })
            let all = own + (image.env ?? []).filter { !names.contains(name($0)) }
            return all.isEmpty ? nil : all
        }
    }

    struct MountPoint: Encodable {
        let mount: MountOption

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            let (type, source, propagation) =
                switch mount.kind {
                case .bind(let bind): ("bind", bind.source, bind.propagation.rawValue)
                case .tmpfs: ("tmpfs", "", "")
                }
            try members.put("Type", type)
            try members.encodeIfPresent(String?.none, forKey: "Name")
            try members.put("Source", source)
            try members.put("Destination", mount.destination)
            try members.encodeIfPresent(String?.none, forKey: "Driver")
            try members.put("Mode", mount.shortForm ?? "")
            try members.put("RW", !mount.readOnly)
            try members.put("Propagation", propagation)
        }
    }

    struct NetworkSettings: Encodable {
        let mode: NetworkMode

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            // Containers have no addresses that others reach, until there are bridges.
            for key in ["Bridge", "SandboxID", "SandboxKey"] as [InspectionKey] { try members.put(key, "") }
            try members.put("Ports", [String: [PortBinding]]())
            try members.put("HairpinMode", false)
            try members.put("LinkLocalIPv6Address", "")
            try members.put("LinkLocalIPv6PrefixLen", 0)
            try members.put("SecondaryIPAddresses", [String]?.none)
            try members.put("SecondaryIPv6Addresses", [String]?.none)
            try members.put("EndpointID", "")
            try members.put("Gateway", "")
            try members.put("GlobalIPv6Address", "")
            try members.put("GlobalIPv6PrefixLen", 0)
            try members.put("IPAddress", "")
            try members.put("IPPrefixLen", 0)
            try members.put("IPv6Gateway", "")
            try members.put("MacAddress", "")
            try members.put("Networks", [mode.inspected: Endpoint()])
        }

        private struct Endpoint: Encodable {
            func encode(to encoder: any Encoder) throws {
                var members = encoder.container(keyedBy: InspectionKey.self)
                try members.put("IPAMConfig", EmptyObject?.none)
                try members.put("Links", [String]?.none)
                try members.put("Aliases", [String]?.none)
                try members.put("MacAddress", "")
                try members.put("DriverOpts", [String: String]?.none)
                try members.put("GwPriority", 0)
                for key in ["NetworkID", "EndpointID", "Gateway", "IPAddress"] as [InspectionKey] {
                    try members.put(key, "")
                }
                try members.put("IPPrefixLen", 0)
                try members.put("IPv6Gateway", "")
                try members.put("GlobalIPv6Address", "")
                try members.put("GlobalIPv6PrefixLen", 0)
                try members.put("DNSNames", [String]?.none)
            }
        }
    }

    /// Where a port of a container is published.
    struct PortBinding: Encodable {}
}
