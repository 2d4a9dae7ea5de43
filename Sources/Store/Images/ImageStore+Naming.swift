import Bytes
import JSON
package import OCI

extension ImageStore {
    /// Makes the manifest (or index) behind `descriptor` an image of the store under `name`; the image that had
    /// the name before stays without it. A nil name adds an image without a name.
    ///
    /// `sourceDigest` is what the registry calls it, for `name@digest`. Its blobs must be there.
    package func record(
        _ descriptor: Descriptor, name: Reference?, sourceDigest: Digest? = nil
    ) throws(StoreError) {
        try updateIndex { index throws(StoreError) in
            index.assign(descriptor, name?.indexName, sourceDigest)
        }
    }

    /// As `record(_:name:sourceDigest:)`, of all of `images` at once, each with all of its names; one without any gets none.
    package func record(_ images: [(descriptor: Descriptor, names: [Reference])]) throws(StoreError) {
        try updateIndex { index throws(StoreError) in
            for image in images {
                if image.names.isEmpty {
                    index.assign(image.descriptor, nil, nil)
                } else {
                    index.assign(image.descriptor, names: image.names.map(\.indexName), nil)
                }
            }
        }
    }

    /// Gives the image that `source` leads to the further name `target`, as `docker tag` does. Throws
    /// `unknownImage`, `ambiguous`, `corrupt`, or `invalidName`'s like for a target with a digest.
    package func tag(_ source: String, as target: Reference) throws(StoreError) {
        guard target.digest == nil else {
            throw .conflict("refusing to create a tag with a digest reference")
        }
        // "sha256:abc" would be read as an image's id from then on.
        if target.tag != nil, Digest.Algorithm(rawValue: target.familiarName) != nil {
            throw .conflict("refusing to create an ambiguous tag using digest algorithm as name")
        }
        let image = try image(source)
        try updateIndex { index throws(StoreError) in
            // The entry's own descriptor, which may be of an index, and not that of the platform's manifest.
            let named = try entry(named: source, in: index, platform: nil)
            let sameRepository = index.entries.first { entry in
                entry.descriptor?.digest == (named ?? image.descriptor).digest
                    && entry.name.flatMap { try? Reference($0) }?.name == target.name
            }
            index.assign(
                named ?? image.descriptor, target.indexName,
                sameRepository?.annotation(Self.sourceDigest).flatMap { Digest($0) })
        }
    }
}

extension Reference {
    /// What the layout calls the image: a tag beside a digest is left out, as Docker pulls by the digest alone and
    /// moves no tag.
    package var indexName: String { digest.map { "\(name)@\($0)" } ?? description }
}

extension IndexFile {
    /// Makes `descriptor` an entry with the name `name`, and no other one with it; nil makes one without a name, where the image has none yet.
    mutating func assign(_ descriptor: Descriptor, _ name: String?, _ source: Digest?) {
        if let name { return assign(descriptor, names: [name], source) }
        add(descriptor, [nil], source)
    }

    /// As `assign(_:_:_:)` with each of `names`, in a time that grows with their number and that of the entries alone.
    mutating func assign(_ descriptor: Descriptor, names: [String], _ source: Digest?) {
        let digest = descriptor.digest.description
        let wanted = Set(names.map { ByteKey($0) })
        var present: Set<ByteKey> = []
        var others: [Bool] = []
        for place in entries.indices {
            let entry = entries[place]
            let own = [entry.name, entry.canonicalName].compactMap { $0.map { ByteKey($0) } }.first {
                wanted.contains($0)
            }
            others.append(own != nil)
            guard let own, entry.fields["digest"]?.string == digest, present.insert(own).inserted else { continue }
            if let source { entries[place].setAnnotation(ImageStore.sourceDigest, source.description) }
            others[place] = false
        }
        var losing = others.makeIterator()
        removeName { _ in losing.next() ?? false }
        let missing = names.filter { present.insert(ByteKey($0)).inserted }
        if !missing.isEmpty { add(descriptor, missing, source) }
    }

    private mutating func add(_ descriptor: Descriptor, _ names: [String?], _ source: Digest?) {
        let digest = descriptor.digest.description
        var entry = IndexEntry(descriptor)
        // An image that had no name, or whose names were all taken away, is this one under its new name.
        if let place = entries.firstIndex(where: { $0.name == nil && $0.fields["digest"]?.string == digest }) {
            entry = entries.remove(at: place)
        }
        for name in names {
            entry.setAnnotation(Annotation.refName, name)
            entry.setAnnotation(ImageStore.sourceDigest, source?.description)
            entries.append(entry)
            entry = IndexEntry(descriptor)
        }
    }

    /// Takes the name from the entries that `matches` says, which is asked for each in their order; an entry whose image has another stays
    /// no longer.
    mutating func removeName(where matches: (IndexEntry) -> Bool) {
        let losing = entries.map(matches)
        guard losing.contains(true) else { return }
        var named = Set(zip(entries, losing).compactMap { $1 ? nil : $0.fields["digest"] })
        var kept: [IndexEntry] = []
        for (entry, isLosing) in zip(entries, losing) {
            guard isLosing else {
                kept.append(entry)
                continue
            }
            guard let digest = entry.fields["digest"], named.insert(digest).inserted else { continue }
            var bare = entry
            bare.setAnnotation(Annotation.refName, nil)
            bare.setAnnotation(ImageStore.sourceDigest, nil)
            kept.append(bare)
        }
        entries = kept
    }
}
