import ContainerSpec
package import Errors
import Glibc
package import Linux
import OCI
import Runtime
import Store

/// The file system of a container as a worker process sees it, whether the container runs or not.
package enum ContainerTree {
    /// Brings the calling process, which must have one thread and nothing else to do, to the container that `bytes` (of
    /// `SuperviseRequest.file()`) describe: into the user namespace that its files belong to, with its root directory as
    /// the result. `process` is its first process; nil for a container that does not run, which the caller holds.
    ///
    /// Nothing of the container is executed, loaded or made the caller's root. Throws `EngineError`.
    package static func open(_ bytes: [UInt8], process: ProcessIdentity?) throws(EngineError) -> FileDescriptor {
        guard let work = SuperviseRequest(bytes) else { throw EngineError("the worker's request cannot be read") }
        if let process { return try visit(process, work) }
        return try mount(work)
    }

    private static func visit(
        _ process: ProcessIdentity, _ work: SuperviseRequest
    ) throws(EngineError) -> FileDescriptor {
        try engine {
            _ = try UserNamespace.enter(runDirectory: work.paths.run)
            guard let pidfd = process.open() else {
                throw EngineError("container \(work.name) ended meanwhile: try again", .conflict)
            }
            let root = try ContainerRoot.open(pidfd: pidfd, pid: process.pid)
            if work.description.options.usernsMode.isOwn {
                let namespace = try FileDescriptor.open("/proc/\(process.pid)/ns/user", O_RDONLY)
                // It lives still, so the file was its own.
                try sendSignal(0, to: pidfd)
                try become(namespace)
            }
            return root
        }
    }

    private static func mount(_ work: SuperviseRequest) throws(EngineError) -> FileDescriptor {
        let (options, containers) = (work.description.options, ContainerStore(work.paths))
        let (mode, _) = UserNamespace.plan()
        let root = try work.root(mode)
        return try engine {
            let layers = if case .layers(let layers) = root { layers } else { [String]() }
            let map = try OwnIDMap.claim(options, container: work.id, layers: layers, in: work.paths)
            _ = try UserNamespace.enter(runDirectory: work.paths.run)
            var namespace: FileDescriptor?
            if let map { namespace = try UserNamespace.make(map) }
            var binds = try binds(options, in: VolumeStore(containers.paths))
            try findMaps(&binds, map, namespace)
            let source = RootSource(
                root: root, map: map, directory: containers.directory(work.id), driver: options.storageDriver,
                isReadOnly: options.readonlyRootfs, mountPoints: binds.map(\.destination), isVolatile: false,
                opensDevices: false)
            let mount = try source.mount(namespace, RootServer())
            // What is attached nowhere cannot be mounted on. Over the container's directory nobody misses anything in
            // this mount namespace: the overlay has its directories.
            if MountInterface.hasTrees, !binds.isEmpty {
                let tree = MountTree(owning: mount)
                try tree.attach(to: containers.directory(work.id))
                let attached = tree.release()
                try finish(attached, binds, options)
                return try entered(attached, namespace)
            }
            try finish(mount, binds, options)
            return try entered(mount, namespace)
        }
    }

    private static func finish(
        _ root: borrowing FileDescriptor, _ binds: [Bind], _ options: RunOptions
    ) throws(SystemError) {
        for bind in binds { try attach(bind, to: root) }
        if options.readonlyRootfs, MountInterface.hasAttributes { try root.setMountAttributes(.readOnly) }
    }

    private static func entered(
        _ root: consuming FileDescriptor, _ namespace: consuming FileDescriptor?
    ) throws(SystemError) -> FileDescriptor {
        switch namespace {
        case .some(let namespace): try become(namespace)
        case .none: break
        }
        return root
    }

    private static func become(_ namespace: borrowing FileDescriptor) throws(SystemError) {
        try NamespaceSet.user.enter(namespace)
        try Credentials.becomeRoot()
    }

    // MARK: mounts of a container that does not run

    /// A file or directory of the host's that a start would mount.
    private struct Bind {
        var source: String
        var destination: String
        var isReadOnly: Bool
        var isRecursive: Bool
        var createsSource: Bool
        /// What of the source is mounted; nil for all.
        var subpath: String?
        /// Which owners it shows; nil: those that its files have.
        var mappedIDs: MountOption.MappedIDs?
        /// The open user namespace that has the map for that.
        var mappingNamespace: CInt?
    }

    // The namespaces that are made stay open: this process ends soon.
    private static func findMaps(_ binds: inout [Bind], _ map: IDMap?, _ namespace: borrowing FileDescriptor?) throws {
        for place in binds.indices {
            guard let ids = binds[place].mappedIDs else { continue }
            if let other = try ids.map(map, of: binds[place].destination) {
                binds[place].mappingNamespace = try UserNamespace.make(other).release()
            } else {
                binds[place].mappingNamespace = namespace.number
            }
        }
    }

    // The outer ones first.
    private static func binds(_ options: RunOptions, in volumes: VolumeStore) throws(StoreError) -> [Bind] {
        var list: [Bind] = []
        for mount in options.mounts {
            switch mount.kind {
            case .bind(let bind):
                list.append(
                    Bind(
                        source: bind.source, destination: mount.destination, isReadOnly: mount.readOnly,
                        isRecursive: bind.recursion != .disabled, createsSource: bind.createSource,
                        mappedIDs: bind.mappedIDs))
            case .volume(let volume):
                let source = VolumeSource(try volumes.read(volume.name ?? ""), in: volumes)
                // Other file systems come with a start.
                guard let content = source.content else { continue }
                list.append(
                    Bind(
                        source: content, destination: mount.destination, isReadOnly: mount.readOnly,
                        isRecursive: true, createsSource: false, subpath: volume.subpath,
                        mappedIDs: volume.mappedIDs))
            // It comes with a start, empty.
            case .tmpfs: continue
            // So does an image, and what is at its place is not seen.
            case .image: continue
            }
        }
        let depths = list.map { $0.destination.utf8.count { $0 == UInt8(ascii: "/") } }
        return list.indices.sorted { (depths[$0], $0) < (depths[$1], $1) }.map { list[$0] }
    }

    // Whatever links there are in a volume, they lead nowhere but into it.
    private static func open(_ bind: Bind) throws(SystemError) -> FileDescriptor {
        guard let subpath = bind.subpath else {
            return try FileDescriptor.open(bind.source, FileDescriptor.pathOnly)
        }
        let root = RootDirectory(try FileDescriptor.open(bind.source, FileDescriptor.pathOnly | O_DIRECTORY))
        return try root.open(subpath)
    }

    private static func attach(_ bind: Bind, to root: borrowing FileDescriptor) throws(SystemError) {
        if bind.createsSource, try !Files.isPresent(bind.source) { try Files.makeDirectories(bind.source) }
        let source = try open(bind)
        let isDirectory = try source.status().isDirectory
        let place = try RootDirectory(root.duplicate()).openOrCreate(
            bind.destination, isDirectory ? .directory : .file)
        guard MountInterface.hasTrees else {
            if bind.mappingNamespace != nil { throw SystemError("open_tree", bind.source, .notImplemented) }
            try MountCalls.mount(
                "/proc/self/fd/\(source.rawValue)", on: place, bind.isRecursive ? [.bind, .recursive] : [.bind])
            if bind.isReadOnly {
                let again = try RootDirectory(root.duplicate()).open(bind.destination)
                try MountCalls.mount(nil, on: again, [.remount, .bind, .readOnly, try again.mountFlags()])
            }
            return
        }
        let tree = try MountTree.clone(source, recursive: bind.isRecursive)
        if let number = bind.mappingNamespace {
            let namespace = FileDescriptor(owning: number)
            try tree.mapIDs(namespace, recursive: false)
            // The container's own is needed later on.
            _ = namespace.release()
        }
        if bind.isReadOnly, MountInterface.hasAttributes { try tree.setAttributes(.readOnly, recursive: true) }
        try tree.attach(to: place)
    }
}
