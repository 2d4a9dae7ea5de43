import Archive
import Bytes
package import Errors
import Glibc
package import Linux
package import OCI
package import Store

/// An OCI image layout (image-spec, image-layout.md) in a directory that somebody else may have written: nothing in it is believed before it
/// was verified, and no symbolic link in it is followed.
package struct LayoutDirectory: Sendable {
    /// The directory.
    package let path: String

    /// The layout in the directory `path`, which is not looked at yet.
    package init(_ path: String) { self.path = path }

    /// What `index.json` lists, without what no digest of ours leads to. Throws `EngineError`: `notFound` where there is no such file.
    package func descriptors() throws(EngineError) -> [Descriptor] { try index().entries.compactMap(\.descriptor) }

    /// All of `index.json`. Throws as `descriptors()`.
    func index() throws(EngineError) -> IndexFile {
        let name = "index.json"
        let file = try open(name)
        let bytes = try read(file, name, limit: ImageStore.documentLimit)
        do throws(IndexFault) { return try IndexFile(bytes) } catch {
            throw fault("its index.json is damaged: \(error.description.excerpt)")
        }
    }

    // MARK: blobs

    /// Opens the blob that `descriptor` describes, which has the size that it says; what is read must still be verified. Throws `EngineError`.
    package func open(_ descriptor: Descriptor) throws(EngineError) -> FileDescriptor {
        guard (0...ManifestDocument.layerSizeLimit).contains(descriptor.size) else {
            throw fault("it says that blob \(descriptor.digest) has \(descriptor.size) bytes")
        }
        let name = Self.name(of: descriptor.digest)
        let file = try open(name)
        let size: Int
        do throws(SystemError) { size = try file.status().size } catch { throw fault(name, error) }
        guard Int64(size) == descriptor.size else {
            throw fault("blob \(descriptor.digest) has \(size) bytes instead of \(descriptor.size)")
        }
        return file
    }

    /// The content of the document that `descriptor` describes, verified. Throws `EngineError`, also past `limit` bytes.
    package func read(
        _ descriptor: Descriptor, limit: Int = ManifestDocument.sizeLimit
    ) throws(EngineError) -> [UInt8] {
        guard descriptor.size <= limit else {
            throw fault("document \(descriptor.digest) is larger than the \(limit) bytes that are read of it")
        }
        let file = try open(descriptor)
        let bytes = try read(file, Self.name(of: descriptor.digest), limit: limit)
        let actual = Digest(of: bytes, descriptor.digest.algorithm)
        guard actual == descriptor.digest else { throw fault("blob \(descriptor.digest) has the digest \(actual)") }
        return bytes
    }

    /// The size in bytes of the blob with this digest, which nothing need lead to. Throws `EngineError`.
    package func size(of digest: Digest) throws(EngineError) -> Int64 {
        let name = Self.name(of: digest)
        let file = try open(name)
        do throws(SystemError) { return Int64(try file.status().size) } catch { throw fault(name, error) }
    }

    /// Takes the blob that `descriptor` describes into the store, verified, where it is not there yet; `ingest` keeps it. `check` is asked from
    /// time to time, and ends it by what it throws. Throws `EngineError`; the store has nothing of it then.
    package func take(
        _ descriptor: Descriptor, into ingest: ImageIngest, check: () throws(EngineError) -> Void
    ) throws(EngineError) {
        do throws(StoreError) { if try ingest.has(descriptor) { return } } catch { throw EngineError(error) }
        let file = try open(descriptor)
        let writer: BlobWriter
        do throws(StoreError) { writer = try ingest.writer(expecting: descriptor) } catch { throw EngineError(error) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            try check()
            let count: Int
            do throws(SystemError) { count = try file.read(into: buffer) } catch {
                throw fault(Self.name(of: descriptor.digest), error)
            }
            if count == 0 { break }
            do throws(StoreError) { try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count])) } catch {
                throw EngineError(error)
            }
        }
        do throws(StoreError) { try writer.commit() } catch {
            switch error {
            case .wrongDigest(_, let actual): throw fault("blob \(descriptor.digest) has the digest \(actual)")
            default: throw EngineError(error)
            }
        }
    }

    static func name(of digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

    // MARK: files

    private func open(_ name: String) throws(EngineError) -> FileDescriptor {
        do throws(SystemError) {
            let root = RootDirectory(try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY))
            let file = try root.openBeneath(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
            guard try file.status().isRegular else { throw SystemError("open", name, .notRegular) }
            return file
        } catch { throw fault(name, error) }
    }

    private func read(
        _ file: borrowing FileDescriptor, _ name: String, limit: Int
    ) throws(EngineError) -> [UInt8] {
        do throws(SystemError) { return try file.readAll(limit: limit) } catch {
            guard error.errno == Errno(EFBIG) else { throw fault(name, error) }
            throw fault("\(name) is larger than the \(limit) bytes that are read of it")
        }
    }

    private func fault(_ name: String, _ error: SystemError) -> EngineError {
        let isMissing = error.errno == .noEntry || error.errno == .notDirectory
        return fault("\(name): \(error.errno)", isMissing ? .notFound : .invalid)
    }

    /// What is wrong with it; `cause` is a part of a sentence.
    func fault(_ cause: String, _ kind: ErrorKind = .invalid) -> EngineError {
        EngineError("the image layout \(path) cannot be used: \(cause)", kind)
    }
}
