import Bytes
import Glibc
import JSON
import Linux
package import OCI

/// A layout's `index.json`, with all that others have put there.
package struct IndexFile: Equatable {
    /// Every member of the document but `manifests`.
    var fields: JSONTree = .record([("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex))])
    /// What it lists, in its order.
    package var entries: [IndexEntry] = []
    /// Whether the document has a list of manifests, an empty one too.
    private(set) var isList = true

    /// An index of nothing.
    package init() {}

    /// Reads a document. Throws what is wrong with it.
    package init(_ bytes: [UInt8]) throws(IndexFault) {
        do throws(JSONError) { fields = try JSONTree.parse(bytes) } catch {
            throw IndexFault(description: error.description)
        }
        guard fields.members != nil else { throw IndexFault(description: "it is no JSON object") }
        let manifests: [JSONTree]
        switch fields["manifests"] {
        case .array(let list)?: manifests = list
        case nil, .null?:
            manifests = []
            isList = false
        default: throw IndexFault(description: "\"manifests\" is no list")
        }
        fields["manifests"] = nil
        for manifest in manifests {
            guard manifest.members != nil else {
                throw IndexFault(description: "\"manifests\" has an entry that is no object")
            }
            entries.append(IndexEntry(fields: manifest))
        }
    }

    /// The document, with a line feed at its end.
    package func encoded() -> [UInt8] {
        var document = fields
        document["manifests"] = .array(entries.map(\.fields))
        var writer = JSONWriter()
        document.write(to: &writer)
        return writer.bytes + [10]
    }
}

/// What is wrong with an index, as a part of a sentence.
package struct IndexFault: Error { package let description: String }

/// One descriptor of `index.json`.
package struct IndexEntry: Hashable, Sendable {
    /// An object.
    var fields: JSONTree

    /// nil where the entry is not one that we can follow (a digest of another algorithm).
    package var descriptor: Descriptor? {
        guard let digest = fields["digest"]?.string.flatMap({ Digest($0) }), let size = fields["size"]?.integer else {
            return nil
        }
        var value = Descriptor(
            mediaType: fields["mediaType"]?.string ?? MediaType.ociManifest, digest: digest, size: size)
        if let members = fields["annotations"]?.members {
            var annotations: [ByteKey: String] = [:]
            for member in members { annotations[member.name] = member.value.string }
            value.annotations = annotations
        }
        value.artifactType = fields["artifactType"]?.string
        if let platform = fields["platform"], let architecture = platform["architecture"]?.string {
            value.platform = Platform(
                os: platform["os"]?.string ?? "linux", architecture: architecture, variant: platform["variant"]?.string)
        }
        return value
    }

    /// The image's name in the layout (`org.opencontainers.image.ref.name`): ours are canonical references, those
    /// of other tools anything. Nil for an image without a name.
    package var name: String? { annotation(Annotation.refName) }

    /// The canonical form of `name`, where it is a reference.
    var canonicalName: String? { name.flatMap { (try? Reference($0))?.description } }

    /// Whether `name`'s bytes are its name, or the canonical form of it.
    func isNamed(_ wanted: String) -> Bool {
        name?.isSame(as: wanted) == true || canonicalName?.isSame(as: wanted) == true
    }

    func annotation(_ key: String) -> String? { fields["annotations"]?[key: key]?.string }

    mutating func setAnnotation(_ key: String, _ value: String?) {
        var annotations = JSONTree.object(fields["annotations"]?.members ?? [])
        annotations[key: key] = value.map { .string($0) }
        fields["annotations"] = annotations.members?.isEmpty == false ? annotations : nil
    }

    init(fields: JSONTree) { self.fields = fields }

    /// The entry of `descriptor`, its type, platform and annotations with it.
    package init(_ descriptor: Descriptor) {
        let platform = descriptor.platform.map { platform in
            JSONTree.record([
                ("os", .string(platform.os)), ("architecture", .string(platform.architecture)),
                ("variant", platform.variant.map { .string($0) }),
            ])
        }
        let annotations = descriptor.annotations.flatMap { $0.isEmpty ? nil : JSONTree.strings($0) }
        fields = .record([
            ("mediaType", .string(descriptor.mediaType)), ("digest", .string(descriptor.digest.description)),
            ("size", .integer(descriptor.size)), ("platform", platform), ("annotations", annotations),
        ])
    }
}

extension ImageStore {
    /// The index as it is; an empty one where there is none and never was. Throws `StoreError.lostIndex`.
    func readIndex() throws(StoreError) -> IndexFile {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Files.read(indexPath, limit: 256 << 20)
        } catch {
            guard error.errno == .noEntry else { throw .failed(action: "read the image index", error) }
            guard try !hasBlobs() else { throw .lostIndex(path: indexPath, cause: "it is missing") }
            return IndexFile()
        }
        let index: IndexFile
        do throws(IndexFault) { index = try IndexFile(bytes) } catch {
            throw .lostIndex(path: indexPath, cause: error.description)
        }
        if index.isList { return index }
        guard try !hasBlobs() else {
            throw .lostIndex(path: indexPath, cause: "it has no list of manifests")
        }
        return index
    }

    func hasBlobs() throws(StoreError) -> Bool {
        for algorithm in Digest.Algorithm.allCases where try !blobs(algorithm).isEmpty { return true }
        return false
    }

    /// The digests of `algorithm` that there are blobs of, whatever their content is, in their order. Throws where they cannot be listed.
    package func blobDigests(_ algorithm: Digest.Algorithm) throws(StoreError) -> [Digest] {
        try blobs(algorithm).sorted().compactMap { Digest(algorithm, hex: $0) }
    }

    /// The names of the blobs with digests of `algorithm`, in no order.
    func blobs(_ algorithm: Digest.Algorithm) throws(StoreError) -> [String] {
        let folder = "\(paths.images)/blobs/\(algorithm.rawValue)"
        return try doing("list \(folder)") { () throws(SystemError) in try Files.listPresent(folder) }
    }

    /// Changes the index while nobody else does, and replaces the file if `change` made a difference.
    func updateIndex<T>(_ change: (inout IndexFile) throws(StoreError) -> T) throws(StoreError) -> T {
        try makeLayout()
        let lock = try lockIndex()
        defer { lock.descriptor.unlock() }
        let before = try readIndex()
        var index = before
        let result = try change(&index)
        guard index != before || !Files.exists(indexPath) else { return result }
        try write(index)
        return result
    }

    /// Replaces the file, for who holds its lock.
    func write(_ index: IndexFile) throws(StoreError) {
        let bytes = index.encoded()
        try doing("write the image index") { () throws(SystemError) in
            // Blobs first: an index on the disk never points at a name that is not.
            for folder in try Files.list(paths.images + "/blobs") {
                try Files.syncDirectory("\(paths.images)/blobs/\(folder)")
            }
            try Files.replace(indexPath, with: bytes)
        }
    }

    /// The lock of who changes the index.
    func lockIndex() throws(StoreError) -> FileLock {
        try doing("lock the image index") { () throws(SystemError) in try FileLock(paths.images + "/index.lock") }
    }
}
