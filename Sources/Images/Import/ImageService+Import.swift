import Archive
package import Errors
import Glibc
import Linux
package import OCI
import Store

/// What `import` makes of a root file system.
package struct ImportOptions: Sendable {
    /// The image's name; nil for none.
    package var name: String?
    /// Dockerfile instructions ("CMD ["/bin/sh"]"), applied in order.
    package var changes: [String] = []
    package var message: String?
    /// "os/architecture[/variant]"; nil is this machine's.
    package var platform: String?
    /// Where the archive came from, for the image's history: a path, or "-".
    package var source = "-"

    package init() {}
}

extension ImageService {
    /// `import`: an image of one layer from the archive of a root file system, compressed or not, that is read from
    /// `descriptor` (a file, or a pipe). Returns the image's id. Throws; then nothing is left of it.
    package func importImage(from descriptor: CInt, _ options: ImportOptions) throws(EngineError) -> Digest {
        try engine {
            let name = try options.name.map { try Reference(typed: $0) }
            if name?.digest != nil { throw EngineError("cannot import to a name with a digest", .invalid) }
            let platform = try options.platform.map { try Platform(parsing: $0) } ?? .host
            var container = ContainerConfig()
            for change in try DockerfileChange.all(options.changes) { try change.apply(to: &container) }
            do {
                let id = try take(descriptor, options, container, platform, name)
                noteImage("import", id)
                return id
            } catch {
                _ = try? sweep()
                throw error
            }
        }
    }

    private func take(
        _ descriptor: CInt, _ options: ImportOptions, _ container: ContainerConfig, _ platform: Platform,
        _ name: Reference?
    ) throws -> Digest {
        let ingest = try images.beginIngest()
        defer { ingest.end() }
        let (layer, size) = try spool(descriptor, ingest)
        let now = Timestamp.now().rfc3339
        let message = options.message ?? "Imported from \(options.source)"
        var config = ImageConfig(
            architecture: platform.architecture, os: platform.os, config: container, diffIDs: [layer])
        config.variant = platform.variant
        config.created = now
        config.comment = message
        config.history = [.init(created: now, comment: message)]
        let document = try canonicalJSON(config)
        let manifest = Manifest(
            config: Descriptor(
                mediaType: MediaType.ociConfig, digest: try ingest.put(document), size: Int64(document.count)),
            layers: [Descriptor(mediaType: MediaType.ociLayer, digest: layer, size: size)])
        try unpack(manifest, config, ingest: ingest)
        let bytes = try canonicalJSON(manifest)
        let descriptor = Descriptor(
            mediaType: MediaType.ociManifest, digest: try ingest.put(bytes), size: Int64(bytes.count),
            platform: platform)
        try ingest.record(descriptor, name: name)
        return manifest.config.digest
    }

    /// The archive as a blob, decompressed: not every compression is one that layers may have.
    private func spool(_ descriptor: CInt, _ ingest: ImageIngest) throws -> (digest: Digest, size: Int64) {
        let stream = try DecompressedStream(reading: descriptor)
        let writer = try ingest.writer()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let got = try stream.read(into: buffer)
            if got == 0 { break }
            try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        }
        guard writer.size > 0 else { throw EngineError("there is nothing to import: the archive is empty", .invalid) }
        return try writer.commit()
    }
}
