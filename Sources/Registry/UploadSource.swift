package import Linux
import NIOCore
package import OCI

/// The content of a blob that is to be sent, in a file: it is read as it goes, and again where a part has to be sent again.
package final class UploadSource: Sendable {
    private let file: Linux.FileDescriptor
    private let digest: Digest

    /// The content of the blob `digest`, which is all that `file` has.
    package init(_ file: consuming Linux.FileDescriptor, of digest: Digest) {
        self.file = file
        self.digest = digest
    }

    /// At most `count` bytes at `offset`. Throws `RegistryError.unreadable`, also where the file has none there.
    func read(at offset: Int64, count: Int) throws(RegistryError) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        var result = Result<Int, SystemError>.success(0)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
            let place = UnsafeMutableRawBufferPointer(rebasing: room.prefix(count))
            do throws(SystemError) { result = .success(try file.read(into: place, at: Int(offset))) } catch {
                result = .failure(error)
            }
            switch result {
            case .success(let read): return read
            case .failure: return 0
            }
        }
        switch result {
        case .success(0): throw .unreadable(digest, cause: "it ends after \(offset) bytes")
        case .success: return buffer
        case .failure(let error): throw .unreadable(digest, cause: error.errno.description)
        }
    }
}

/// A part of a blob as the body of a request. Each request that has it sends it from its beginning.
struct UploadSlice: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let source: UploadSource
    /// In bytes from the beginning of the blob.
    let range: Range<Int64>
    /// Is told up to where the blob was given to the connection.
    let report: @Sendable (Int64) -> Void

    var count: Int64 { range.upperBound - range.lowerBound }

    func makeAsyncIterator() -> Iterator { Iterator(slice: self, place: range.lowerBound) }

    struct Iterator: AsyncIteratorProtocol {
        let slice: UploadSlice
        var place: Int64

        mutating func next() async throws -> ByteBuffer? {
            guard place < slice.range.upperBound else { return nil }
            let piece = try slice.source.read(at: place, count: Int(Swift.min(slice.range.upperBound - place, 1 << 18)))
            place += Int64(piece.readableBytes)
            slice.report(place)
            return piece
        }
    }
}
