import Archive
import Bytes
import Glibc
import Linux
package import OCI

/// Layers that are there and are to be unpacked a second time: to be looked at beside the first, and put in their place.
extension LayerStore {
    /// Begins to unpack the layer, which is there, once more; nil where somebody is unpacking it, or where it has gone. The value's `commit` finds
    /// the layer there; `replace` takes its place.
    package func beginAgain(_ layer: ImageLayer) throws(StoreError) -> PendingLayer? {
        let diffID = layer.diffID
        let lockPath = "\(folder)/.lock.\(Self.name(of: diffID))"
        return try doing("begin to unpack layer \(diffID.short)") { () throws(SystemError) in
            let lock = try FileDescriptor.open(lockPath, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
            guard try lock.lock(waiting: false), try lock.status().raw.st_nlink > 0 else { return nil }
            guard find(layer) != nil else {
                unlink(lockPath)
                return nil
            }
            while true {
                let temporary = "\(folder)/.tmp.\(Self.name(of: diffID)).\(getpid()).\(randomHex(bytes: 4))"
                try Files.makeDirectory(temporary, mode: 0o755)
                // A sweep that comes between takes it for abandoned.
                guard let root = try Self.held(temporary) else { continue }
                try check("chmod", temporary) { fchmod(root.rawValue, 0o755) }
                return PendingLayer(self, layer, temporary, root, lock, lockPath)
            }
        }
    }

    /// Takes the layer `name` out of the store, and its copies with other owners; returns what is to be removed. The caller holds off starts,
    /// and nothing is mounted from it.
    package func setAside(_ name: Digest) throws(StoreError) -> [String] {
        var doomed = [try condemn(name)]
        doomed += try setAsideCopies(of: name)
        return doomed
    }

    /// Takes the copies of the layer with other owners, which are made again when they are needed, out of the store.
    func setAsideCopies(of name: Digest) throws(StoreError) -> [String] {
        let prefix = Self.name(of: name) + ".ids."
        return try doing("look for copies of layer \(name.short)") { () throws(SystemError) in
            var doomed: [String] = []
            for copy in try Files.list(folder) where copy.begins(with: prefix) {
                let condemned = RetiredTree.path("\(copy).\(randomHex(bytes: 4))", in: folder)
                try Files.rename("\(folder)/\(copy)", to: condemned)
                doomed.append(condemned)
            }
            return doomed
        }
    }

    /// The names that the layer's directory and those of its copies have in the folder.
    package func directories(of name: Digest) throws(StoreError) -> [String] {
        let own = Self.name(of: name)
        return try doing("list the layers") { () throws(SystemError) in
            try Files.list(folder).filter { $0.isSame(as: own) || $0.begins(with: own + ".ids.") }
        }
    }
}

extension PendingLayer {
    /// Puts the directory, whose files have `size` bytes, in the place of the layer `name`, after everything in it has reached the disk: at each
    /// moment there is one of the two. Returns what is to be removed. The caller holds off starts, and nothing is mounted from the old one.
    package func replace(_ name: Digest, size: Int64) throws(StoreError) -> [String] {
        let doomed = try doing("store layer \(layer.diffID.short) again") { () throws(SystemError) in
            try Files.syncFileSystem(of: root.rawValue)
            let condemned = RetiredTree.path("\(LayerStore.name(of: name)).\(randomHex(bytes: 4))", in: store.folder)
            do throws(SystemError) {
                try Files.exchange(path, store.path(of: name))
                try Files.rename(path, to: condemned)
            } catch  where error.errno == .invalid || error.errno == .notImplemented {
                // A file system without RENAME_EXCHANGE: starts are held off.
                try Files.rename(store.path(of: name), to: condemned)
                try Files.rename(path, to: store.path(of: name))
            }
            try Files.replace(store.sizePath(name), with: Array(String(size).utf8), mode: 0o600, durable: false)
            try Files.syncDirectory(store.folder)
            return condemned
        }
        return [doomed] + (try store.setAsideCopies(of: name))
    }
}

extension ImageStore {
    /// What ingests and builds that are going on keep. Throws where that cannot be read.
    package func leased() throws(StoreError) -> Set<Digest> {
        let folder = paths.leases
        let names = try doing("list \(folder)") { () throws(SystemError) in try Files.listPresent(folder) }
        var digests: Set<Digest> = []
        for name in names {
            let path = "\(folder)/\(name)"
            let text = try doing("read \(path)") { () throws(SystemError) -> String in
                do throws(SystemError) {
                    return try HeldFile.isAbandoned(path) ? "" : try Files.readText(path)
                } catch {
                    if error.errno == .noEntry { return "" }
                    throw error
                }
            }
            digests.formUnion(text.split(on: "\n").compactMap { Digest(String($0)) })
        }
        return digests
    }

    /// Takes away the blob `digest`, if its content is another's: whatever was read before may have been replaced meanwhile. Nothing that was
    /// opened is disturbed. Returns whether it did. Throws `missingBlob`,
    /// and where it cannot be read or removed.
    package func removeIfDamaged(_ digest: Digest) throws(StoreError) -> Bool {
        let file = try open(digest)
        var hasher = DigestHasher(digest.algorithm)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try doing("read blob \(digest)") { () throws(SystemError) in try file.read(into: buffer) }
            if count == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        if hasher.finish() == digest { return false }
        return try doing("remove blob \(digest)") { () throws(SystemError) in
            let lock = try FileLock(paths.sweepLock)
            defer { lock.descriptor.unlock() }
            guard try Files.status(path(of: digest), following: false).identity == file.status().identity else {
                return false
            }
            try Files.unlink(path(of: digest))
            return true
        }
    }
}
