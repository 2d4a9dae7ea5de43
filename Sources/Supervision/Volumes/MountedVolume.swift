import Bytes
import ContainerSpec
import Runtime
import Store

/// A volume that a container has, as its supervisor deals with it.
struct MountedVolume: Sendable {
    let name: String
    /// The volume's directory in the store.
    let directory: String
    /// Where its files are; where a file system of its own is mounted, as long as that is mounted.
    let content: String?
    /// The file system that is to be mounted at `content`; nil where it is a directory.
    let fileSystem: VolumeFileSystem?
    /// Where the container has it.
    let destination: String
    let readOnly: Bool
    /// Whether it gets what the image has at the destination, if it is empty.
    let copiesContent: Bool
    /// The part of it that is mounted; nil for all.
    let subpath: String?
    let isAnonymous: Bool
    /// Whether a new one without anything of the image's is the container's root's: of a user namespace of its own, to whom
    /// the caller is a stranger. With `keep-id` the caller is who runs.
    let isOfRoot: Bool

    /// Those that `options` name, found in `sources`.
    static func all(of options: RunOptions, _ sources: [VolumeSource]) -> [MountedVolume] {
        var list: [MountedVolume] = []
        var isOfRoot = options.usernsMode.isOwn
        if case .keepID = options.usernsMode { isOfRoot = false }
        for mount in options.mounts {
            guard case .volume(let volume) = mount.kind,
                let source = sources.first(where: { $0.definition.name.isSame(as: volume.name ?? "") })
            else { continue }
            list.append(
                MountedVolume(
                    name: source.definition.name, directory: source.directory,
                    content: source.content ?? source.data, fileSystem: fileSystem(source),
                    destination: mount.destination, readOnly: mount.readOnly,
                    // Another's are as that one has them; and what shows other owners is not the engine's to give files to.
                    copiesContent: volume.copiesContent && mount.origin != .container && volume.mappedIDs == nil
                        && !isTemporary(source),
                    subpath: volume.subpath,
                    isAnonymous: source.definition.isAnonymous,
                    isOfRoot: isOfRoot && volume.mappedIDs == nil && source.definition.backing == .directory))
        }
        return list
    }

    // Docker fills it when the container is made, and mounts another one when it starts.
    private static func isTemporary(_ source: VolumeSource) -> Bool {
        if case .fileSystem("tmpfs", _, _) = source.definition.backing { return true }
        return false
    }

    private static func fileSystem(_ source: VolumeSource) -> VolumeFileSystem? {
        guard case .fileSystem(let type, let device, let options) = source.definition.backing else { return nil }
        return VolumeFileSystem(type: type, source: device, options: options)
    }

    /// What events tell of it.
    var event: LifeEvent.Volume {
        LifeEvent.Volume(name: name, destination: destination, readOnly: readOnly)
    }
}
