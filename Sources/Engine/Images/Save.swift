import Bytes
package import Errors
package import Images
import OCI
import Store

/// Where `save` writes, and in which form.
package enum SaveTarget: Sendable {
    /// An archive, to this descriptor, which is borrowed.
    case archive(ImageArchive.Format, to: CInt)
    /// An OCI image layout in this directory.
    case layout(String)
    /// An image as skopeo's `dir:` has it, in this directory.
    case imageDirectory(String)
}

extension Engine {
    /// `save`: writes the images that `names` say to `target`. A name is an image's, which the archive has then, a repository without a tag,
    /// for all of its tags, or an id. `platform` chooses of images for several. Throws `EngineError`; no whole archive is there then.
    package func save(_ names: [String], platform: String? = nil, to target: SaveTarget) throws(EngineError) {
        // What is read is not removed meanwhile.
        let ingest: ImageIngest
        do throws(StoreError) { ingest = try images.beginIngest() } catch { throw EngineError(error) }
        defer { ingest.end() }
        let members = try engine {
            let wanted = try platform.map { try Platform(parsing: $0) }
            var members: [ImageArchive.Member] = []
            for name in names {
                for (image, name) in try chosen(name, wanted) {
                    try ingest.protect([image.descriptor.digest, image.id] + image.manifest.layers.map(\.digest))
                    members.append(
                        ImageArchive.Member(descriptor: image.descriptor, names: name.map { [$0] } ?? []))
                }
            }
            return Self.merged(members)
        }
        func archive(_ format: ImageArchive.Format) -> ImageArchive { ImageArchive(members, in: images, format) }
        switch target {
        case .archive(let format, let output): try archive(format).write(to: output)
        case .layout(let path): try archive(.oci).write(toLayout: path)
        case .imageDirectory(let path): try archive(.oci).write(toImageDirectory: path)
        }
    }

    // Each with the name that it is saved by.
    private func chosen(_ typed: String, _ platform: Platform?) throws -> [(StoredImage, Reference?)] {
        let text = try TypedName.expanded(typed)
        if let bare = try? Reference(text, defaultTag: nil), bare.tag == nil, bare.digest == nil {
            let tags = try images.tags(inRepositoryOf: bare)
            var found: [(StoredImage, Reference?)] = []
            for tag in tags {
                let name: Reference? = tag.name
                found.append((try images.image(tag.name.description, platform: platform), name))
            }
            if !found.isEmpty { return found }
        }
        let image = try images.image(text, platform: platform)
        return [(image, try Self.name(text, of: image))]
    }

    // The reference that `text` is; nil where it is an image's id.
    private static func name(_ text: String, of image: StoredImage) throws -> Reference? {
        let id = text.begins(with: "sha256:") ? text.dropping(7) : text[...]
        if image.id.hex.begins(with: id), !image.names.has(text) { return nil }
        let reference = try Reference(text)
        return reference.digest == nil ? reference : nil
    }

    // An image that was named twice is in the archive once.
    private static func merged(_ members: [ImageArchive.Member]) -> [ImageArchive.Member] {
        var names: [[Reference]] = []
        var images: [ImageArchive.Member] = []
        var places: [Digest: Int] = [:]
        for member in members {
            if let place = places[member.descriptor.digest] {
                names[place] += member.names
            } else {
                places[member.descriptor.digest] = images.count
                images.append(member)
                names.append(member.names)
            }
        }
        return zip(images, names).map { image, names in
            var seen: Set<Reference> = []
            return ImageArchive.Member(
                descriptor: image.descriptor, names: names.filter { seen.insert($0).inserted })
        }
    }
}
