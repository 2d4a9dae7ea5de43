import Bytes
import ContainerSpec

extension ContainerInspection {
    /// One of `HostConfig.Mounts`: what `--mount` asked for.
    struct LongMount: Encodable {
        let mount: MountOption

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            switch mount.kind {
            case .bind(let bind):
                try members.put("Type", "bind")
                try members.put("Source", bind.source)
                try members.put("Target", mount.destination)
                try members.encodeIfPresent(mount.readOnly ? true : nil, forKey: "ReadOnly")
                let options = BindOptions(bind: bind)
                try members.encodeIfPresent(options.isEmpty ? nil : options, forKey: "BindOptions")
            case .volume(let volume):
                try members.put("Type", "volume")
                try members.encodeIfPresent(volume.isAnonymous ? nil : volume.name, forKey: "Source")
                try members.put("Target", mount.destination)
                try members.encodeIfPresent(mount.readOnly ? true : nil, forKey: "ReadOnly")
                let options = VolumeOptions(volume: volume)
                try members.encodeIfPresent(options.isEmpty ? nil : options, forKey: "VolumeOptions")
            case .image(let image):
                try members.put("Type", "image")
                try members.put("Source", image.source)
                try members.put("Target", mount.destination)
                try members.encodeIfPresent(image.subpath.map { ["Subpath": $0] }, forKey: "ImageOptions")
            case .tmpfs(let tmpfs):
                try members.put("Type", "tmpfs")
                try members.encodeIfPresent(String?.none, forKey: "Source")
                try members.put("Target", mount.destination)
                try members.encodeIfPresent(mount.readOnly ? true : nil, forKey: "ReadOnly")
                let options = TmpfsOptions(options: tmpfs.options)
                try members.encodeIfPresent(tmpfs.options.isEmpty ? nil : options, forKey: "TmpfsOptions")
            }
        }
    }

    private struct BindOptions: Encodable {
        let bind: MountOption.Bind

        var isEmpty: Bool { bind.propagation == .rprivate && bind.recursion == .enabled && !bind.createSource }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            if bind.propagation != .rprivate { try members.put("Propagation", bind.propagation.rawValue) }
            if bind.recursion == .disabled { try members.put("NonRecursive", true) }
            if bind.createSource { try members.put("CreateMountpoint", true) }
            if bind.recursion == .writable { try members.put("ReadOnlyNonRecursive", true) }
            if bind.recursion == .readonly { try members.put("ReadOnlyForceRecursive", true) }
        }
    }

    private struct VolumeOptions: Encodable {
        let volume: MountOption.Volume

        var isEmpty: Bool {
            volume.copiesContent && volume.labels.isEmpty && volume.subpath == nil && volume.driver == nil
                && volume.driverOptions.isEmpty
        }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            if !volume.copiesContent { try members.put("NoCopy", true) }
            try members.encodeIfPresent(orNull(volume.labels), forKey: "Labels")
            try members.encodeIfPresent(volume.subpath, forKey: "Subpath")
            try members.put("DriverConfig", Driver(volume: volume))
        }
    }

    private struct Driver: Encodable {
        let volume: MountOption.Volume

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.encodeIfPresent(volume.driver, forKey: "Name")
            try members.encodeIfPresent(orNull(volume.driverOptions), forKey: "Options")
        }
    }

    private struct TmpfsOptions: Encodable {
        let options: [String]

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            for option in options {
                if option.begins(with: "size=") { try members.put("SizeBytes", Int64(option.dropping(5)) ?? 0) }
                if option.begins(with: "mode=") { try members.put("Mode", Int64(option.dropping(5), radix: 8) ?? 0) }
            }
        }
    }
}
