import ContainerSpec
import Errors
import Glibc
import Linux
import OCI
import Runtime
import Store

/// The root file system, and who runs in it.
extension Supervisor {
    /// The container's own user namespace, with `request.plan`'s specification left as it is; nil where it has none.
    func ownUserNamespace() throws(SupervisorFailure) -> FileDescriptor? {
        guard let map = request.ownUserNamespace else { return nil }
        do throws(LaunchError) { return try UserNamespace.make(map) } catch { throw SupervisorFailure(error) }
    }

    /// The numbers of the container's `user` for this process.
    func outerIDs(_ user: RuntimeSpec.User) -> (user: UInt32, group: UInt32) {
        guard let map = request.ownUserNamespace else { return (user.uid, user.gid) }
        return (map.outerUser(user.uid) ?? 0, map.outerGroup(user.gid) ?? 0)
    }

    /// `isFirst`: this supervisor has not mounted it before.
    mutating func mountRoot(
        _ namespace: borrowing FileDescriptor?, isFirst: Bool
    ) throws(SupervisorFailure) -> FileDescriptor {
        if let root = takePreparedRoot() { return root }
        var source = RootSource(
            root: request.root, map: request.ownUserNamespace,
            directory: request.build?.scratch ?? request.containers.directory(request.id),
            driver: request.storageDriver, isReadOnly: request.readOnlyRoot,
            mountPoints: request.readOnlyRoot ? request.plan.mountPoints : [],
            isVolatile: request.autoRemove, opensDevices: request.guardsDevices)
        source.isNew = isFirst && request.isNew && request.build == nil
        if request.build != nil { source.layersFolder = LayerStore(request.containers.paths, mode).folder }
        do throws(SystemError) { return try source.mount(namespace, rootServer) } catch {
            let driver = request.storageDriver.map { " with the storage driver \($0.rawValue)" } ?? ""
            throw SupervisorFailure("cannot make the container's root file system\(driver): \(error)")
        }
    }

    // Once; nil where there is none that is as the container's has to be.
    private mutating func takePreparedRoot() -> FileDescriptor? {
        guard var parts = prepared.take() else { return nil }
        // Whoever made it has nothing else to do, and takes a while to end.
        if let root = parts.takeRoot() {
            // It was made when nobody knew whether something would guard the devices.
            if !request.guardsDevices || (try? root.setMountAttributes(clear: .noDevices)) != nil { return root }
        }
        parts.finish()
        return nil
    }

    /// Waits until nothing is made for the container any more, and lets go of what was.
    mutating func endPreparation() {
        guard let parts = prepared.take() else { return }
        parts.finish()
    }

    /// The network namespace that was made for the container's process, where there is one.
    mutating func takePreparedNetwork() -> FileDescriptor? {
        guard var parts = prepared.take() else { return nil }
        let network = parts.takeNetwork()
        prepared = consume parts
        return network
    }

    /// Looks up who runs, and makes the directories that the image is to have.
    func resolveUser(
        _ plan: inout LaunchPlan, _ root: borrowing FileDescriptor, _ namespace: borrowing FileDescriptor?
    ) throws(SupervisorFailure) {
        do throws(OptionError) {
            let user = try UserResolver.resolve(plan.user, root: root, opensDevices: request.guardsDevices)
            try plan.apply(user, mode: mode, map: request.ownUserNamespace)
        } catch { throw SupervisorFailure(error.description) }
        if let number = namespace.number {
            // By its number, which the process that becomes the container has too.
            plan.spec.linux?.namespaces?.append(.init(.user, path: "/proc/self/fd/\(number)"))
        }
        guard !request.readOnlyRoot, !plan.directories.isEmpty else { return }
        do throws(SystemError) {
            switch namespace {
            case .none: try Self.makeDirectories(plan.directories, root)
            case .some(let namespace):
                // As the container's own root: they are to be its.
                let made = try UserNamespace.run(in: namespace) {
                    do throws(SystemError) {
                        try Self.makeDirectories(plan.directories, root)
                        return 0
                    } catch { return error.errno.rawValue }
                }
                guard case .exited(let code) = made else { throw SystemError("mkdir", nil, .io) }
                if code != 0 { throw SystemError("mkdir", nil, Errno(code)) }
            }
        } catch {
            throw SupervisorFailure("cannot make the container's working directory: \(error)")
        }
    }

    private static func makeDirectories(
        _ paths: [String], _ root: borrowing FileDescriptor
    ) throws(SystemError) {
        let directory = RootDirectory(try root.duplicate())
        for path in paths { _ = try directory.openOrCreate(path, .directory) }
    }
}
