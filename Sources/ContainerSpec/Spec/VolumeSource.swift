import Bytes
import Errors
import OCI
import Runtime
package import Store

/// A volume that a container has, as it is found on the disk.
package struct VolumeSource: Sendable {
    package let definition: VolumeDefinition
    /// The directory of the volume in the store.
    package let directory: String
    /// The directory of the volume's files.
    package let data: String

    /// The volume `definition` of `store`.
    package init(_ definition: VolumeDefinition, in store: VolumeStore) {
        self.definition = definition
        directory = store.directory(of: definition.name)
        data = store.data(of: definition.name)
    }

    /// The directory that its files are in; nil for one that is mounted for each container.
    package var content: String? {
        switch definition.backing {
        case .directory: data
        case .bind(let path): path
        case .fileSystem: nil
        }
    }
}

extension SpecBuilder {
    /// The mount of a volume. Throws for a file system that nobody here may mount.
    mutating func mount(_ option: MountOption, _ volume: MountOption.Volume) throws(OptionError) -> RuntimeSpec.Mount {
        guard let name = volume.name, let source = volumes.first(where: { $0.definition.name.isSame(as: name) }) else {
            throw OptionError("get \(volume.name ?? ""): no such volume", .notFound)
        }
        if volume.relabel == .private, host.exists("/sys/fs/selinux/enforce") {
            throw .refused("relabelling volume \(name)", "this engine sets no SELinux labels")
        }
        if let content = source.content {
            if case .bind = source.definition.backing, !host.exists(content) {
                throw OptionError(
                    "error while mounting volume '\(source.data)': failed to mount local volume: mount \(content):"
                        + "\(source.data), flags: 0x1000: no such file or directory")
            }
            if volume.changesOwner ?? false {
                var owned = LaunchPlan.OwnedSource(path: content, homes: homes)
                owned.subpath = volume.subpath
                ownedSources.append(owned)
            }
            var options = ["rbind", "rprivate"]
            if option.readOnly { options.append(host.isKernel(atLeast: 5, 12) ? "rro" : "ro") }
            return try mapped(
                RuntimeSpec.Mount(destination: option.destination, type: "bind", source: content, options: options),
                volume.mappedIDs)
        }
        guard case .fileSystem(let type, let device, let flags) = source.definition.backing else {
            throw OptionError("volume \(name) has no files")
        }
        if volume.mappedIDs != nil {
            throw .refused("the option 'idmap' of volume \(name)", "it is mounted for each container")
        }
        if volume.changesOwner ?? false {
            throw .refused(
                "the option 'U' of volume \(name)",
                "it is mounted for each container; give uid= and gid= to 'volume create -o o='")
        }
        var options = flags.filter { !$0.isEmpty }
        if option.readOnly { options.append("ro") }
        if type.isSame(as: "tmpfs") {
            options += ["rprivate"]
            if volume.copiesContent { options.append("tmpcopyup") }
        } else if host.mode != .host {
            throw .refused(
                "volume \(name) with the file system '\(type)'",
                "an ordinary user cannot mount \(device): root can, and then 'o=bind' finds it by its path")
        }
        return RuntimeSpec.Mount(destination: option.destination, type: type, source: device, options: options)
    }
}
