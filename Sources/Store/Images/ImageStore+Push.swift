import Bytes
package import OCI

/// What a push wants to know of the names of images, and leaves there.
extension ImageStore {
    /// A name of an image.
    package struct NamedImage: Sendable {
        package let name: Reference
        /// What the name leads to: a manifest, or an index.
        package let descriptor: Descriptor
    }

    /// The names with a tag in the repository of `reference`, in the order of their tags' bytes. Throws `StoreError`.
    package func tags(inRepositoryOf reference: Reference) throws(StoreError) -> [NamedImage] {
        let index = try readIndex()
        var tags: Set<String> = []
        for entry in index.entries {
            guard let name = entry.name.flatMap({ try? Reference($0) }), name.digest == nil, let tag = name.tag,
                name.name == reference.name
            else { continue }
            tags.insert(tag)
        }
        var found: [NamedImage] = []
        for tag in tags.sorted(by: { $0.comes(before: $1) }) {
            guard let name = try? reference.with(tag: tag),
                let descriptor = try entry(named: name.description, in: index, platform: nil)
            else { continue }
            found.append(NamedImage(name: name, descriptor: descriptor))
        }
        return found
    }

    /// The manifest for `platform` (nil: this machine's, or the only one that is there) behind `descriptor`: itself, or one of an index.
    /// Throws `StoreError`: `otherPlatform`, `unknownImage` with `name`, `missingBlob`, `corrupt`.
    package func manifestDescriptor(
        _ descriptor: Descriptor, platform: Platform?, name: String
    ) throws(StoreError) -> Descriptor {
        let (chosen, manifest) = try self.manifest(descriptor, platform: platform, name: name)
        guard let platform, manifest.describesImage else { return chosen }
        let config = try document(ImageConfig.self, manifest.config.digest)
        let own = Platform(os: config.os, architecture: config.architecture, variant: config.variant).normalized
        guard platform.normalized.accepts(own) else {
            throw .otherPlatform(name: name, wanted: platform.description, present: own.description)
        }
        return chosen
    }

    /// The repositories of the registry `domain` that are known to have had blobs, for each blob of the images here that came from
    /// them or went there: paths, in the order of their bytes. What cannot be read is left out. Throws `StoreError`.
    package func repositories(ofBlobsAt domain: String) throws(StoreError) -> [Digest: [String]] {
        var found: [Digest: Set<String>] = [:]
        for entry in resolveAll(try readIndex()).entries {
            guard let name = entry.entry.name.flatMap({ try? Reference($0) }), name.domain == domain,
                name.digest != nil || entry.entry.annotation(Self.sourceDigest) != nil
            else { continue }
            for blob in entry.manifest.layers + [entry.manifest.config] {
                found[blob.digest, default: []].insert(name.path)
            }
        }
        return found.mapValues { $0.sorted { $0.comes(before: $1) } }
    }

    /// Notes that the registry has `digest` under `name`, where that still leads to `descriptor`. Throws `StoreError`.
    package func notePush(
        of digest: Digest, as name: Reference, from descriptor: Descriptor
    ) throws(StoreError) {
        try updateIndex { index throws(StoreError) in
            for place in index.entries.indices {
                guard index.entries[place].isNamed(name.indexName),
                    index.entries[place].descriptor?.digest == descriptor.digest
                else { continue }
                index.entries[place].setAnnotation(Self.sourceDigest, digest.description)
            }
        }
    }
}
