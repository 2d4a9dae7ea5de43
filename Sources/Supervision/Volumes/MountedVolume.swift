import Bytes
import ContainerSpec
import Store

/// A volume that a container has, as its supervisor deals with it.
struct MountedVolume: Sendable {
    let name: String
    /// The volume's directory in the store.
    let directory: String
    /// Where its files are; nil for a file system that is mounted for the container alone.
    let content: String?
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
                    name: source.definition.name, directory: source.directory, content: source.content,
                    destination: mount.destination, readOnly: mount.readOnly,
                    // Another's are as that one has them; and what shows other owners is not the engine's to give files to.
                    copiesContent: volume.copiesContent && mount.origin != .container && volume.mappedIDs == nil,
                    subpath: volume.subpath,
                    isAnonymous: source.definition.isAnonymous,
                    isOfRoot: isOfRoot && volume.mappedIDs == nil && source.definition.backing == .directory))
        }
        return list
    }

    /// What events tell of it.
    var event: LifeEvent.Volume {
        LifeEvent.Volume(name: name, destination: destination, readOnly: readOnly)
    }
}
