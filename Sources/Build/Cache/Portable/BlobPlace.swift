import Bytes
import Errors
import Images
import OCI
import Store

/// Where a cache that another build has written has its documents and layers.
enum BlobPlace: Sendable {
    /// In an OCI layout.
    case directory(LayoutDirectory)
    case registry(RegistryCache)

    /// The document that `descriptor` describes, verified. Throws `EngineError`.
    func read(_ descriptor: Descriptor) throws(EngineError) -> [UInt8] {
        switch self {
        case .directory(let layout): try layout.read(descriptor, limit: CacheManifest.documentLimit)
        case .registry(let cache): try cache.read(descriptor)
        }
    }

    /// Unpacks the layer `diffID`, which `blob` describes, on `below`; returns the name of its directory in the store, where `ingest` keeps it.
    /// `isExported`: whether an image is to have it, and so the store its archive. All is verified. Throws `EngineError`.
    func unpack(
        _ blob: Descriptor, as diffID: Digest, on below: [BuildLayer], isExported: Bool, _ ingest: ImageIngest,
        _ tools: BuildTools
    ) throws(EngineError) -> Digest {
        switch self {
        case .directory(let layout) where !isExported && blob.digest == diffID:
            return try tools.unpack(diffID, on: below, ingest) { () throws(EngineError) in try layout.open(blob) }
        case .directory(let layout):
            try layout.take(blob, into: ingest) { () throws(EngineError) in try tools.checkCancellation() }
            return try tools.unpack(blob, as: diffID, on: below, ingest)
        case .registry(let cache):
            try cache.take(blob, into: ingest)
            return try tools.unpack(blob, as: diffID, on: below, ingest)
        }
    }
}

extension BuildCacheSource.Layout {
    /// What describes the cache's manifest. Throws `EngineError`: `notFound` where there is none.
    func manifest() throws(EngineError) -> (place: BlobPlace, descriptor: Descriptor) {
        let layout = LayoutDirectory(path)
        if let digest {
            return (.directory(layout), Descriptor(mediaType: "", digest: digest, size: try layout.size(of: digest)))
        }
        let named = try layout.descriptors().last {
            $0.annotations?[ByteKey(Annotation.refName)]?.isSame(as: tag) == true
        }
        guard let named else {
            throw EngineError("the image layout \(path) has no cache with the tag \(tag.excerpt)", .notFound)
        }
        return (.directory(layout), named)
    }
}
