import Bytes
import Glibc
package import Linux
package import OCI

/// Layers unpacked each into a directory of its own, as overlay lowers, by a digest: that of their uncompressed archive
/// (`diff_id`), or where they depend on others, over those, too (see `ImageLayer`).
package struct LayerStore: Sendable {
    /// With which owners the files are there.
    package enum Ownership: UInt8, Sendable {
        /// Those of the archive: unpacked as root or in a user namespace with subordinate ids.
        case full
        /// All files belong to the user, as only one id was there to unpack with.
        case squashed
    }

    package let paths: StorePaths
    package let ownership: Ownership

    package init(_ paths: StorePaths, _ ownership: Ownership) {
        self.paths = paths
        self.ownership = ownership
    }

    /// The directory that they are in.
    package var folder: String { ownership == .full ? paths.layers : paths.squashedLayers }

    /// The directory of the layer, whether it is there or not.
    package func path(of name: Digest) -> String { "\(folder)/\(Self.name(of: name))" }

    /// The layer's name in `layers/`: "sha256-…".
    package static func name(of name: Digest) -> String { "\(name.algorithm.rawValue)-\(name.hex)" }

    /// The layer that is called so in `layers/`; nil for what is no such name.
    static func digest(of name: String) -> Digest? {
        let parts = name.split(on: "-", maxSplits: 1)
        guard parts.count == 2, let algorithm = Digest.Algorithm(rawValue: String(parts[0])) else { return nil }
        return Digest(algorithm, hex: String(parts[1]))
    }

    /// Whether the layer is there, whole.
    package func has(_ name: Digest) -> Bool { Files.exists(path(of: name)) }

    /// The size of the layer's files in bytes, as its unpacker counted them; nil where that is not known.
    package func size(of name: Digest) -> Int64? {
        guard let text = try? Files.readText(sizePath(name), limit: 64) else { return nil }
        return Int64(text)
    }

    func sizePath(_ name: Digest) -> String { "\(folder)/.size.\(Self.name(of: name))" }

    /// Begins to unpack the layer; nil where it is there already. Waits while another process (or thread) unpacks
    /// the same layer, and returns nil when that one succeeds.
    package func begin(_ layer: ImageLayer) throws(StoreError) -> PendingLayer? {
        try begin(layer, waiting: true).pending
    }

    /// As `begin`, but says that somebody else is at it instead of waiting.
    package func tryBegin(_ layer: ImageLayer) throws(StoreError) -> (pending: PendingLayer?, isBusy: Bool) {
        try begin(layer, waiting: false)
    }

    private func begin(
        _ layer: ImageLayer, waiting: Bool
    ) throws(StoreError) -> (pending: PendingLayer?, isBusy: Bool) {
        if find(layer) != nil { return (nil, false) }
        let diffID = layer.diffID
        let lockPath = "\(folder)/.lock.\(Self.name(of: diffID))"
        do throws(SystemError) {
            while true {
                let lock = try FileDescriptor.open(lockPath, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
                guard try lock.lock(waiting: waiting) else { return (nil, true) }
                // Who held the lock before removed its name: a later opener has another file.
                guard try lock.status().raw.st_nlink > 0 else { continue }
                if find(layer) != nil {
                    unlink(lockPath)
                    return (nil, false)
                }
                let temporary = "\(folder)/.tmp.\(Self.name(of: diffID)).\(getpid()).\(randomHex(bytes: 4))"
                try Files.makeDirectory(temporary, mode: 0o755)
                // A sweep that comes between takes it for abandoned.
                guard let root = try Self.held(temporary) else { continue }
                // mkdir(2) obeys the umask, and the directory is the root of somebody's container.
                try check("chmod", temporary) { fchmod(root.rawValue, 0o755) }
                return (PendingLayer(self, layer, temporary, root, lock, lockPath), false)
            }
        } catch {
            throw .failed(action: "begin to unpack layer \(diffID.short)", error)
        }
    }

    /// Makes the directory `tree`, on the same file system, the layer with the diff id `diffID`, whose files have `size` bytes; false
    /// where the layer is there already, and `tree` is left as it is. What is in `tree` has reached the disk. Waits while another process
    /// unpacks the same layer.
    package func adopt(_ tree: String, as diffID: Digest, size: Int64) throws(StoreError) -> Bool {
        let layer = ImageLayer(diffID)
        let lockPath = "\(folder)/.lock.\(Self.name(of: diffID))"
        return try doing("store layer \(diffID.short)") { () throws(SystemError) in
            while true {
                let lock = try FileDescriptor.open(lockPath, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
                _ = try lock.lock()
                guard try lock.status().raw.st_nlink > 0 else { continue }
                defer {
                    unlink(lockPath)
                    lock.unlock()
                }
                // Of the two names the one that says all of the layer alone: the other may be another's base.
                if has(layer.diffID) { return false }
                try Files.replace(sizePath(diffID), with: Array(String(size).utf8), mode: 0o600, durable: false)
                do throws(SystemError) {
                    try Files.renameExclusively(tree, to: path(of: diffID))
                } catch  where error.errno == .invalid || error.errno == .notImplemented {
                    try Files.rename(tree, to: path(of: diffID))
                }
                try Files.syncDirectory(folder)
                return true
            }
        }
    }

    /// Makes a directory in which a build may make a layer.
    package func makeScratch() throws(StoreError) -> ScratchDirectory {
        try doing("make a directory in \(folder)") { () throws(SystemError) in
            while true {
                let path = "\(folder)/.tmp.build.\(getpid()).\(randomHex(bytes: 6))"
                try Files.makeDirectory(path, mode: 0o700)
                // A sweep that comes between takes it for abandoned.
                if let hold = try Self.held(path) { return ScratchDirectory(path, hold) }
            }
        }
    }

    // The directory that was made at `path`, locked; nil where it is not there any more.
    static func held(_ path: String) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            let root = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            try root.lock()
            guard try Files.status(path, following: false).raw.st_ino == root.status().raw.st_ino else { return nil }
            return root
        } catch {
            guard error.errno == .noEntry else { throw error }
            return nil
        }
    }
}

