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
            try members.put("Volumes", options.declaredVolumes(image))
            try members.put("WorkingDir", options.workingDir ?? image.workingDir ?? "")
            try members.put("Entrypoint", entrypoint)
            try members.encodeIfPresent(options.endpoints.first?.macAddress, forKey: "MacAddress")
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
            var ports: [ByteKey: EmptyObject] = [:]
            for port in description.options.allExposedPorts(image) { ports[ByteKey(port)] = EmptyObject() }
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
        /// Where the files of a volume are.
        let data: (String) -> String

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            var (name, mode): (String?, String) = (nil, mount.shortForm ?? "")
            let (type, source, propagation): (String, String, String)
            switch mount.kind {
            case .bind(let bind): (type, source, propagation) = ("bind", bind.source, bind.propagation.rawValue)
            case .tmpfs: (type, source, propagation) = ("tmpfs", "", "")
            case .image(let image):
                (type, source, propagation) = ("image", image.source, "rprivate")
                name = image.source
            case .volume(let volume):
                (type, source, propagation) = ("volume", data(volume.name ?? ""), "")
                name = volume.name
                // As Docker has it: who shares a volume with a name shares its label.
                if mode.isEmpty, !volume.isAnonymous, mount.origin == nil { mode = "z" }
            }
            try members.put("Type", type)
            try members.encodeIfPresent(name, forKey: "Name")
            try members.put("Source", source)
            try members.put("Destination", mount.destination)
            try members.encodeIfPresent(type == "volume" ? "local" : nil, forKey: "Driver")
            try members.put("Mode", mode)
            try members.put("RW", !mount.readOnly)
            try members.put("Propagation", propagation)
        }
    }
}
