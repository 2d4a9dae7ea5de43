import Glibc
package import Linux
package import OCI

/// What a container keeps: the parts of its image that the sweep must leave, and the engine's own record.
package struct ContainerRecord: Hashable, Sendable {
    /// The id of the image; nil with `--rootfs`.
    package var image: Digest?
    /// The diff ids of the layers that the container's file system lies on.
    package var layers: [Digest]
    /// The ids of the images that are mounted in it beside its own, and the diff ids of their layers.
    package var mountedImages: [Digest] = []
    package var mountedLayers: [Digest] = []
    /// What the engine has to say about the container; the store does not look into it.
    package var body: [UInt8]

    package init(image: Digest?, layers: [Digest], body: [UInt8]) {
        self.image = image
        self.layers = layers
        self.body = body
    }
}

extension ContainerRecord: WireCodable {
    static let version: UInt32 = 0x6163_0001
    /// With what is mounted: records without are as they always were.
    static let versionWithMounts: UInt32 = 0x6163_0002

    package func encode(to encoder: inout WireEncoder) {
        let mounts = !mountedImages.isEmpty || !mountedLayers.isEmpty
        encoder.write(mounts ? Self.versionWithMounts : Self.version)
        encoder.write(image)
        encoder.write(layers)
        if mounts {
            encoder.write(mountedImages)
            encoder.write(mountedLayers)
        }
        encoder.write(data: body)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        let version = try decoder.read(UInt32.self)
        guard version == Self.version || version == Self.versionWithMounts else { throw .invalidValue("version") }
        image = try decoder.read()
        layers = try decoder.read()
        if version == Self.versionWithMounts {
            mountedImages = try decoder.read()
            mountedLayers = try decoder.read()
        }
        body = try decoder.readData()
    }
}

extension ContainerStore {
    func recordPath(_ id: String) -> String { directory(id) + "/record" }
    func ephemeralRecordPath(_ id: String) -> String { runDirectory(id) + "/record" }

    /// Writes or replaces the container's record. The record of an ephemeral container (`--rm`) goes into the run
    /// directory, without any fsync: when its supervisor dies, the container is garbage.
    package func writeRecord(_ record: ContainerRecord, of id: String, isEphemeral: Bool) throws(StoreError) {
        var encoder = WireEncoder()
        encoder.write(record)
        let bytes = encoder.bytes
        try doing("write the record of container \(id.prefix(12))") { () throws(SystemError) in
            try Files.replace(
                isEphemeral ? ephemeralRecordPath(id) : recordPath(id), with: bytes, mode: 0o600, durable: !isEphemeral)
            if !isEphemeral { try Files.syncDirectory(paths.containers) }
        }
    }

    /// The container's record. Throws `unknownContainer` where there is none, and `corrupt`.
    package func readRecord(_ id: String) throws(StoreError) -> ContainerRecord {
        for path in [recordPath(id), ephemeralRecordPath(id)] {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try Files.read(path, limit: 64 << 20)
            } catch {
                if error.errno == .noEntry || error.errno == .notDirectory { continue }
                throw .failed(action: "read the record of container \(id.prefix(12))", error)
            }
            var decoder = WireDecoder(bytes)
            do throws(WireError) {
                let record = try decoder.read(ContainerRecord.self)
                try decoder.finish()
                return record
            } catch {
                throw .corrupt(path: path, cause: error.description)
            }
        }
        throw .unknownContainer(id)
    }

    /// Makes a container that was created to go with its supervisor (`create --rm`) one that does, when it is started.
    package func makeEphemeral(_ id: String) throws(StoreError) {
        try doing("move the record of container \(id.prefix(12))") { () throws(SystemError) in
            guard try Files.isPresent(recordPath(id)) else { return }
            try? Files.makeDirectory(runDirectory(id), mode: Self.runDirectoryMode)
            let bytes = try Files.read(recordPath(id), limit: 64 << 20)
            try Files.replace(ephemeralRecordPath(id), with: bytes, mode: 0o600, durable: false)
            try Files.unlink(recordPath(id))
        }
    }

    /// Whether the container goes with its supervisor (`--rm`).
    package func isEphemeral(_ id: String) throws(StoreError) -> Bool {
        if try isPresent(recordPath(id)) { return false }
        return try isPresent(ephemeralRecordPath(id))
    }

    /// Whether there is anything at `path`. Throws where that cannot be seen.
    func isPresent(_ path: String) throws(StoreError) -> Bool {
        try doing("look for \(path)") { () throws(SystemError) in try Files.isPresent(path) }
    }

    /// Whether the container is one that commands see: it has a record and, if it is ephemeral, a supervisor.
    func hasRecord(_ id: String) throws(StoreError) -> Bool {
        guard try isPresent(directory(id)) else { return false }
        if try isPresent(recordPath(id)) { return true }
        guard try isPresent(ephemeralRecordPath(id)) else { return false }
        return try isHeld(id)
    }

    /// The ids of all containers that have a record, in no order.
    package func list() throws(StoreError) -> [String] {
        let names = try doing("list the containers") { () throws(SystemError) in try Files.list(paths.containers) }
        var ids: [String] = []
        for name in names where Self.isID(name) {
            if try hasRecord(name) { ids.append(name) }
        }
        return ids
    }

    /// Takes the container out of the store: its name is free and no command sees it any more. Returns the directory
    /// that is left for removal (in the user namespace, as others' files may be in it); a sweep finds it too.
    package func remove(_ id: String, name: String?) throws(StoreError) -> String {
        let doomed = try retire(id)
        try forget(id, name: name)
        return doomed
    }

    /// The part of `remove` that others see: no command finds the container any more, and its name is free, since a
    /// name whose container is not there is anybody's. The rest is for `forget`.
    package func retire(_ id: String) throws(StoreError) -> String {
        let doomed = RetiredTree.path(id, in: paths.containers)
        try doing("remove container \(id.prefix(12))") { () throws(SystemError) in
            do throws(SystemError) {
                try Files.rename(directory(id), to: doomed)
            } catch  where error.errno == .noEntry {}
        }
        return doomed
    }

    /// Removes a retired container's names and what it has left in the run directory.
    package func forget(_ id: String, name: String?) throws(StoreError) {
        if isRenamed(id) {
            for name in try allNames(of: id) { release(name, of: id) }
        } else if let name {
            release(name, of: id)
        }
        try removeRunDirectory(id)
    }

    func removeRunDirectory(_ id: String) throws(StoreError) {
        try doing("remove the run state of container \(id.prefix(12))") { () throws(SystemError) in
            try Files.removeTree(runDirectory(id))
        }
    }
}
