import Archive
import Glibc
import JSON
package import Linux
package import OCI

/// The images of a user: a valid OCI image layout (image-spec, image-layout.md), which other tools may read
/// and, through the same files, change.
package struct ImageStore: Sendable {
    package let paths: StorePaths

    /// The images below `paths`, whose directories `StorePaths.prepared()` has made.
    package init(_ paths: StorePaths) { self.paths = paths }

    /// The largest manifest, index or configuration that is read, in bytes: registries refuse larger ones.
    package static let documentLimit = 8 << 20

    var indexPath: String { paths.images + "/index.json" }
    var temporaries: String { paths.images + "/tmp" }

    /// Where the blob of `digest` is, whether it is there or not.
    package func path(of digest: Digest) -> String {
        "\(paths.images)/blobs/\(digest.algorithm.rawValue)/\(digest.hex)"
    }

    /// Gives the file at `path`, all of which is on the disk, the place of the blob `digest`. Its directory's own fsync comes with the index that
    /// points there.
    func take(_ path: String, as digest: Digest) throws(SystemError) {
        let target = self.path(of: digest)
        if digest.algorithm != .sha256 { try Files.makeDirectories(Files.split(target).parent, mode: 0o700) }
        try Files.rename(path, to: target)
    }

    /// The size of the blob in bytes; nil where there is none.
    package func size(of digest: Digest) -> Int64? { try? presentSize(of: digest) }

    /// As `size(of:)`, where something depends on the blob's absence: throws where it cannot be looked at.
    package func presentSize(of digest: Digest) throws(StoreError) -> Int64? {
        let status: FileStatus
        do throws(SystemError) { status = try Files.status(path(of: digest), following: false) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw .failed(action: "look at blob \(digest)", error)
        }
        return status.isRegular ? Int64(status.size) : nil
    }

    /// Whether the blob is there, with `size` bytes if that is given. Only what an `ImageIngest` protects is sure
    /// to be there a moment later.
    package func has(_ digest: Digest, size wanted: Int64? = nil) -> Bool {
        guard let present = size(of: digest) else { return false }
        return wanted == nil || wanted == present
    }

    /// Opens the blob for reading. Throws `StoreError.missingBlob`.
    package func open(_ digest: Digest) throws(StoreError) -> FileDescriptor {
        do throws(SystemError) {
            return try FileDescriptor.open(path(of: digest), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        } catch {
            if error.errno == .noEntry { throw .missingBlob(digest) }
            throw .failed(action: "open blob \(digest)", error)
        }
    }

    /// The content of a small blob, verified against its digest. Throws `missingBlob`, `tooLarge` past `limit`
    /// bytes, and `corrupt` where the content has another digest.
    package func read(_ digest: Digest, limit: Int = documentLimit) throws(StoreError) -> [UInt8] {
        let file = try open(digest)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try file.readAll(limit: limit)
        } catch {
            if error.errno == Errno(EFBIG) { throw .tooLarge(digest: digest, limit: limit) }
            throw .failed(action: "read blob \(digest)", error)
        }
        guard Digest(of: bytes, digest.algorithm) == digest else {
            throw .corrupt(
                path: path(of: digest),
                cause:
                    "its content has another digest; 'apus system check --repair' takes it away, and a pull brings it anew"
            )
        }
        return bytes
    }

    /// The JSON document in a small blob. Throws as `read` does, and `corrupt` for what is no such document.
    package func document<T: Decodable>(_ type: T.Type = T.self, _ digest: Digest) throws(StoreError) -> T {
        let bytes = try read(digest)
        do throws(JSONError) {
            return try JSONTree.decode(from: bytes)
        } catch {
            throw .corrupt(path: path(of: digest), cause: error.description)
        }
    }

    /// Makes the layout's own files where they are missing.
    func makeLayout() throws(StoreError) {
        let marker = paths.images + "/oci-layout"
        if Files.exists(marker), Files.exists(temporaries), Files.exists(partials) { return }
        // Of two that make it, the second must not replace an index by an empty one.
        let lock = try lockIndex()
        defer { lock.descriptor.unlock() }
        // Before the first blob: an index that is missing where there are blobs is one that was lost.
        let hasBlobs = try hasBlobs()
        let isNew = !hasBlobs && !Files.exists(marker) && !Files.exists(indexPath)
        try doing("create the image layout") { () throws(SystemError) in
            try Files.makeDirectories(paths.images + "/blobs/sha256", mode: 0o700)
            try Files.makeDirectories(temporaries, mode: 0o700)
            try Files.makeDirectories(partials, mode: 0o700)
            if isNew { try Files.replace(indexPath, with: IndexFile().encoded()) }
            try Files.replace(marker, with: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        }
    }
}
