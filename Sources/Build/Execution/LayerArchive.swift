import Archive
import Errors
import Glibc
import Images
import Linux
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
}
