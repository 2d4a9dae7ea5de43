import Bytes
package import OCI

/// An image of the store: one manifest with its configuration, and all the names that lead to its id.
package struct StoredImage: Sendable {
    /// The digest of the configuration, which is what Docker calls the image's id.
    package let id: Digest
    /// The manifest's descriptor: of the index or, for an image that is listed in a nested index, of that.
    package let descriptor: Descriptor
    package let manifest: Manifest
    package let config: ImageConfig
    /// The names of this id in the layout, canonical where they are references ("docker.io/library/debian:latest"),
    /// names by digest included.
    package let names: [String]
    /// The digests that registries know this id by, as "name@digest", familiar form.
    package let repoDigests: [String]

    /// An image whose parts are in the store, and that no name leads to.
    package init(_ descriptor: Descriptor, _ manifest: Manifest, _ config: ImageConfig) {
        self.init(
            id: manifest.config.digest, descriptor: descriptor, manifest: manifest, config: config, names: [],
            repoDigests: [])
    }

    init(
        id: Digest, descriptor: Descriptor, manifest: Manifest, config: ImageConfig, names: [String],
        repoDigests: [String]
    ) {
        self.id = id
        self.descriptor = descriptor
        self.manifest = manifest
        self.config = config
        self.names = names
        self.repoDigests = repoDigests
    }

    /// The platform that the configuration names.
    package var platform: Platform {
        Platform(os: config.os, architecture: config.architecture, variant: config.variant).normalized
    }

    /// Names with a tag, in familiar form ("debian:latest").
    package var repoTags: [String] {
        names.compactMap { name in
            guard let reference = try? Reference(name) else { return name }
            return reference.digest == nil ? reference.familiar : nil
        }
    }
}

extension ImageStore {
    /// Annotation of our index entries: the digest that the registry has the name under (of an index, where the
    /// image came from one).
    static let sourceDigest = "io.apus.source.digest"

    /// The manifest that `descriptor` leads to: itself, or the one for `platform` (nil: this machine's, or the only
    /// one that is there) of an index. Throws `missingBlob`, `corrupt`, or `unknownImage` where there is none.
    func manifest(
        _ descriptor: Descriptor, platform: Platform?, name: String
    ) throws(StoreError) -> (Descriptor, Manifest) {
        var current = descriptor
        // Indexes nest, if rarely, and could be made to for ever.
        for _ in 0..<4 {
            guard MediaType.isIndex(current.mediaType) else {
                return (current, try document(Manifest.self, current.digest))
            }
            let index = try document(ImageIndex.self, current.digest)
            var present: [Descriptor] = []
            for manifest in index.manifests where !manifest.isAttestation {
                if try presentSize(of: manifest.digest) != nil { present.append(manifest) }
            }
            var narrowed = index
            narrowed.manifests = present
            if let match = narrowed.manifest(for: platform ?? .host) {
                current = match
            } else if platform == nil, present.count == 1 {
                current = present[0]
            } else if let wanted = platform, !present.isEmpty {
                throw .otherPlatform(
                    name: name, wanted: wanted.description,
                    present: present.compactMap { $0.platform?.description }.joined(separator: ", "))
            } else {
                throw .unknownImage(name)
            }
        }
        throw .corrupt(path: path(of: descriptor.digest), cause: "its indexes are nested too deeply")
    }

    /// The image behind `entries`' member `descriptor`, with the names of all entries of the same id.
    func image(_ descriptor: Descriptor, _ manifest: Manifest, in entries: [ResolvedEntry]) throws(StoreError)
        -> StoredImage
    {
        let id = manifest.config.digest
        let config = try document(ImageConfig.self, id)
        var names: [String] = []
        var digests: [String] = []
        // No name begins with "@".
        var known: Set<ByteKey> = []
        for entry in entries where entry.id == id {
            guard let name = entry.entry.canonicalName ?? entry.entry.name else { continue }
            if known.insert(ByteKey(name)).inserted { names.append(name) }
            guard let reference = try? Reference(name) else { continue }
            let source = entry.entry.annotation(Self.sourceDigest).flatMap { Digest($0) } ?? reference.digest
            if let source {
                let text = "\(reference.familiarName)@\(source)"
                if known.insert(ByteKey("@" + text)).inserted { digests.append(text) }
            }
        }
        return StoredImage(
            id: id, descriptor: descriptor, manifest: manifest, config: config, names: names, repoDigests: digests)
    }
}

/// An entry of the index whose manifest could be read.
struct ResolvedEntry {
    let entry: IndexEntry
    let descriptor: Descriptor
    let manifest: Manifest
    var id: Digest { manifest.config.digest }
}
