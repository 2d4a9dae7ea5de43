import Bytes
import ContainerSpec
import Glibc
import Linux
import OCI
import Runtime
import Store

/// What a build mounts in a container of its own.
extension Supervisor {
    /// Makes what is to be mounted for the build and leads the mounts of `spec` to it, as `mountImages` does. Returns the
    /// descriptors that they are mounted by, which the caller closes when the container's process has them. Memory of the
    /// supervisor's own mount namespace has files that must not reach a disk.
    func mountForBuild(_ spec: inout RuntimeSpec) throws(SupervisorFailure) -> [CInt] {
        guard let build = request.build else { return [] }
        var opened: [CInt] = []
        do throws(SupervisorFailure) {
            for (number, mount) in build.mounts.enumerated() {
                guard let place = spec.mounts?.firstIndex(where: { $0.destination.isSame(as: mount.destination) })
                else { continue }
                let part = try open(mount, number)
                opened.append(part)
                // By its number, which the process that becomes the container has too.
                spec.mounts?[place].source = "/proc/self/fd/\(part)"
                spec.mounts?[place].options = Self.options(mount)
            }
            return opened
        } catch {
            for descriptor in opened { close(descriptor) }
            letGoBuildMounts()
            throw error
        }
    }

    /// Takes what `mountForBuild` attached out of this mount namespace: the container's process has a copy of it.
    func letGoBuildMounts() {
        guard let build = request.build else { return }
        for number in build.mounts.indices { letGo(Self.buildName(number)) }
        try? MountCalls.detach(memory)
    }

    /// Why the container of a build ended with `code`, where that was for want of memory; BuildKit's words.
    func lackOfMemory(_ code: CInt) -> SupervisorFailure? {
        guard code != 0, cgroup?.hasRunOutOfMemory ?? false else { return nil }
        return SupervisorFailure("cannot allocate memory", exitCode: code)
    }

    private static func buildName(_ number: Int) -> String { "build/\(number)" }

    private static func options(_ mount: BuildMount) -> [String] {
        var options = ["rbind", "rprivate", "nodev"]
        // Recursively from Linux 5.12 on: what is mounted below a context is no more to be written than the context.
        if mount.isReadOnly { options.append(KernelVersion.running >= KernelVersion(5, 12) ? "rro" : "ro") }
        if case .file(_, let owner) = mount.source {
            options += ["nosuid"]
            if owner.mode & 0o111 == 0 { options.append("noexec") }
        }
        return options
    }

    private func open(_ mount: BuildMount, _ number: Int) throws(SupervisorFailure) -> CInt {
        do throws(SystemError) {
            switch mount.source {
            case .layers(let layers, let subpath):
                return try mountLayers(layers, subpath, mount, number).release()
            case .cache(let cache): return try openCache(cache, mount, number).release()
            case .file(let content, let owner):
                let path = "\(try makeMemory())/\(number)"
                let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
                try file.writeAll(content)
                try give(file.rawValue, to: owner)
                return try FileDescriptor.open(path, FileDescriptor.pathOnly | O_NOFOLLOW).release()
            case .socket(let socket, let owner):
                let path = "\(try makeMemory())/\(number)"
                try UnixSocket.name(socket, path)
                try check("chmod", path) { chmod(path, owner.mode & 0o7777) }
                if mode != .single { try check("chown", path) { chown(path, owner.user, owner.group) } }
                return try FileDescriptor.open(path, FileDescriptor.pathOnly | O_NOFOLLOW).release()
            }
        } catch {
            throw failure(error, mount)
        }
    }

    private func failure(_ error: SystemError, _ mount: BuildMount) -> SupervisorFailure {
        let isMissing = error.errno == .noEntry || error.errno == .notDirectory || error.errno == .loop
        switch mount.source {
        case .layers(_, let subpath?) where isMissing:
            return SupervisorFailure(
                "failed to compute cache key: \(goQuoted(rooted(subpath))): not found", exitCode: 1)
        case .cache(let cache) where isMissing && cache.subpath != nil:
            return SupervisorFailure(
                "open \(rooted(cache.subpath ?? "")): no such file or directory", exitCode: 1)
        case .cache(let cache) where isMissing && cache.initial != nil:
            return SupervisorFailure("open \(cache.initialPath): no such file or directory", exitCode: 1)
        default:
            return SupervisorFailure("cannot mount at \(mount.destination): \(error)", exitCode: 1)
        }
    }

