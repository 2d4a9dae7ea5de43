import Archive
import Bytes
package import Errors
import Glibc
import JSON
import Linux
package import OCI
package import Store

/// An archive of images: an OCI layout (image-spec, image-layout.md), and beside it, where Docker is to read it, `manifest.json`.
package struct ImageArchive: Sendable {
    /// Who is to read it.
    package enum Format: String, Sendable {
        /// Docker's `load`, and whoever reads OCI layouts.
        case docker
        /// Whoever reads OCI layouts.
        case oci
    }

    /// An image of an archive.
    package struct Member: Sendable {
        /// Its manifest, or the index over several.
        package let descriptor: Descriptor
        /// The names that it has in the archive.
        package let names: [Reference]

        package init(descriptor: Descriptor, names: [Reference]) {
            self.descriptor = descriptor
            self.names = names
        }
    }

    let store: ImageStore
    let members: [Member]
    private let format: Format

    /// Of images of `store`.
    package init(_ members: [Member], in store: ImageStore, _ format: Format) {
        self.store = store
        self.members = members
        self.format = format
    }

    /// Writes it to `output`, which is borrowed: the same bytes for the same images. Throws `EngineError`; `output` has no whole archive then.
    package func write(to output: CInt) throws(EngineError) {
        try engine {
            let start = FileTime(seconds: 0, nanoseconds: 0)
            let writer = TarWriter(to: output, times: .all(start))
            let content = try content()
            var folders: Set<String> = []
            for digest in content.blobs.sorted(by: { $0.description < $1.description }) {
                let folder = "blobs/\(digest.algorithm.rawValue)"
                for name in ["blobs/", folder + "/"] where folders.insert(name).inserted {
                    try writer.add(TarEntry(name: RawName(name), .directory, mode: 0o755, modification: start))
                }
                let file = try store.open(digest)
                let size = try file.status().size
                try writer.add(
                    TarEntry(
                        name: RawName("\(folder)/\(digest.hex)"), .regular, mode: 0o644, size: size, modification: start
                    ),
                    from: file,
                    keepsHoles: false)
            }
            for (name, bytes) in content.documents {
                try writer.add(
                    TarEntry(name: RawName(name), .regular, mode: 0o644, modification: start), content: bytes)
            }
            _ = try writer.finish()
        }
    }

    /// Writes it as a directory at `path`, which is made where it is missing, and whose own layout, if it has one, it replaces. Throws
    /// `EngineError`.
    package func write(toDirectory path: String) throws(EngineError) {
        try engine {
            let content = try content()
            for digest in content.blobs {
                let folder = "\(path)/blobs/\(digest.algorithm.rawValue)"
                try Files.makeDirectories(folder, mode: 0o755)
                let file = try store.open(digest)
                let target = try WholeFile("\(folder)/\(digest.hex)")
                var copier = FileCopier()
                let size = try file.status().size
                try copier.copyContent(file, to: target.descriptor, size: size)
                try check("fchmod") { fchmod(target.number, 0o644) }
                try target.keep()
            }
            for (name, bytes) in content.documents { try Files.replace("\(path)/\(name)", with: bytes) }
        }
    }

    // MARK: what is in it

    private struct Content {
        var blobs: Set<Digest> = []
        var documents: [(name: String, bytes: [UInt8])] = []
    }

    private func content() throws -> Content {
        var content = Content()
        var index = ImageIndex()
        index.mediaType = MediaType.ociIndex
        var items: [DockerItem] = []
        var tags: [ByteKey: Int] = [:]
        for name in members.flatMap(\.names) { tags[ByteKey(name.tag ?? ""), default: 0] += 1 }
        for member in members {
            try add(member.descriptor, to: &content, depth: 0)
            var descriptor = member.descriptor
            descriptor.annotations = nil
            if member.names.isEmpty { index.manifests.append(descriptor) }
            for name in member.names {
                let isUnique = tags[ByteKey(name.tag ?? "")] == 1
                descriptor.annotations = Self.annotations(name, isUnique: isUnique)
                index.manifests.append(descriptor)
            }
            if format == .docker, let item = try item(member) { items.append(item) }
        }
        content.documents.append(("index.json", try canonicalJSON(index)))
        if format == .docker { content.documents.append(("manifest.json", try canonicalJSON(items))) }
        content.documents.append(("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)))
        return content
    }

    /// What a layout says of an image that is called `name`: all of the name, as containerd writes it, and as the specification's the tag, by
    /// which people find it, or where another image of the layout has that the whole name again.
    static func annotations(_ name: Reference, isUnique: Bool) -> [ByteKey: String] {
        let tag = isUnique ? name.tag : nil
        return [
            ByteKey(Annotation.containerdName): name.description, ByteKey(Annotation.refName): tag ?? name.description,
        ]
    }

    /// All blobs of the images. Throws where one is not in the store.
    func blobs() throws -> Set<Digest> {
        var content = Content()
        for member in members { try add(member.descriptor, to: &content, depth: 0) }
        return content.blobs
    }

    private func add(_ descriptor: Descriptor, to content: inout Content, depth: Int) throws {
        guard content.blobs.insert(descriptor.digest).inserted, depth < 8 else { return }
        if MediaType.isIndex(descriptor.mediaType) {
            for manifest in try store.document(ImageIndex.self, descriptor.digest).manifests
            where try store.presentSize(of: manifest.digest) != nil {
                try add(manifest, to: &content, depth: depth + 1)
            }
        } else {
            let manifest = try store.document(Manifest.self, descriptor.digest)
            for blob in [manifest.config] + manifest.layers {
                guard try store.presentSize(of: blob.digest) != nil else {
                    throw EngineError(
                        "a part of the image is not in the store: \(blob.digest.short): pull the image again", .notFound
                    )
                }
                content.blobs.insert(blob.digest)
            }
        }
    }

    /// What `docker load` reads of an image.
    private struct DockerItem: Encodable {
        let config: String
        let repoTags: [String]
        let layers: [String]

        enum CodingKeys: String, CodingKey {
            case config = "Config"
            case repoTags = "RepoTags"
            case layers = "Layers"
        }
    }

    // nil for an index over platforms of which none is this machine's: Docker has one image for a name.
    private func item(_ member: Member) throws -> DockerItem? {
        var descriptor = member.descriptor
        if MediaType.isIndex(descriptor.mediaType) {
            let index = try store.document(ImageIndex.self, descriptor.digest)
            guard let own = index.manifest(for: .host) else { return nil }
            descriptor = own
        }
        let manifest = try store.document(Manifest.self, descriptor.digest)
        func path(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }
        return DockerItem(
            config: path(manifest.config.digest), repoTags: member.names.map(\.familiar),
            layers: manifest.layers.map { path($0.digest) })
    }
}
