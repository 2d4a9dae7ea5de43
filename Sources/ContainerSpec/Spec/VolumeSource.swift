import Bytes
import Errors
import Linux
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

    /// The directory that its files are in; nil for a file system, which is mounted at `data` while containers run with it.
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
        let content = source.content ?? source.data
        switch source.definition.backing {
        case .directory: break
        case .bind:
            if !host.exists(content) {
                throw OptionError(
                    "error while mounting volume '\(source.data)': failed to mount local volume: mount \(content):"
                        + "\(source.data), flags: 0x1000: no such file or directory")
            }
        // The supervisor mounts it there.
        case .fileSystem(let type, let device, _):
            if volume.mappedIDs != nil {
                throw .refused(
                    "the option 'idmap' of volume \(name)", "it is a file system of its own, shared by containers")
            }
            if volume.changesOwner ?? false {
                throw .refused(
                    "the option 'U' of volume \(name)",
                    "it is a file system of its own; give uid= and gid= to 'volume create -o o='")
            }
            if !type.isSame(as: "tmpfs"), host.mode != .host {
                throw .refused(
                    "volume \(name) with the file system '\(type)'",
                    "an ordinary user cannot mount \(device): root can, and then 'o=bind' finds it by its path")
            }
        }
        if volume.changesOwner ?? false {
            var owned = LaunchPlan.OwnedSource(path: content, homes: homes)
            owned.subpath = volume.subpath
            ownedSources.append(owned)
        }
        var options = ["rbind", "rprivate"]
        if option.readOnly { options.append(host.kernel >= KernelVersion(5, 12) ? "rro" : "ro") }
        return try mapped(
            RuntimeSpec.Mount(destination: option.destination, type: "bind", source: content, options: options),
            volume.mappedIDs)
    }
}
