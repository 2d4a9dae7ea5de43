import Bytes
import Glibc
import Linux
import Runtime

/// The file system of a volume (`type=tmpfs`, or any other that root mounts), mounted once for all containers that have
/// the volume while one of them runs, as Docker does.
///
/// No process is there that could hold the mount for all of them. So each supervisor has it in its own mount namespace, over
/// the volume's directory, where it lasts as long as the supervisor runs its container, and goes with it when it is killed.
/// The first mounts the file system; a later one enters the mount namespace of one that has it, for a moment, and copies the
/// mount (open_tree(2)). The volume's lock keeps a last one from going while the next one comes. A mark in the volume's
/// directory says for each container which process has it.
struct SharedFileSystem {
    private let volume: MountedVolume
    private let fileSystem: VolumeFileSystem
    private let content: String
    private let id: String

    /// That of `volume` for the container `id`; nil where it is a directory.
    init?(_ volume: MountedVolume, container id: String) {
        guard let fileSystem = volume.fileSystem, let content = volume.content else { return nil }
        self.volume = volume
        self.fileSystem = fileSystem
        self.content = content
        self.id = id
    }

    private var marks: String { volume.directory + "/mounts" }

    /// Mounts it over the volume's directory. The caller has one thread and a mount namespace of its own. Throws in Docker's
    /// words.
    func acquire() throws(SupervisorFailure) {
        do throws(SystemError) {
            let lock = try lock()
            defer { lock.unlock() }
            try Files.makeDirectories(marks, mode: 0o700)
            if try !copyOfAnother() { try fileSystem.mount(on: content) }
            guard let own = ProcessIdentity.current() else { throw SystemError("read", "/proc/self/stat", .noEntry) }
            do throws(SystemError) {
                try Files.write("\(own.pid) \(own.startTime)".utf8, to: "\(marks)/\(id)", mode: 0o600)
            } catch {
                try? MountCalls.detach(content)
                throw error
            }
        } catch {
            // As Docker: what is not there is the user's to find.
            throw SupervisorFailure(
                "error while mounting volume '\(content)': failed to mount local volume: \(describe(error))",
                exitCode: error.errno == .noEntry ? 127 : 125)
        }
    }

    /// Takes it away again. The file system goes with the last container that has it.
    func release() {
        // Without the lock the next one may mount anew what goes with this process: better than to keep it.
        let lock = try? lock()
        try? MountCalls.detach(content)
        unlink("\(marks)/\(id)")
        if let number = lock.number { _ = flock(number, LOCK_UN) }
    }

    private func lock() throws(SystemError) -> FileDescriptor {
        let directory = try FileDescriptor.open(volume.directory, O_RDONLY | O_DIRECTORY)
        _ = try directory.lock()
        return directory
    }

    private func describe(_ error: SystemError) -> String {
        guard error.call == "mount" else { return "\(error)" }
        let flags = fileSystem.flags.isEmpty ? "" : ", flags: 0x\(String(fileSystem.flags.rawValue, radix: 16))"
        let data = fileSystem.data.isEmpty ? "" : ", data: \(fileSystem.data)"
        return "mount \(fileSystem.source):\(content)\(flags)\(data): \(error.errno)"
    }

    // MARK: another's

    // False where nobody has it.
    private func copyOfAnother() throws(SystemError) -> Bool {
        for name in try Files.list(marks) {
            let mark = "\(marks)/\(name)"
            guard !name.isSame(as: id), let holder = try holder(mark) else {
                // Of a process that was killed.
                try Files.unlink(mark)
                continue
            }
            do throws(SystemError) {
                guard let tree = try copy(of: holder) else { continue }
                try tree.attach(to: content)
                return true
            } catch {
                // It ended meanwhile, and its mounts with it.
                guard try holder.hasEnded() else { throw error }
            }
        }
        return false
    }

    // nil for one that is gone, and for what no supervisor has written whole.
    private func holder(_ mark: String) throws(SystemError) -> ProcessIdentity? {
        let words = try Files.readText(mark, limit: 64).split(on: " ")
        guard words.count == 2, let pid = ProcessID(words[0]), let start = UInt64(words[1]) else { return nil }
        let identity = ProcessIdentity(pid: pid, startTime: start)
        return try identity.hasEnded() ? nil : identity
    }

    // nil where it has let go of it.
    private func copy(of holder: ProcessIdentity) throws(SystemError) -> MountTree? {
        let own = try FileDescriptor.open("/proc/self/ns/mnt", O_RDONLY)
        let other = try FileDescriptor.open("/proc/\(holder.pid)/ns/mnt", O_RDONLY)
        // The number may be another's by now.
        if try holder.hasEnded() { return nil }
        try NamespaceSet.mount.enter(other)
        var tree: MountTree?
        var failure: SystemError?
        do throws(SystemError) {
            // Where nothing is mounted there is only the empty directory.
            if try Files.status(content).identity.fileSystem != Files.status(volume.directory).identity.fileSystem {
                tree = try MountTree.clone(content, recursive: false)
            }
        } catch { failure = error }
        try NamespaceSet.mount.enter(own)
        _ = chdir("/")
        if let failure { throw failure }
        return tree
    }
}
