import Bytes
import Glibc
import Linux

// A run directory is one store's: containers of another would be taken for what a removal has left, and swept.
extension StorePaths {
    // A link, which is made at once or not at all. Its target is "FILESYSTEM:INODE DIRECTORY": a store may have several paths.
    private var binding: String { run + "/store" }

    /// Makes `run` the run directory of this store, unless it is that of another which has containers that run.
    func bind(_ store: FileIdentity) throws(StoreError) {
        let own = "\(store.fileSystem):\(store.inode) \(data)"
        while true {
            guard let target = try boundTo() else {
                if symlink(own, binding) == 0 { return }
                let errno = Errno.current
                if errno == .exists { continue }
                throw .unusableDirectory(path: run, cause: SystemError("symlink", binding, errno).description)
            }
            if target.isSame(as: own) { return }
            let words = target.split(on: " ", maxSplits: 1)
            if words.first == "\(store.fileSystem):\(store.inode)" { return }
            if words.count == 2 {
                let other = String(words[1])
                if try ContainerStore(StorePaths(data: other, run: run)).holdsAny() {
                    throw .unusableDirectory(
                        path: run,
                        cause: "it is the run directory of the store \(other), whose containers run:"
                            + " give this store another with --runroot or APUS_RUN")
                }
            }
            try release(target)
        }
    }

    private func boundTo() throws(StoreError) -> String? {
        try doing("read \(binding)") { () throws(SystemError) in
            do throws(SystemError) { return try Files.readLink(binding) } catch {
                if error.errno == .noEntry { return nil }
                throw error
            }
        }
    }

    // Under a lock: of two that find the same binding stale none removes the other's new one.
    private func release(_ target: String) throws(StoreError) {
        let lock = try doing("lock \(run)") { () throws(SystemError) in try FileLock(run + "/store.lock") }
        defer { lock.descriptor.unlock() }
        guard try boundTo() == target else { return }
        try doing("release \(run)") { () throws(SystemError) in try Files.unlink(binding) }
    }
}

extension ContainerStore {
    /// Whether somebody, a supervisor or a creator, holds any container of a store that may be gone.
    func holdsAny() throws(StoreError) -> Bool {
        guard try isPresent(paths.containers) else { return false }
        for id in try doing("list the containers", { () throws(SystemError) in try Files.list(paths.containers) })
        where Self.isID(id) {
            if try isHeld(id) { return true }
        }
        return false
    }
}
