import FoundationEssentials
import Glibc
import JSON
import Linux
package import OCI

/// The layout's `index.json`, with all that others have put there.
struct IndexFile: Equatable {
    /// Every member of the document but `manifests`.
    var fields: [String: JSONValue] = [
        "schemaVersion": .integer(2), "mediaType": .string(MediaType.ociIndex),
    ]
    var entries: [IndexEntry] = []

    init() {}

    /// Throws a `DecodingError`, or the cause as text.
    init(_ bytes: [UInt8]) throws {
        guard case .object(var members) = try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else {
            throw IndexFault(description: "it is no JSON object")
        }
        let manifests: [JSONValue]
        switch members.removeValue(forKey: "manifests") {
        case .array(let list)?: manifests = list
        case nil, .null?: manifests = []
        default: throw IndexFault(description: "\"manifests\" is no list")
        }
        fields = members
        entries = try manifests.map {
            guard case .object(let fields) = $0 else {
                throw IndexFault(description: "\"manifests\" has an entry that is no object")
            }
            return IndexEntry(fields: fields)
        }
    }

    func encoded() throws -> [UInt8] {
        var members = fields
        members["manifests"] = .array(entries.map { .object($0.fields) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(JSONValue.object(members))) + [10]
    }
}

/// What is wrong with an index, as a part of a sentence.
struct IndexFault: Error { let description: String }

/// One descriptor of `index.json`.
package struct IndexEntry: Hashable, Sendable {
    var fields: [String: JSONValue]

    /// nil where the entry is not one that we can follow (a digest of another algorithm).
    package var descriptor: Descriptor? {
        guard let digest = fields["digest"]?.string.flatMap({ Digest($0) }), let size = fields["size"]?.integer else {
            return nil
        }
        var value = Descriptor(
            mediaType: fields["mediaType"]?.string ?? MediaType.ociManifest, digest: digest, size: size)
        value.annotations = fields["annotations"]?.object?.compactMapValues(\.string)
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

    func annotation(_ key: String) -> String? { fields["annotations"]?[key]?.string }

    mutating func setAnnotation(_ key: String, _ value: String?) {
        var annotations = fields["annotations"]?.object ?? [:]
        annotations[key] = value.map { .string($0) }
        fields["annotations"] = annotations.isEmpty ? nil : .object(annotations)
    }

    init(fields: [String: JSONValue]) { self.fields = fields }

    init(_ descriptor: Descriptor) {
        fields = [
            "mediaType": .string(descriptor.mediaType), "digest": .string(descriptor.digest.description),
            "size": .integer(descriptor.size),
        ]
        if let platform = descriptor.platform {
            var members: [String: JSONValue] = [
                "os": .string(platform.os), "architecture": .string(platform.architecture),
            ]
            members["variant"] = platform.variant.map { .string($0) }
            fields["platform"] = .object(members)
        }
        if let annotations = descriptor.annotations, !annotations.isEmpty {
            fields["annotations"] = .object(annotations.mapValues { .string($0) })
        }
    }
}

extension ImageStore {
    /// The index as it is; an empty one where there is none. Throws `StoreError.corrupt`.
    func readIndex() throws(StoreError) -> IndexFile {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Files.read(indexPath, limit: 256 << 20)
        } catch {
            if error.errno == .noEntry { return IndexFile() }
            throw .failed(action: "read the image index", error)
        }
        do {
            return try IndexFile(bytes)
        } catch let fault as IndexFault {
            throw .corrupt(path: indexPath, cause: fault.description)
        } catch {
            throw .corrupt(path: indexPath, cause: jsonCause(error))
        }
    }

    /// Changes the index while nobody else does, and replaces the file if `change` made a difference.
    func updateIndex<T>(_ change: (inout IndexFile) throws(StoreError) -> T) throws(StoreError) -> T {
        try makeLayout()
        let lock = try doing("lock the image index") { () throws(SystemError) in
            try FileLock(paths.images + "/index.lock")
        }
        defer { lock.descriptor.unlock() }
        let before = try readIndex()
        var index = before
        let result = try change(&index)
        guard index != before || !Files.exists(indexPath) else { return result }
        guard let bytes = try? index.encoded() else { throw .corrupt(path: indexPath, cause: "it cannot be written") }
        try doing("write the image index") { () throws(SystemError) in
            // Blobs first: an index on the disk never points at a name that is not.
            for folder in try Files.list(paths.images + "/blobs") {
                try Files.syncDirectory("\(paths.images)/blobs/\(folder)")
            }
            try Files.replace(indexPath, with: bytes)
        }
        return result
    }
}
