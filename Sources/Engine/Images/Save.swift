import Bytes
package import Errors
import Images
import OCI
import Store

extension Engine {
    /// `save`: writes the images that `names` say to `output`, which is borrowed, as an archive that `docker load` and readers of OCI layouts
    /// take. A name is an image's, which the archive has then, or an id. `platform` chooses of images for several. Throws `EngineError`;
    /// `output` has no whole archive then.
    package func save(_ names: [String], platform: String? = nil, to output: CInt) throws(EngineError) {
        // What is read is not removed meanwhile.
        let ingest: ImageIngest
        do throws(StoreError) { ingest = try images.beginIngest() } catch { throw EngineError(error) }
        defer { ingest.end() }
        let members = try engine {
            let wanted = try platform.map { try Platform(parsing: $0) }
            var members: [ImageArchive.Member] = []
            for name in names {
                let image = try images.image(name, platform: wanted)
                try ingest.protect([image.descriptor.digest, image.id] + image.manifest.layers.map(\.digest))
                members.append(
                    ImageArchive.Member(
                        descriptor: image.descriptor, names: try Self.name(name, of: image).map { [$0] } ?? []))
            }
            return Self.merged(members)
        }
        try ImageArchive(members, in: images, .docker).write(to: output)
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
        var result: [ImageArchive.Member] = []
        for member in members {
            guard let place = result.firstIndex(where: { $0.descriptor.digest == member.descriptor.digest }) else {
                result.append(member)
                continue
            }
            result[place] = ImageArchive.Member(
                descriptor: member.descriptor,
                names: result[place].names + member.names.filter { !result[place].names.contains($0) })
        }
        return result
    }
}
