package import ContainerSpec
package import Linux
package import Runtime
import Store

/// What is being made for a container, and what its supervisor needs to take it.
package struct Beginning: Sendable {
    package let preparation: Preparation
    /// Whose user namespace it is made in; nil: the caller's.
    package let living: UserNamespace.Living.Mark?

    /// Begins to make what a container needs whatever else its options say: its network namespace, and then its root file system
    /// (`ContainerStart.makeRoot`). Another process does that on a processor that is free, while this one works out the plan. nil
    /// where the options want another root, where nobody lives whose user namespace could be joined, or where something has to be
    /// made first.
    ///
    /// The kernel is not asked for what it takes: a process that has no namespace of its own would be told that there is none of it.
    package init?(_ options: RunOptions, mode: UserNamespace.Mode, runDirectory: String) {
        switch options.usernsMode {
        case .automatic, .host: break
        default: return nil
        }
        guard mode != .single, options.storageDriver ?? .overlay == .overlay, !options.readonlyRootfs else {
            return nil
        }
        let user: FileDescriptor?
        if mode == .host {
            user = nil
            living = nil
        } else {
            guard let found = UserNamespace.living(runDirectory: runDirectory, mode: mode) else { return nil }
            living = found.mark
            user = found.takeFile()
        }
        guard let preparation = try? Preparation(makesNetwork: options.networkMode.isOwn, in: user) else { return nil }
        self.preparation = preparation
    }
}

extension ContainerStart {
    /// Has the root file system made by `beginning`, whose container this is. False where another one is wanted, or where something
    /// has to be made first: nothing of what has begun is for this container then.
    ///
    /// The new container's directory is there, and stays until the preparation has ended.
    package func makeRoot(_ beginning: Beginning) -> Bool {
        guard build == nil, case .layers(let image) = root else { return false }
        let mountPoints = MountPoints.path(in: Files.split(image[0]).parent)
        guard Files.exists(mountPoints) else { return false }
        let (upper, work) = RootMount.places(in: containers.directory(id))
        beginning.preparation.makeRoot(
            Preparation.Root(
                lowers: RootMount.Layers(image: image, mountPoints: mountPoints).lowers, upper: upper, work: work,
                pattern: image[0], isVolatile: options.autoRemove))
        return true
    }
}
