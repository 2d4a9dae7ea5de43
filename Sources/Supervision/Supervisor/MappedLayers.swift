import Archive
import Bytes
import Glibc
import Linux
import OCI
import Runtime

/// The layers of an image as a container with a user namespace of its own is to see them: with the owners moved by
/// its map.
enum MappedLayers {
    /// Mounts that show other owners, over the layers themselves in this mount namespace: for the moment in which an
    /// overlay is made of them.
    struct Covers {
        fileprivate let paths: [String]

        /// Shows the layers again as they are. The overlay keeps what it was made of.
        func remove() { for path in paths.reversed() { try? MountCalls.detach(path) } }
    }

    /// Covers `layers` with mounts of themselves whose owners `namespace` moves (MOUNT_ATTR_IDMAP). Throws
    /// where the kernel or the file system does not do that, or the caller may not: only root of the machine may.
    static func cover(_ layers: [String], by namespace: borrowing FileDescriptor) throws(SystemError) -> Covers {
        var done: [String] = []
        do throws(SystemError) {
            for layer in layers {
                let tree = try MountTree.clone(layer, recursive: false)
                try tree.mapIDs(namespace, recursive: false)
                try tree.attach(to: layer)
                done.append(layer)
            }
        } catch {
            Covers(paths: done).remove()
            throw error
        }
        return Covers(paths: done)
    }

    /// Copies of `layers`, in the same order, whose owners `map` has moved: made at the first use of a map, kept beside
    /// the layers and removed with them.
    static func copies(of layers: [String], _ map: IDMap) throws(SystemError) -> [String] {
        let key = key(of: map)
        var paths: [String] = []
        for layer in layers { paths.append(try copy(of: layer, key, map)) }
        return paths
    }

    /// Whether `copies(of:_:)` has made all of them before.
    static func hasCopies(of layers: [String], _ map: IDMap) -> Bool {
        let key = key(of: map)
        return layers.allSatisfy { Files.exists(path(of: $0, key)) }
    }

    private static func path(of layer: String, _ key: String) -> String { "\(layer).ids.\(key)" }

    /// As text that names a file: two containers with one map share the copies.
    static func key(of map: IDMap) -> String {
        func text(_ mappings: [RuntimeSpec.IDMapping]) -> String {
            mappings.map { "\($0.containerID)-\($0.hostID)-\($0.size)" }.joined(separator: "+")
        }
        let all = map.users == map.groups ? text(map.users) : text(map.users) + "," + text(map.groups)
        if all.utf8.count <= 100 { return all }
        // A name has 255 bytes at the most, the layer's in it.
        var hasher = DigestHasher()
        hasher.update(Array(all.utf8))
        return String(hasher.finish().hex.prefix(32))
    }

    private static func copy(of layer: String, _ key: String, _ map: IDMap) throws(SystemError) -> String {
        let path = path(of: layer, key)
        if Files.exists(path) { return path }
        let (folder, name) = Files.split(layer)
        let temporary =
            "\(folder)/.tmp.\(name.begins(with: ".") ? String(name.dropFirst()) : name).\(getpid()).\(randomHex(bytes: 4))"
        try Files.makeDirectory(temporary, mode: 0o755)
        let root = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY)
        // What has no lock is taken for abandoned by a sweep.
        try root.lock()
        let source = try FileDescriptor.open(layer, O_RDONLY | O_DIRECTORY)
        do throws(TreeCopyError) {
            _ = try TreeCopy(.plain, owners: owners(map)).copy([source.rawValue], into: root.rawValue)
        } catch {
            try? Files.removeTree(temporary)
            throw SystemError(
                "copy of \(error.path) for the container's user namespace: \(error.cause.call)", error.cause.object,
                error.cause.errno)
        }
        do throws(SystemError) {
            // A layer with a name is a whole layer, after a power failure too.
            try Files.syncFileSystem(of: root.rawValue)
            try Files.rename(temporary, to: path)
            try Files.syncDirectory(folder)
        } catch {
            try? Files.removeTree(temporary)
            // Another start was faster with the same.
            guard error.errno == .notEmpty || error.errno == .exists else { throw error }
        }
        return path
    }

    private static func owners(_ map: IDMap) -> OwnerMap {
        func runs(_ mappings: [RuntimeSpec.IDMapping]) -> [OwnerMap.Run] {
            mappings.map { .init(source: $0.containerID, target: $0.hostID, count: $0.size) }
        }
        return OwnerMap(users: runs(map.users), groups: runs(map.groups))
    }
}
