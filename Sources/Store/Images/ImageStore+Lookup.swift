import Bytes
import Linux
package import OCI

extension ImageStore {
    /// The image that `text` names, as Docker reads it: a name (short or full, with tag or digest or neither), else
    /// an image id ("sha256:…" or its digits) or a prefix of one that no other image has.
    ///
    /// `platform` chooses in a multi-platform index; nil is this machine's. Throws `unknownImage`, `ambiguous`,
    /// `otherPlatform`, `corrupt` or `missingBlob`.
    package func image(_ text: String, platform: Platform? = nil) throws(StoreError) -> StoredImage {
        while true {
            let before = FileSignature(indexPath)
            do throws(StoreError) { return try find(text, platform) } catch {
                // Of an image that somebody removes the blobs go after the name: what is missing of an index that has changed tells nothing.
                guard case .missingBlob = error, FileSignature(indexPath) != before else { throw error }
            }
        }
    }

    private func find(_ text: String, _ platform: Platform?) throws(StoreError) -> StoredImage {
        let index = try readIndex()
        let (entries, _) = resolveAll(index)
        if let named = try entry(named: text, in: index, platform: platform) {
            let (descriptor, manifest) = try self.manifest(named, platform: platform, name: text)
            return try checked(
                try image(descriptor, manifest, in: entries), platform, named: text)
        }
        let found = try entry(withIDPrefix: text, in: entries)
        guard let found else { throw .unknownImage(text) }
        return try checked(try image(found.descriptor, found.manifest, in: entries), platform, named: text)
    }

    /// Whether `text`, as `image(_:platform:)` finds it, names the image by its id and not by a name.
    func isNamedByID(_ text: String, _ image: StoredImage) throws(StoreError) -> Bool {
        try entry(named: text, in: try readIndex(), platform: nil) == nil
    }

    private func checked(_ image: StoredImage, _ platform: Platform?, named name: String) throws(StoreError)
        -> StoredImage
    {
        guard let platform, !platform.normalized.accepts(image.platform) else { return image }
        throw .otherPlatform(name: name, wanted: platform.description, present: image.platform.description)
    }

    /// The descriptor that the name `text` leads to; nil where no entry has the name.
    func entry(named text: String, in index: IndexFile, platform: Platform?) throws(StoreError) -> Descriptor? {
        var candidates = index.entries.filter { $0.name?.isSame(as: text) == true }
        if candidates.isEmpty, let reference = try? Reference(text) {
            let canonical = reference.description
            candidates = index.entries.filter { $0.canonicalName == canonical }
            if candidates.isEmpty, let digest = reference.digest {
                // "name@digest" also leads to what a tag of that repository was pulled as. A tag beside the digest
                // says nothing: the digest decides.
                candidates = index.entries.filter { entry in
                    guard let own = entry.name.flatMap({ try? Reference($0) }), own.name == reference.name else {
                        return false
                    }
                    return entry.descriptor?.digest == digest || own.digest == digest
                        || entry.annotation(Self.sourceDigest) == digest.description
                }
            }
        }
        let descriptors = candidates.compactMap(\.descriptor)
        guard descriptors.count > 1 else { return descriptors.first }
        // image-spec lets several descriptors share a name and differ in platform.
        var list = ImageIndex()
        list.manifests = descriptors
        return list.manifest(for: platform ?? .host) ?? descriptors.last
    }

    private func entry(withIDPrefix text: String, in entries: [ResolvedEntry]) throws(StoreError) -> ResolvedEntry? {
        var prefix = Substring(text.lowercased())
        if prefix.begins(with: "sha256:") { prefix = prefix.dropping(7) }
        guard isHex(prefix) else { return nil }
        let matches = entries.filter { $0.id.hex.begins(with: prefix) }
        // Manifest digests are what tools of the layout (and Docker's newer store) call an image's id.
        let found = matches.isEmpty ? entries.filter { $0.descriptor.digest.hex.begins(with: prefix) } : matches
        guard Set(found.map(\.id)).count <= 1 else { throw .ambiguous(kind: "image", prefix: text) }
        return found.first
    }

    /// The entries that lead to images, and a sentence for each that should but does not.
    func resolveAll(_ index: IndexFile) -> (entries: [ResolvedEntry], problems: [String]) {
        var entries: [ResolvedEntry] = []
        var problems: [String] = []
        for entry in index.entries {
            guard let descriptor = entry.descriptor else { continue }
            guard MediaType.isIndex(descriptor.mediaType) || MediaType.isManifest(descriptor.mediaType) else {
                continue
            }
            do throws(StoreError) {
                let (own, manifest) = try self.manifest(
                    descriptor, platform: nil, name: entry.name ?? descriptor.digest.description)
                guard manifest.describesImage else { continue }
                entries.append(ResolvedEntry(entry: entry, descriptor: own, manifest: manifest))
            } catch {
                problems.append("image \(entry.name ?? descriptor.digest.short): \(error)")
            }
        }
        return (entries, problems)
    }

    /// All images, each id once, in the order of the index; and a sentence for each entry that cannot be read.
    package func images() throws(StoreError) -> (images: [StoredImage], problems: [String]) {
        var (entries, problems) = resolveAll(try readIndex())
        var seen: Set<Digest> = []
        var images: [StoredImage] = []
        for entry in entries where seen.insert(entry.id).inserted {
            do throws(StoreError) {
                images.append(try image(entry.descriptor, entry.manifest, in: entries))
            } catch {
                problems.append("image \(entry.entry.name ?? entry.id.short): \(error)")
            }
        }
        entries.removeAll()
        return (images, problems)
    }
}

extension Platform {
    /// Whether `other` is this platform, where a variant that is not asked for may be any.
    package func accepts(_ other: Platform) -> Bool {
        os == other.os && architecture == other.architecture && (variant == nil || variant == other.variant)
    }
}
