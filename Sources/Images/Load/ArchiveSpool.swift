import Archive
import Bytes
import Errors
import Linux
import OCI
import Store

/// The members of an image archive as they come out of a stream that can be read once: documents in memory,
/// everything else in the store, under whatever digest it has.
struct ArchiveSpool {
    /// A member that is in the store.
    struct Blob {
        let digest: Digest
        let size: Int64
        let compression: Compression
    }

    private(set) var blobs: [ByteKey: Blob] = [:]
    private(set) var documents: [ByteKey: [UInt8]] = [:]
    /// Symbolic and hard links by the name that they lead to.
    private var links: [ByteKey: String] = [:]

    /// The members that are read whole. Their names are those of docker-archive and of image-layout.md.
    private static let documentNames: Set<ByteKey> = ["manifest.json", "index.json", "oci-layout", "repositories"]

    /// Reads the whole archive from `descriptor`, compressed or not. Throws `ArchiveError`, `StoreError` or
    /// `EngineError`.
    init(reading descriptor: CInt, into ingest: ImageIngest) throws {
        let reader = try TarReader(reading: descriptor)
        while let entry = try reader.next() {
            guard
                let name = Self.clean(
                    String(decoding: entry.name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
            else { continue }
            switch entry.kind {
            case .regular where Self.documentNames.contains(ByteKey(name)):
                documents[name] = try Self.document(name, reader)
            case .regular: blobs[name] = try Self.blob(name, entry, reader, ingest)
            case .symbolicLink(let target):
                let folder = name.split(on: "/").dropLast().joined(separator: "/")
                links[name] = Self.clean(folder + "/" + Self.text(target))
            case .hardLink(let target): links[name] = Self.clean(Self.text(target))
            default: continue
            }
        }
        _ = try reader.finish()
    }

    /// The blob that the member `name` is or links to. Throws where there is none.
    func blob(_ name: String) throws(EngineError) -> Blob {
        var current = Self.clean(name) ?? name
        // Links to links are legal, rings of them not.
        for _ in 0..<16 {
            if let blob = blobs[current] { return blob }
            guard let next = links[current] else { break }
            current = next
        }
        throw EngineError("the archive names the file \"\(name.excerpt)\" but does not have it", .invalid)
    }

    private static func text(_ name: RawName) -> String {
        String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `name` without "." and "..", as a path below the archive's root; nil for one that leads out of it.
    static func clean(_ name: String) -> String? {
        var parts: [Substring] = []
        for part in name.split(on: "/") {
            switch part {
            case ".": continue
            case "..": if parts.popLast() == nil { return nil }
            default: parts.append(part)
            }
        }
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }

    private static func document(_ name: String, _ reader: TarReader) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var isTooLarge = false
        try reader.readContent { part, offset throws(ArchiveError) in
            guard offset + part.count <= ImageStore.documentLimit else {
                isTooLarge = true
                return
            }
            if offset > bytes.count { bytes.append(contentsOf: repeatElement(0, count: offset - bytes.count)) }
            bytes.append(contentsOf: part)
        }
        if isTooLarge {
            throw EngineError("the archive's \(name) is larger than \(ImageStore.documentLimit) bytes", .invalid)
        }
        return bytes
    }

    private static func blob(
        _ name: String, _ entry: TarEntry, _ reader: TarReader, _ ingest: ImageIngest
    ) throws -> Blob {
        // A file below blobs/ says by its name what it must be (image-layout.md, Blobs).
        let parts = name.split(on: "/")
        let expected = parts.count == 3 && parts[0] == "blobs" ? Digest("\(parts[1]):\(parts[2])") : nil
        let writer = try expected.map { try ingest.writer(expecting: $0) } ?? ingest.writer()
        var head: [UInt8] = []
        var failure: StoreError?
        try reader.readContent { part, offset throws(ArchiveError) in
            guard failure == nil else { return }
            do throws(StoreError) {
                // Holes of a sparse member are zeros of the blob.
                try writer.pad(to: Int64(offset))
                if head.count < Compression.detectionLength {
                    head.append(contentsOf: part.prefix(Compression.detectionLength - head.count))
                }
                try writer.write(part)
            } catch { failure = error }
        }
        if failure == nil {
            do throws(StoreError) { try writer.pad(to: Int64(entry.size)) } catch { failure = error }
        }
        if let failure { throw failure }
        do throws(StoreError) {
            let (digest, size) = try writer.commit()
            return Blob(digest: digest, size: size, compression: Compression.detect(head))
        } catch {
            throw EngineError("the archive's file \(name) is not what its name says: \(error)", .invalid)
        }
    }
}
