import Archive
import Bytes
package import Errors
import Glibc
import Linux
import OCI
import Store

extension ImageArchive {
    /// Writes the images into the OCI layout `path`: a directory that is missing is made, whole or not at all; one that is there must be a
    /// layout, whose other images stay, or be empty. Throws `EngineError`.
    package func write(toLayout path: String) throws(EngineError) {
        var target = try TargetDirectory(path) { names in
            names.has("index.json") || names.has("oci-layout") ? nil : "it is no OCI image layout"
        }
        let writer = try LayoutWriter(target.path)
        try engine {
            for digest in try blobs() { _ = try writer.copy(digest, from: store) }
        }
        try writer.update(pause: { () throws(EngineError) in usleep(20_000) }) { index in
            for member in members { Self.add(member, to: &index) }
        }
        try target.keep()
    }

    private static func add(_ member: Member, to index: inout IndexFile) {
        var descriptor = member.descriptor
        descriptor.annotations = nil
        func has(_ entry: IndexEntry, _ key: String, _ value: String) -> Bool {
            entry.descriptor?.annotations?[ByteKey(key)]?.isSame(as: value) == true
        }
        if member.names.isEmpty, !index.entries.contains(where: { $0.descriptor?.digest == descriptor.digest }) {
            index.entries.append(IndexEntry(descriptor))
        }
        for name in member.names {
            let whole = name.description
            index.entries.removeAll {
                has($0, Annotation.containerdName, whole) || has($0, Annotation.refName, whole)
            }
            let isUnique = !index.entries.contains { has($0, Annotation.refName, name.tag ?? whole) }
            descriptor.annotations = annotations(name, isUnique: isUnique)
            index.entries.append(IndexEntry(descriptor))
        }
    }

    /// Writes the one image into the directory `path` as skopeo's `dir:` has it, its manifest as Docker's: a directory that is missing is
    /// made, whole or not at all; one that is there must be such an image, in whose place it comes, or be empty. Throws `EngineError`, also where
    /// there are several images, and where Docker's manifest has no name for the compression of a layer.
    package func write(toImageDirectory path: String) throws(EngineError) {
        guard members.count == 1 else {
            throw EngineError("a docker-dir has one image: name one, or use --format oci-dir", .invalid)
        }
        let (bytes, blobs) = try engine { try dockerManifest(members[0].descriptor) }
        var target = try TargetDirectory(path) { names in
            names.has("version") && names.has("manifest.json") ? nil : "it is no image of skopeo's dir:"
        }
        try engine {
            for digest in blobs { try copy(digest, to: "\(target.path)/\(digest.hex)") }
            try Files.replace("\(target.path)/version", with: Array("Directory Transport Version: 1.1\n".utf8))
            try Files.replace("\(target.path)/manifest.json", with: bytes)
            // Of the image that was there before.
            let own = Set(blobs.map { ByteKey($0.hex) })
            for name in try Files.list(target.path) where !own.contains(ByteKey(name)) {
                if name.utf8.count == 64, isHex(name[...]) || name.begins(with: "signature-") {
                    try Files.unlink("\(target.path)/\(name)")
                }
            }
        }
        try target.keep()
    }

    private func copy(_ digest: Digest, to path: String) throws {
        let file = try store.open(digest)
        let target = try WholeFile(path)
        var copier = FileCopier()
        let size = try file.status().size
        try copier.copyContent(file, to: target.descriptor, size: size)
        try check("fchmod") { fchmod(target.number, 0o644) }
        try target.keep()
    }

    private func dockerManifest(_ descriptor: Descriptor) throws -> (bytes: [UInt8], blobs: [Digest]) {
        _ = try blobs()
        var manifest = try store.document(Manifest.self, descriptor.digest)
        let blobs = [manifest.config.digest] + manifest.layers.map(\.digest)
        if descriptor.mediaType == MediaType.dockerManifest {
            return (try store.read(descriptor.digest), blobs)
        }
        manifest.mediaType = MediaType.dockerManifest
        manifest.annotations = nil
        manifest.config = Self.plain(manifest.config, MediaType.dockerConfig)
        manifest.layers = try manifest.layers.map { layer in
            guard let type = MediaType.dockerLayer(for: layer.mediaType) else {
                throw EngineError(
                    "Docker's manifest, which a docker-dir has, knows no layer of the type \(layer.mediaType.excerpt): use --format oci-dir",
                    .invalid)
            }
            return Self.plain(layer, type)
        }
        return (try canonicalJSON(manifest), blobs)
    }

    private static func plain(_ descriptor: Descriptor, _ type: String) -> Descriptor {
        var plain = Descriptor(mediaType: type, digest: descriptor.digest, size: descriptor.size)
        plain.urls = descriptor.urls
        return plain
    }
}

extension MediaType {
    /// What Docker's manifest calls a layer of this type; nil where it has no name for it.
    fileprivate static func dockerLayer(for type: String) -> String? {
        switch type {
        case ociLayer: dockerLayer
        case ociLayerGzip: dockerLayerGzip
        case dockerLayer, dockerLayerGzip, dockerForeignLayerGzip: type
        default: nil
        }
    }
}
