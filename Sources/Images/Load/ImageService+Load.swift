import Bytes
package import Errors
import Linux
package import OCI
import Store

/// An image that `load` took in.
package struct LoadedImage: Sendable, Equatable {
    package let id: Digest
    /// Familiar form ("debian:latest"); empty for an image without a name.
    package let names: [String]
}

extension ImageService {
    /// `load`: takes in the images of a docker-archive or an oci-archive that is read from `descriptor` (a file, or
    /// a pipe), compressed or not.
    ///
    /// All is verified and unpacked before an image gets its name; an archive that fails leaves nothing. Throws
    /// for an archive that is damaged, hostile or none.
    package func load(from descriptor: CInt, platform: String? = nil) throws(EngineError) -> [LoadedImage] {
        try load(platform, .archive(descriptor))
    }

    /// `load` of what an archive would have, in the directory `path`: an OCI layout, the files of a docker-archive, or an image as skopeo's
    /// `dir:` has it. Otherwise as `load(from:platform:)`.
    package func load(fromDirectory path: String, platform: String? = nil) throws(EngineError) -> [LoadedImage] {
        try load(platform, .directory(path))
    }

    private func load(
        _ platform: String?, _ source: LoadSource
    ) throws(EngineError) -> [LoadedImage] {
        try engine {
            let wanted = try platform.map { try Platform(parsing: $0) }
            do {
                let (loaded, isAllUsed) = try load(wanted, source)
                // Members that no image needs (the legacy layout has some for each layer) are garbage now.
                if !isAllUsed { try sweep() }
                for image in loaded { noteImage("load", image.id) }
                return loaded
            } catch {
                _ = try? sweep()
                throw error
            }
        }
    }

    private func load(
        _ platform: Platform?, _ source: LoadSource
    ) throws -> (images: [LoadedImage], isAllUsed: Bool) {
        // Documents may be large, and layers need the room.
        HeapMemory.keepLittle()
        let admission = try ImageAdmission()
        let ingest = try images.beginIngest()
        defer { ingest.end() }
        let spool = try source.open(ingest)
        let found: [ArchivedImage]
        if let manifest = spool.documents["manifest.json"] {
            let isOfSkopeo = DirectoryImage.isManifest(manifest)
            try admission.check(source, isOfSkopeo ? .directory : .dockerArchive)
            found =
                isOfSkopeo
                ? [try DirectoryImage(spool, ingest).image(manifest, platform)]
                : try DockerArchive(spool, ingest).images(manifest)
        } else if let index = spool.documents["index.json"] {
            try admission.check(source, .ociLayout)
            found = try OCIArchive(spool, ingest).images(index, platform)
        } else {
            throw EngineError(
                "this is no image archive: it has neither a manifest.json nor an index.json; "
                    + "for the archive of a root file system use 'apus import'", .invalid)
        }
        let chosen = found.filter { image in platform.map { $0.normalized.accepts(image.config.platform) } ?? true }
        guard !chosen.isEmpty else {
            throw EngineError(
                platform.map { "the archive has no image for \($0)" } ?? "the archive has no image", .invalid)
        }
        for image in chosen { try unpack(image.manifest, image.config, ingest: ingest) }
        let named = chosen.map { image in
            var seen: Set<Reference> = []
            return (descriptor: image.descriptor, names: image.names.filter { seen.insert($0).inserted })
        }
        try images.record(named)
        let loaded = zip(chosen, named).map { image, named in
            LoadedImage(id: image.manifest.config.digest, names: named.names.map(\.familiar))
        }
        let used = Set(
            chosen.flatMap { [$0.descriptor.digest, $0.manifest.config.digest] + $0.manifest.layers.map(\.digest) })
        return (loaded, spool.blobs.values.allSatisfy { used.contains($0.digest) })
    }
}

/// Where the files of images are that are to be loaded.
enum LoadSource {
    /// The descriptor of an archive: a file, or a pipe.
    case archive(CInt)
    /// The path of a directory with what an archive would have.
    case directory(String)

    /// How the files describe their images.
    enum Form { case dockerArchive, ociLayout, directory }

    fileprivate func open(_ ingest: ImageIngest) throws -> ArchiveSpool {
        switch self {
        case .archive(let descriptor): try ArchiveSpool(reading: descriptor, into: ingest)
        case .directory(let path): try ArchiveSpool(directory: path, into: ingest)
        }
    }
}

extension ImageConfig {
    /// The platform that the configuration names.
    var platform: Platform { Platform(os: os, architecture: architecture, variant: variant).normalized }
}
