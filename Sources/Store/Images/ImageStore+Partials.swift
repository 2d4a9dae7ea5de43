import Glibc
import Linux
package import OCI

/// Who may fetch a blob.
package enum BlobClaim: Sendable {
    /// Nobody needs to: it is in the store.
    case stored
    /// The caller, with what has come of it before.
    case taken(PartialBlob)
    /// Somebody else does, in whatever process.
    case busy
}

extension ImageIngest {
    /// Claims what is to be fetched of `blob`; does not wait for others. What stands in the place of its file and is none that we
    /// would have made is removed. Throws `StoreError`.
    package func claim(_ blob: Descriptor) throws(StoreError) -> BlobClaim {
        guard (0...PieceTable.limit).contains(blob.size) else {
            throw .tooLarge(digest: blob.digest, limit: Int(PieceTable.limit))
        }
        if try has(blob) { return .stored }
        let path = store.partialPath(of: blob.digest)
        let opened = try doing("write blob \(blob.digest) to \(store.partials)") { () throws(SystemError) in
            try Self.openPartial(path)
        }
        guard let file = consume opened else { return .busy }
        let table = try doing("read what has come of blob \(blob.digest)") { () throws(SystemError) in
            try file.table(ofSize: blob.size)
        }
        let partial = PartialBlob(store, blob, path, file, table ?? PieceTable(size: blob.size))
        if store.has(blob.digest, size: blob.size) {
            partial.discard()
            return .stored
        }
        if table == nil { try partial.startOver() }
        return .taken(partial)
    }

    /// The file at `path`, new or as it was left, and locked; nil where somebody else has the lock.
    private static func openPartial(_ path: String) throws(SystemError) -> FileDescriptor? {
        // Those who had the lock remove the file, or make a blob of it: each time the next one is waited for.
        for _ in 0..<1000 {
            guard let file = try openRegular(path) else {
                try Files.removeTree(path)
                continue
            }
            guard try file.lock(waiting: false) else { return nil }
            do throws(SystemError) {
                if try Files.status(path, following: false).identity == file.status().identity { return file }
            } catch {
                if error.errno != .noEntry { throw error }
            }
            file.unlock()
        }
        throw SystemError("open", path, .busy)
    }

    // nil for what is no file, has another name, which is somebody's blob, or does not let itself be opened.
    private static func openRegular(_ path: String) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
            let file = try FileDescriptor.open(path, flags, mode: 0o600)
            let status = try file.status()
            guard status.isRegular, status.linkCount <= 1 else { return nil }
            return file
        } catch {
            switch error.errno {
            case .loop, .isDirectory, .access, Errno(ENXIO): return nil
            default: throw error
            }
        }
    }

    /// How many bytes somebody else has of a blob that he fetches now; nil where nobody does. Throws `StoreError`.
    package func progress(of blob: Descriptor) throws(StoreError) -> Int64? {
        try doing("look at what has come of blob \(blob.digest)") { () throws(SystemError) in
            do throws(SystemError) {
                let file = try FileDescriptor.open(
                    store.partialPath(of: blob.digest), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
                // Shared: two that look are not in each other's way.
                guard try !file.lock(.shared, waiting: false) else {
                    file.unlock()
                    return nil
                }
                return try file.table(ofSize: blob.size)?.received ?? 0
            } catch {
                switch error.errno {
                // What is in the way is for `claim` to remove.
                case .noEntry, .loop, .access, Errno(ENXIO): return nil
                default: throw error
                }
            }
        }
    }
}

extension FileDescriptor {
    /// What a file says that has come of a blob of `size` bytes; nil where it says nothing of it.
    fileprivate func table(ofSize size: Int64) throws(SystemError) -> PieceTable? {
        var table = PieceTable(size: size)
        let all = Int64(try status().size)
        // Its writer was killed when he had cut the table off.
        if all == size, size > 0 {
            table.setAll()
            return table
        }
        guard all == size + Int64(table.encodedSize) else { return nil }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: table.encodedSize, alignment: 8)
        defer { buffer.deallocate() }
        var got = 0
        while got < buffer.count {
            let more = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[got...]), at: Int(size) + got)
            if more == 0 { return nil }
            got += more
        }
        return PieceTable(size: size, decoding: Array(buffer))
    }
}

/// What has come of blobs whose fetching was interrupted.
extension ImageStore {
    /// How long it is kept after the last of it has come, in seconds: a week.
    package static let partialLifetime = 7 * 24 * 3600

    var partials: String { paths.images + "/partial" }

    func partialPath(of digest: Digest) -> String { "\(partials)/\(digest.algorithm.rawValue)-\(digest.hex)" }

    /// Removes what nobody fetches now and of which nothing has come for `seconds`; nil: all that nobody fetches. Returns the bytes that the disk got back. Throws
    /// `StoreError.failed` at the first that cannot be removed.
    @discardableResult
    package func removePartials(idleFor seconds: Int? = partialLifetime) throws(StoreError) -> Int64 {
        let moment = seconds.map { Timestamp.now().seconds - $0 }
        return try doing("sweep \(partials)") { () throws(SystemError) in
            var freed: Int64 = 0
            for name in try Files.listPresent(partials) {
                try Self.removePartial("\(partials)/\(name)", untouchedSince: moment, &freed)
            }
            return freed
        }
    }

    /// What all of it takes on the disk, in bytes. Throws `StoreError.failed`.
    package func partialBytes() throws(StoreError) -> Int64 {
        try doing("look at \(partials)") { () throws(SystemError) in
            var sum: Int64 = 0
            for name in try Files.listPresent(partials) {
                do throws(SystemError) {
                    sum += try Files.status("\(partials)/\(name)", following: false).reclaimableBytes
                } catch {
                    if error.errno != .noEntry { throw error }
                }
            }
            return sum
        }
    }

    private static func removePartial(
        _ path: String, untouchedSince moment: Int?, _ freed: inout Int64
    ) throws(SystemError) {
        do throws(SystemError) {
            if let moment, try Files.status(path, following: false).modificationTime.seconds > moment { return }
            guard let file = try openClaimed(path) else { return try Files.removeTree(path, freed: &freed) }
            guard try file.lock(waiting: false) else { return }
            defer { file.unlock() }
            // While the lock is held: whoever waits for it finds the name gone.
            try Files.removeTree(path, freed: &freed)
        } catch {
            if error.errno != .noEntry { throw error }
        }
    }

    // nil for a link, or what not even its owner may read: nobody fetches into that.
    private static func openClaimed(_ path: String) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) { return try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) } catch {
            guard error.errno == .loop || error.errno == .access || error.errno == Errno(ENXIO) else { throw error }
            return nil
        }
    }
}
