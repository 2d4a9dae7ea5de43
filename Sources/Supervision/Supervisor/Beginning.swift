package import ContainerSpec
import Glibc
package import Linux
package import Runtime
package import Store
import Synchronization

/// What is being made for a container, and what its supervisor needs to take it.
package final class Beginning: Sendable {
    package let preparation: Preparation
    /// Whose user namespace it is made in; nil: the caller's.
    package let living: UserNamespace.Living.Mark?
    private let containers: ContainerStore
    private let id: String
    private let mode: UserNamespace.Mode
    private let makesNetwork: Bool
    private let isClaimed = Atomic(false)

    /// Begins to make what most containers need, before it is known what this one is: its directories, its network namespace, where
    /// `makesNetwork`, and then its root file system (`makeRoot`). Another process does that on a processor that is free, while this one
    /// reads the options (`suiting`) and works out the plan. nil where nobody lives whose user namespace could be joined.
    ///
    /// The kernel is not asked for what it takes: a process that has no namespace of its own would be told that there is none of it.
    package init?(_ paths: StorePaths, makesNetwork: Bool) {
        guard paths.isRunFinal else { return nil }
        let user: FileDescriptor?
        if UserNamespace.isHost {
            mode = .host
            user = nil
            living = nil
        } else {
            mode = .mapped
            // Nothing has been looked at yet: another user's directory could name any namespace of this one's.
            guard PrivateDirectory.isTrusted(paths.run, user: geteuid()),
                let found = UserNamespace.living(runDirectory: paths.run, mode: mode)
            else { return nil }
            living = found.mark
            user = found.takeFile()
        }
        id = ContainerStore.newID()
        containers = ContainerStore(paths)
        guard
            let preparation = try? Preparation(
                directories: (
                    (containers.directory(id), ContainerStore.directoryMode),
                    (containers.runDirectory(id), ContainerStore.runDirectoryMode)
                ), makesNetwork: makesNetwork, in: user)
        else { return nil }
        self.preparation = preparation
        self.makesNetwork = makesNetwork
    }

    /// Itself, where what is made is for a container with `options` that works with the ids of `mode`; else nothing is made any more,
    /// and nil.
    package func suiting(_ options: RunOptions, _ mode: UserNamespace.Mode) -> Beginning? {
        let joinsUser: Bool
        switch options.usernsMode {
        case .automatic, .host: joinsUser = self.mode == mode
        default: joinsUser = false
        }
        if joinsUser, !preparation.isFinished, options.networkMode.isOwn || !makesNetwork { return self }
        finish()
        return nil
    }

    /// Has the root file system made for the container, which was claimed, with `options`, whose root is to be of `root`; where that wants
    /// another one, or where something has to be made first, the supervisor makes it.
    package func makeRoot(_ options: RunOptions, _ root: SupervisorRequest.Root) {
        preparation.makeRoot(preparedRoot(options, root))
    }

    private func preparedRoot(_ options: RunOptions, _ root: SupervisorRequest.Root) -> Preparation.Root? {
        guard options.storageDriver ?? .overlay == .overlay, !options.readonlyRootfs, case .layers(let image) = root
        else { return nil }
        let mountPoints = MountPoints.path(in: Files.split(image[0]).parent)
        guard Files.exists(mountPoints) else { return nil }
        let (upper, work) = RootMount.places(in: containers.directory(id))
        return Preparation.Root(
            lowers: RootMount.Layers(image: image, mountPoints: mountPoints).lowers, upper: upper, work: work,
            pattern: image[0], isVolatile: options.autoRemove)
    }

    /// Claims the container, as `ContainerStore.create`; its directories are there, as a rule. Once; the caller holds off sweeps.
    package func claim(name: String?) throws(StoreError) -> ContainerClaim {
        preparation.awaitDirectories()
        let claim = try containers.create(id, name: name, mayHaveDirectories: true)
        isClaimed.store(true, ordering: .relaxed)
        return claim
    }

    /// As `Preparation.finish()`. What nobody has claimed is not there any more afterwards.
    package func finish() {
        preparation.finish()
        if !isClaimed.exchange(true, ordering: .relaxed) { containers.removeDirectories(id) }
    }
}