    private func rooted(_ path: String) -> String { path.begins(with: "/") ? path : "/" + path }

    // MARK: layers

    private func mountLayers(
        _ layers: [String], _ subpath: String?, _ mount: BuildMount, _ number: Int
    ) throws(SystemError) -> FileDescriptor {
        let name = Self.buildName(number)
        let image = MountedImage(
            layers: try layers.isEmpty ? [nothing(name)] : layers, destination: mount.destination,
            readOnly: mount.isReadOnly, subpath: subpath)
        if image.readOnly, image.layers.count == 1 {
            // What shows one directory is that directory, whatever the storage driver is.
            let place = "\(request.runDirectory)/\(name)"
            try Files.makeDirectories(place)
            let root = try Overlay.bind(image.layers[0], opensDevices: false)
            guard MountInterface.hasTrees else { return try part(subpath, of: root) }
            let tree = MountTree(owning: root)
            try tree.attach(to: place)
            return try part(subpath, of: tree.release())
        }
        return try self.mount(image, as: name, nil)
    }

    private func part(_ subpath: String?, of root: consuming FileDescriptor) throws(SystemError) -> FileDescriptor {
        guard let subpath else { return root }
        return try RootDirectory(root).open(subpath)
    }

    // An empty directory of the container's.
    private func nothing(_ name: String) throws(SystemError) -> String {
        let path = "\(request.containers.directory(request.id))/\(name).empty"
        try Files.makeDirectories(path)
        return path
    }

    // MARK: caches

    private func openCache(
        _ cache: BuildCacheMount, _ mount: BuildMount, _ number: Int
    ) throws(SystemError) -> FileDescriptor {
        let content = "\(cache.directory)/content"
        // Of two that begin with it at once one makes it.
        let lock = try FileLock("\(cache.directory)/making")
        if try !Files.isPresent(content) { try make(content, cache, mount, number) }
        endLifetime(lock)
        let root = try FileDescriptor.open(content, FileDescriptor.pathOnly | O_DIRECTORY | O_NOFOLLOW)
        return try part(cache.subpath, of: root)
    }

    private func make(
        _ content: String, _ cache: BuildCacheMount, _ mount: BuildMount, _ number: Int
    ) throws(SystemError) {
        let temporary = content + ".tmp"
        try Files.removeTree(temporary)
        try Files.makeDirectory(temporary, mode: 0o700)
        let target = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        if let initial = cache.initial {
            let source = BuildMount(
                destination: mount.destination, isReadOnly: true,
                source: .layers(initial, subpath: cache.initialPath))
            let path = try mountLayers(initial, cache.initialPath, source, number)
            let directory = try FileDescriptor.open("/proc/self/fd/\(path.rawValue)", O_RDONLY | O_DIRECTORY)
            defer { letGo(Self.buildName(number)) }
            try inChild { () throws(SystemError) in
                do throws(TreeCopyError) {
                    _ = try TreeCopy(.plain).copy([directory.rawValue], into: target.rawValue)
                } catch { throw error.cause }
            }
        } else {
            try give(target.rawValue, to: cache.owner)
        }
        try Files.rename(temporary, to: content)
    }

    // What a copy takes of memory, a supervisor would keep as long as the container runs.
    private func inChild(_ body: () throws(SystemError) -> Void) throws(SystemError) {
        let child = try fork {
            do throws(SystemError) { try body() } catch { return error.errno.rawValue }
            return 0
        }
        switch try waitForExit(of: child) {
        case .exited(0): return
        case .exited(let code): throw SystemError("copy", nil, Errno(code))
        case .signaled: throw SystemError("copy", nil, .interrupted)
        }
    }

    // MARK: memory

    private var memory: String { "\(request.runDirectory)/build/memory" }

    // A file system in memory that this mount namespace alone has.
    private func makeMemory() throws(SystemError) -> String {
        if try Files.isPresent(memory) { return memory }
        try Files.makeDirectories(memory, mode: 0o700)
        try MountCalls.mount(
            "tmpfs", on: memory, type: "tmpfs", [.noSUID, .noDevices], data: "mode=0755,size=67108864")
        return memory
    }

    // With one id everything is that one's.
    private func give(_ file: CInt, to owner: BuildFileOwner) throws(SystemError) {
        if mode != .single { try check("fchown") { fchown(file, owner.user, owner.group) } }
        try Files.setMode(of: file, owner.mode & 0o7777)
    }
}