/// A directory beside the layers in which a layer is made: mode 0700, the caller's. As long as the value lives no sweep takes it for
/// abandoned.
package final class ScratchDirectory: Sendable {
    package let path: String
    private let hold: FileDescriptor

    fileprivate init(_ path: String, _ hold: consuming FileDescriptor) {
        self.path = path
        self.hold = hold
    }

    deinit { hold.unlock() }
}

/// A layer that is being unpacked into a temporary directory.
///
/// A value that goes without `commit` leaves the directory to `LayerStore.condemnAbandoned()`: its files may belong to
/// subordinate ids, and only a process in the user namespace can remove them.
package final class PendingLayer: Sendable {
    package let layer: ImageLayer
    /// The directory to unpack into: empty, mode 0755.
    package let path: String
    /// The same directory, held locked so that no sweep takes it.
    package let root: FileDescriptor
    let store: LayerStore
    private let lock: FileDescriptor
    private let lockPath: String

    init(
        _ store: LayerStore, _ layer: ImageLayer, _ path: String, _ root: consuming FileDescriptor,
        _ lock: consuming FileDescriptor, _ lockPath: String
    ) {
        self.store = store
        self.layer = layer
        self.path = path
        self.root = root
        self.lock = lock
        self.lockPath = lockPath
    }

    // The name goes before the lock does, so that whoever waits for it finds out and makes a new one. Both locks go here,
    // and not with their descriptors, of which anything that another thread forks has duplicates for a moment: what is
    // abandoned could be taken for somebody's.
    deinit {
        unlink(lockPath)
        lock.unlock()
        root.unlock()
    }

    /// Gives the directory, whose files have `size` bytes, its final name, after everything in it has reached the
    /// disk: a layer with a name is a whole layer, after a power failure too. `isSettled`: whether some of it came from
    /// the layers below.
    package func commit(size: Int64, isSettled: Bool = false) throws(StoreError) {
        let name = isSettled ? layer.settledID : layer.diffID
        try doing("store layer \(layer.diffID.short)") { () throws(SystemError) in
            try Files.replace(store.sizePath(name), with: Array(String(size).utf8), mode: 0o600, durable: false)
            try Files.syncFileSystem(of: root.rawValue)
            do throws(SystemError) {
                try Files.renameExclusively(path, to: store.path(of: name))
            } catch  where error.errno == .invalid || error.errno == .notImplemented {
                // A file system without RENAME_NOREPLACE; the lock keeps others out.
                try Files.rename(path, to: store.path(of: name))
            }
            try Files.syncDirectory(store.folder)
        }
    }
}

extension LayerStore {
    /// What unpackings that came to nothing and removals have left, as names in the folder.
    struct Abandoned {
        fileprivate var dead: [String] = []
        /// Of unpackings, whoever is at them.
        fileprivate var temporaries: [String] = []
        /// Layers that are not there, of which there is a lock or a size.
        fileprivate var notes: [Substring] = []
        /// Copies of layers that are not there.
        fileprivate var copies: [String] = []
    }

    /// Finds what may be removed once the layers `leaving` are gone, and changes nothing. Throws where anything cannot be
    /// read: a layer that it takes for missing is missing.
    func findAbandoned(leaving: [Digest] = []) throws(StoreError) -> Abandoned {
        let gone = Set(leaving.map { Self.name(of: $0) })
        func isMissing(_ layer: String) throws(SystemError) -> Bool {
            if gone.contains(layer) { return true }
            return try !Files.isPresent("\(folder)/\(layer)")
        }
        return try doing("look for what is left in \(folder)") { () throws(SystemError) in
            var found = Abandoned()
            for name in try Files.list(folder) {
                if RetiredTree.isOne(name) {
                    found.dead.append(name)
                } else if name.begins(with: ".tmp.") {
                    found.temporaries.append(name)
                } else if let layer = Self.layer(ofNote: name) {
                    if try isMissing(String(layer)) { found.notes.append(layer) }
                } else if let original = Self.original(ofCopy: name) {
                    if try isMissing(original) { found.copies.append(name) }
                }
            }
            return found
        }
    }

