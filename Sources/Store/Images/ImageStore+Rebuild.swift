import Glibc
import Linux
package import OCI

extension ImageStore {
    /// Makes the index anew where it is lost: every manifest among the blobs whose configuration and layers are there is an image
    /// again, and every index of such manifests. What the old file has is kept beside it, with ".damaged" behind its name.
    ///
    /// `names` says what images were called, by the digest of a configuration; what starts have kept of their images
    /// (`LaunchRecord`) is asked, too. Returns the entries, nil where the index is in order. Throws `StoreError.failed`.
    package func rebuildIndex(names: [(name: Reference, id: Digest)]) throws(StoreError) -> [IndexEntry]? {
        try makeLayout()
        let lock = try lockIndex()
        defer { lock.descriptor.unlock() }
        do throws(StoreError) {
            _ = try readIndex()
            return nil
        } catch {
            guard case .lostIndex = error else { throw error }
        }
        var index = IndexFile()
        let images = try describedImages()
        for image in images { index.assign(image.descriptor, nil, nil) }
        for known in try launchedNames() + names {
            guard let image = images.first(where: { $0.ids.contains(known.id) }) else { continue }
            index.assign(image.descriptor, known.name.indexName, nil)
        }
        try doing("keep the damaged image index") { () throws(SystemError) in
            if try Files.isPresent(indexPath) { try Files.rename(indexPath, to: indexPath + ".damaged") }
        }
        try write(index)
        return index.entries
    }

    private struct Described {
        var descriptor: Descriptor
        /// The digests of what it leads to: manifests and configurations.
        var ids: Set<Digest>
    }

    // The images that no index lists, and the indexes that list any; in the order of their digests.
    private func describedImages() throws(StoreError) -> [Described] {
        var found: [Digest: Described] = [:]
        var indexes: [(Digest, Int64, ImageIndex)] = []
        for algorithm in Digest.Algorithm.allCases {
            for name in try blobs(algorithm) {
                guard let digest = Digest(algorithm, hex: name), let size = try presentSize(of: digest),
                    size <= Int64(Self.documentLimit), let document = try manifestDocument(digest)
                else { continue }
                switch document {
                case .manifest(let manifest): found[digest] = try described(manifest, digest, size)
                case .index(let index): indexes.append((digest, size, index))
                }
            }
        }
        for (digest, size, index) in indexes {
            let children = index.manifests.compactMap { found[$0.digest] }
            guard !children.isEmpty else { continue }
            for child in index.manifests { found[child.digest] = nil }
            found[digest] = Described(
                descriptor: Descriptor(
                    mediaType: index.mediaType ?? MediaType.ociIndex, digest: digest, size: size),
                ids: children.reduce(into: [digest]) { $0.formUnion($1.ids) })
        }
        return found.values.sorted { $0.descriptor.digest.hex < $1.descriptor.digest.hex }
    }

    // nil for a blob that is no manifest, or whose content is damaged.
    private func manifestDocument(_ digest: Digest) throws(StoreError) -> ManifestDocument? {
        guard try startsAsJSON(digest) else { return nil }
        do throws(StoreError) {
            let bytes = try read(digest)
            do throws(ManifestError) { return try ManifestDocument(bytes) } catch { return nil }
        } catch {
            if case .failed = error { throw error }
            return nil
        }
    }

    // Layers are many and large: they are told by their first bytes.
    private func startsAsJSON(_ digest: Digest) throws(StoreError) -> Bool {
        let file = try open(digest)
        let start = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
        defer { start.deallocate() }
        let count = try doing("read blob \(digest)") { () throws(SystemError) in try file.read(into: start, at: 0) }
        return start[..<count].first { $0 > 32 } == UInt8(ascii: "{")
    }

    private func described(_ manifest: Manifest, _ digest: Digest, _ size: Int64) throws(StoreError) -> Described? {
        guard manifest.describesImage else { return nil }
        for part in manifest.layers + [manifest.config] where try presentSize(of: part.digest) != part.size {
            return nil
        }
        let config: ImageConfig
        do throws(StoreError) { config = try document(ImageConfig.self, manifest.config.digest) } catch {
            if case .failed = error { throw error }
            return nil
        }
        let descriptor = Descriptor(
            mediaType: manifest.mediaType ?? MediaType.ociManifest, digest: digest, size: size,
            platform: Platform(os: config.os, architecture: config.architecture, variant: config.variant))
        return Described(descriptor: descriptor, ids: [digest, manifest.config.digest])
    }

    private func launchedNames() throws(StoreError) -> [(name: Reference, id: Digest)] {
        let folder = paths.launchRecords
        let files = try doing("list \(folder)") { () throws(SystemError) in
            try Files.isPresent(folder) ? try Files.list(folder) : []
        }
        return files.sorted().compactMap { file in
            guard let bytes = try? Files.read("\(folder)/\(file)", limit: 1 << 20),
                let record = LaunchRecord(cached: bytes), let text = record.reference,
                let name = try? Reference(text)
            else { return nil }
            return (name, record.imageID)
        }
    }
}
