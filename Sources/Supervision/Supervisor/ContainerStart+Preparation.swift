import ContainerSpec
package import Linux
package import Runtime
import Store

extension ContainerStart {
    /// What is being made for a container, and what its supervisor needs to take it.
    package struct Beginning: Sendable {
        package let preparation: Preparation
        /// Whose user namespace it is made in; nil: the caller's.
        package let living: UserNamespace.Living.Mark?
    }

    /// Begins to make what the container needs whatever the rest of its options says: its root file system, and its network
    /// namespace. Another process does that on a processor that is free, while this one works out the plan. nil where the options
    /// want another root, where nobody lives whose user namespace could be joined, or where something has to be made first.
    ///
    /// The kernel is not asked for what it takes: a process that has no namespace of its own would be told that there is none of it.
    ///
    /// The new container's directory is there, and stays until the preparation has ended.
    package func beginPreparation() -> Beginning? {
        switch options.usernsMode {
        case .automatic, .host: break
        default: return nil
        }
        guard mode != .single, build == nil, case .layers(let image) = root,
            options.storageDriver ?? .overlay == .overlay,
            !options.readonlyRootfs
        else { return nil }
        let mountPoints = MountPoints.path(in: Files.split(image[0]).parent)
        guard Files.exists(mountPoints) else { return nil }
        let user: FileDescriptor?
        let mark: UserNamespace.Living.Mark?
        if mode == .host {
            user = nil
            mark = nil
        } else {
            guard let living = UserNamespace.living(runDirectory: containers.paths.run, mode: mode) else { return nil }
            mark = living.mark
            user = living.takeFile()
        }
        let directory = containers.directory(id)
        let (upper, work) = RootMount.places(in: directory)
        let request = Preparation.Request(
            makesNetwork: options.networkMode.isOwn,
            lowers: RootMount.Layers(image: image, mountPoints: mountPoints).lowers, upper: upper, work: work,
            pattern: image[0], isVolatile: options.autoRemove)
        guard let preparation = try? Preparation(request, in: user) else { return nil }
        return Beginning(preparation: preparation, living: mark)
    }
}
