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
    mutating func assign(_ descriptor: Descriptor, _ name: String?, _ source: Digest?) {
        let digest = descriptor.digest.description
        func names(_ entry: IndexEntry) -> Bool {
            name.map { entry.isNamed($0) } ?? false
        }
        if name != nil {
            if let place = entries.firstIndex(where: { names($0) && $0.fields["digest"]?.string == digest }) {
                if let source { entries[place].setAnnotation(ImageStore.sourceDigest, source.description) }
                entries = entries.enumerated().filter { $0.offset == place || !names($0.element) }.map(\.element)
                return
            }
            removeName(where: names)
        }
        var entry = IndexEntry(descriptor)
        // An image that had no name, or whose names were all taken away, is this one under its new name.
        if let place = entries.firstIndex(where: { $0.name == nil && $0.fields["digest"]?.string == digest }) {
            entry = entries.remove(at: place)
        }
        entry.setAnnotation(Annotation.refName, name)
        entry.setAnnotation(ImageStore.sourceDigest, source?.description)
        entries.append(entry)
    }

    /// Takes the name from the entries that `matches` says; an entry whose image has another stays no longer.
    mutating func removeName(where matches: (IndexEntry) -> Bool) {
        for place in entries.indices.reversed() where matches(entries[place]) {
            var entry = entries.remove(at: place)
            let digest = entry.fields["digest"]
            if entries.contains(where: { $0.fields["digest"] == digest }) { continue }
            entry.setAnnotation(Annotation.refName, nil)
            entry.setAnnotation(ImageStore.sourceDigest, nil)
            entries.insert(entry, at: place)
        }
    }
}
