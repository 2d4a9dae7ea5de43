import Archive
import Errors
import Glibc
import Images
import Linux
import OCI
import Store
import Supervision

extension BuildLayer {
    /// The archive of all that its directory has. `lowest` is the lowest layer below it, which says what the root directory looks like; nil
    /// where there is none. To be read while both are pinned.
    func archive(above lowest: BuildLayer?) -> TreeArchive {
        var archive = TreeArchive(
            form: .upper, directories: [now.path] + (lowest.map { [$0.now.path] } ?? []),
            mountPlaces: MountPoints.places)
        archive.writesAll = true
        return archive
    }
}

extension BuildTools {
    /// Writes `archive` into the store, as a blob that `ingest` keeps, or nowhere, for its digest (nil). Throws `EngineError`.
    func write(_ archive: TreeArchive, to ingest: ImageIngest?) throws(EngineError) -> TreeArchive.Result {
        try engine {
            guard let ingest else {
                let null = try FileDescriptor.open("/dev/null", O_WRONLY)
                let result = try images.write(archive, to: null.rawValue)
                endLifetime(null)
                return result
            }
            let blob = try ingest.writer()
            let result = try images.write(archive, to: blob.descriptor)
            try blob.commit(written: result.digest, size: result.size)
            return result
        }
    }

    /// Unpacks the archive that `opening` opens, which has the digest `diffID`, as a layer on `below`; otherwise as the other `unpack`.
    func unpack(
        _ diffID: Digest, on below: [BuildLayer], _ ingest: ImageIngest,
        opening: () throws(EngineError) -> FileDescriptor
    ) throws(EngineError) -> Digest {
        var lowers: [ImageLayer] = []
        for layer in below {
            guard let lower = layer.now.diffID else { throw EngineError("a layer below has no digest yet") }
            lowers.append(ImageLayer(lower, on: lowers.last))
        }
        let layer = ImageLayer(diffID, on: lowers.last)
        try images.unpack(layer, on: lowers, ingest: ingest, opening: opening)
        guard let name = layers.find(layer) else {
            throw EngineError("a layer was removed while it was being made", .conflict)
        }
        return name
    }

    /// Unpacks the archive `blob` of the store, compressed or not, which has the diff id `diffID`, as a layer on `below`, all of which have their
    /// digests; returns the name of its directory in the store, which `ingest` keeps. Throws `EngineError`, also where it is another archive.
    func unpack(
        _ blob: Descriptor, as diffID: Digest, on below: [BuildLayer], _ ingest: ImageIngest
    ) throws(EngineError) -> Digest {
        var config = ImageConfig(architecture: "unknown", diffIDs: [])
        var manifest = Manifest(
            config: Descriptor(mediaType: MediaType.ociConfig, digest: diffID, size: 0), layers: [])
        for layer in below.map(\.now) {
            guard let lower = layer.diffID else { throw EngineError("a layer below has no digest yet") }
            config.rootfs.diffIDs.append(lower)
            // They are there: nothing is unpacked of them.
            manifest.layers.append(
                Descriptor(mediaType: MediaType.ociLayer, digest: lower, size: layer.size ?? 0))
        }
        config.rootfs.diffIDs.append(diffID)
        manifest.layers.append(blob)
        try images.unpack(manifest, config, ingest: ingest)
        guard let name = config.rootfs.imageLayers.last.flatMap({ layers.find($0) }) else {
            throw EngineError("a layer was removed while it was being made", .conflict)
        }
        return name
    }
}