    /// Takes it out of the store; returns the directories to remove (in the user namespace) with everything in them. No
    /// unpacking that is going on is among them, and nothing of which that cannot be told: `problem` hears of that.
    func condemn(_ abandoned: Abandoned, problem: (StoreError) -> Void) -> [String] {
        var doomed = abandoned.dead.map { "\(folder)/\($0)" }
        func attempt(_ name: some StringProtocol, _ body: () throws(SystemError) -> String?) {
            do throws(StoreError) {
                let condemned = try doing("see whether anybody works on \(folder)/\(name)") { () throws(SystemError) in
                    try body()
                }
                if let condemned { doomed.append(condemned) }
            } catch { problem(error) }
        }
        for name in abandoned.temporaries {
            attempt(name) { () throws(SystemError) in try condemnIfAbandoned(name) }
        }
        for layer in abandoned.notes {
            attempt(layer) { () throws(SystemError) in
                try removeNotes(of: layer)
                return nil
            }
        }
        for name in abandoned.copies {
            let condemned = RetiredTree.path(name.drop { $0 == "." }, in: folder)
            if rename("\(folder)/\(name)", condemned) == 0 { doomed.append(condemned) }
        }
        return doomed
    }

    /// The directories of unpackings that came to nothing and of layers that were removed: remove them (in the user
    /// namespace) with everything in them. No unpacking that is going on is among them. Throws where what is there cannot
    /// be read; then nothing was taken.
    package func condemnAbandoned() throws(StoreError) -> [String] {
        var failure: StoreError?
        let doomed = condemn(try findAbandoned()) { failure = failure ?? $0 }
        // What could be told apart goes; the rest is found again by the next.
        if doomed.isEmpty, let failure { throw failure }
        return doomed
    }

    /// The layer whose lock or size the file `name` is; nil for what is neither.
    private static func layer(ofNote name: String) -> Substring? {
        for prefix in [".lock.", ".size."] where name.begins(with: prefix) { return name.dropping(prefix.utf8.count) }
        return nil
    }

    /// Removes the lock and the size of a layer that is not there and that nobody unpacks: they are left of an unpacking
    /// or of a removal that was killed.
    private func removeNotes(of layer: Substring) throws(SystemError) {
        let lockPath = "\(folder)/.lock.\(layer)"
        // As whoever unpacks it: a size without a layer is that of one who is about to give it its name.
        let lock = try FileDescriptor.open(lockPath, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        guard try lock.lock(waiting: false), try lock.status().raw.st_nlink > 0 else { return }
        if try !Files.isPresent("\(folder)/\(layer)") { unlink("\(folder)/.size.\(layer)") }
        unlink(lockPath)
    }

    /// The layer that the directory `name` is a copy of with other owners ("LAYER.ids.MAP"): it is of use only as long
    /// as that is there. Nil for what is no copy.
    private static func original(ofCopy name: String) -> String? {
        let mark = Array(".ids.".utf8)
        let bytes = Array(name.utf8)
        guard bytes.count > mark.count else { return nil }
        for start in 1...(bytes.count - mark.count) where bytes[start..<start + mark.count].elementsEqual(mark) {
            return String(decoding: bytes[..<start], as: UTF8.self)
        }
        return nil
    }

    private func condemnIfAbandoned(_ name: String) throws(SystemError) -> String? {
        let condemned = RetiredTree.path(name.dropFirst(5), in: folder)
        func condemn() -> String? { rename("\(folder)/\(name)", condemned) == 0 ? condemned : nil }
        do throws(SystemError) {
            let root = try FileDescriptor.open("\(folder)/\(name)", O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            // Its maker may have it open and not locked yet: it looks at the name once it has the lock.
            return try root.lock(waiting: false) ? condemn() : nil
        } catch {
            switch error.errno {
            case .noEntry: return nil
            // The layer's root belongs to somebody else by now, and forbids us to look: the other lock tells.
            case .access, .notPermitted: break
            default: throw error
            }
        }
        let layer = name.dropFirst(5).split(on: ".")[0]
        do throws(SystemError) {
            let lock = try FileDescriptor.open("\(folder)/.lock.\(layer)", O_RDWR | O_NOFOLLOW)
            return try lock.lock(waiting: false) ? condemn() : nil
        } catch {
            if error.errno == .noEntry { return condemn() }
            throw error
        }
    }

    /// The names of all layers that are there.
    package func all() throws(StoreError) -> [Digest] {
        let names = try doing("list the layers") { () throws(SystemError) in try Files.list(folder) }
        return names.compactMap { Self.digest(of: $0) }
    }

    /// Takes the layer out of the store at once; returns its tree, which is one of `condemnAbandoned()` from then on.
    func condemn(_ diffID: Digest) throws(StoreError) -> String {
        let condemned = RetiredTree.path("\(Self.name(of: diffID)).\(randomHex(bytes: 4))", in: folder)
        try doing("remove layer \(diffID.short)") { () throws(SystemError) in
            try Files.rename(path(of: diffID), to: condemned)
            try Files.unlink(sizePath(diffID))
        }
        return condemned
    }
}
