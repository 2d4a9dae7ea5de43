import Archive
import Bytes
import Errors
import Glibc
import Linux
import OCI
import Store

/// The files of an image archive: of one that comes out of a stream that can be read once they are all in the store, under
/// whatever digest they have, and of a directory those that somebody has asked for. Documents are in memory.
final class ArchiveSpool {
    /// A file that is in the store.
    struct Blob {
        let digest: Digest
        let size: Int64
        let compression: Compression
    }

    private(set) var blobs: [ByteKey: Blob] = [:]
    private(set) var documents: [ByteKey: [UInt8]] = [:]
    /// Symbolic and hard links by the name that they lead to.
    private var links: [ByteKey: String] = [:]
    private let ingest: ImageIngest
    /// Where files are that nobody has asked for yet; nil for an archive.
    private let directory: Folder?

    // What can be nil, and copied.
    private final class Folder {
        let root: RootDirectory

        init(_ root: consuming RootDirectory) { self.root = root }
    }

    /// The files that are read whole. Their names are those of docker-archive, of image-layout.md and of skopeo's `dir:`.
    private static let documentNames: Set<ByteKey> = ["manifest.json", "index.json", "oci-layout", "repositories"]

    /// Reads the whole archive from `descriptor`, compressed or not. Throws `ArchiveError`, `StoreError` or
    /// `EngineError`.
    init(reading descriptor: CInt, into ingest: ImageIngest) throws {
        self.ingest = ingest
        directory = nil
        let reader = try TarReader(reading: descriptor)
        while let entry = try reader.next() {
            guard let name = Self.clean(Self.text(entry.name)) else { continue }
            switch entry.kind {
            case .regular where Self.documentNames.contains(ByteKey(name)):
                documents[name] = try Self.document(name, reader)
                links[name] = nil
            case .regular:
                blobs[name] = try spooled(name, entry, reader)
                links[name] = nil
            case .symbolicLink(let target):
                let folder = name.split(on: "/").dropLast().joined(separator: "/")
                note(name, leadsTo: Self.clean(folder + "/" + Self.text(target)))
            case .hardLink(let target): note(name, leadsTo: Self.clean(Self.text(target)))
            default: continue
            }
        }
        _ = try reader.finish()
    }

    /// The directory `path`, which has the files of an archive. Throws `SystemError` and `EngineError`.
    init(directory path: String, into ingest: ImageIngest) throws {
        self.ingest = ingest
        let root = RootDirectory(try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY))
        for name in Self.documentNames {
            guard let file = try Self.file(name.text, in: root) else { continue }
            do throws(SystemError) { documents[name] = try file.readAll(limit: ImageStore.documentLimit) } catch {
                guard error.errno == Errno(EFBIG) else { throw error }
                throw Self.tooLarge(name.text)
            }
        }
        directory = Folder(root)
    }

    /// Whether there is a file `name`, or a link to one.
    func has(_ name: String) -> Bool {
        if blobs[Self.clean(name) ?? name] != nil { return true }
        guard let directory else { return false }
        do throws(SystemError) {
            guard let file = try Self.file(name, in: directory.root) else { return false }
            endLifetime(file)
            return true
            // Whoever reads it hears why not.
        } catch { return true }
    }

    /// The blob that the file `name` is or links to. Throws where there is none.
    func blob(_ name: String) throws -> Blob {
        var current = Self.clean(name) ?? name
        // Links to links are legal, rings of them not.
        for _ in 0..<16 {
            if let blob = blobs[current] { return blob }
            guard let next = links[current] else { break }
            current = next
        }
        if let directory, let path = Self.clean(name), let file = try Self.file(path, in: directory.root) {
            let blob = try take(path) { take in
                try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 4096) { buffer in
                    while case let count = try file.read(into: buffer), count > 0 {
                        try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), nil)
                    }
                }
            }
            blobs[path] = blob
            return blob
        }
        throw EngineError("the archive names the file \"\(name.excerpt)\" but does not have it", .invalid)
    }

    // The last of several members with one name counts, as for tar.
    private func note(_ name: String, leadsTo target: String?) {
        blobs[name] = nil
        documents[name] = nil
        links[name] = target
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

    // nil where there is none. Links lead to what is below `root`, whatever they say.
    private static func file(_ name: String, in root: borrowing RootDirectory) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            let file = try root.open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().isRegular else { throw SystemError("open", name, .notRegular) }
            return file
        } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw error
        }
    }

    private static func tooLarge(_ name: String) -> EngineError {
        EngineError("the archive's \(name) is larger than \(ImageStore.documentLimit) bytes", .invalid)
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
        if isTooLarge { throw tooLarge(name) }
        return bytes
    }

    private func spooled(_ name: String, _ entry: TarEntry, _ reader: TarReader) throws -> Blob {
        try take(name) { take in
            var failure: (any Error)?
            try reader.readContent { part, offset throws(ArchiveError) in
                guard failure == nil else { return }
                // Holes of a sparse member are zeros of the blob.
                do { try take(part, Int64(offset)) } catch { failure = error }
            }
            if let failure { throw failure }
            try take(UnsafeRawBufferPointer(start: nil, count: 0), Int64(entry.size))
        }
    }

    /// Takes in the file `name`: `content` gives its parts, each with the offset where it begins, where that is not behind the last.
    private func take(
        _ name: String, _ content: ((UnsafeRawBufferPointer, Int64?) throws -> Void) throws -> Void
    ) throws -> Blob {
        // A file below blobs/ says by its name what it must be (image-layout.md, Blobs).
        let parts = name.split(on: "/")
        let expected = parts.count == 3 && parts[0] == "blobs" ? Digest("\(parts[1]):\(parts[2])") : nil
        let writer = try expected.map { try ingest.writer(expecting: $0) } ?? ingest.writer()
        var head: [UInt8] = []
        try content { part, offset in
            if let offset { try writer.pad(to: offset) }
            if head.count < Compression.detectionLength {
                head.append(contentsOf: part.prefix(Compression.detectionLength - head.count))
            }
            try writer.write(part)
        }
        do throws(StoreError) {
            let (digest, size) = try writer.commit()
            return Blob(digest: digest, size: size, compression: Compression.detect(head))
        } catch {
            if case .failed = error { throw error }
            throw EngineError("the archive's file \(name.excerpt) is not what its name says: \(error)", .invalid)
        }
    }
}
