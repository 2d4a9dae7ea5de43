import Archive
import AsyncHTTPClient
import Bytes
import NIOCore
import NIOHTTP1
package import OCI

extension RegistryClient {
    /// The whole content of a small blob, verified. Throws `RegistryError`, also where it is larger than `limit`
    /// bytes.
    package func content(_ descriptor: Descriptor, limit: Int) async throws(RegistryError) -> [UInt8] {
        guard descriptor.size <= limit else { throw .wrongSize(descriptor.digest, expected: Int64(limit), actual: nil) }
        var bytes: [UInt8] = []
        do {
            try await download(descriptor) { bytes.append(contentsOf: $0) }
        } catch let error as RegistryError { throw error } catch { throw .unreachable(host: host, cause: "\(error)") }
        return bytes
    }

    /// Gives the content of a blob to `receive`, piece by piece, and returns only when everything that was given has
    /// the descriptor's digest and size; never gives more bytes than that. An interrupted transfer goes on where it
    /// was. Throws `RegistryError`, or what `receive` throws.
    package func download(
        _ descriptor: Descriptor, receive: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        var hasher = DigestHasher(descriptor.digest.algorithm)
        try await fetch(descriptor, 0..<descriptor.size) { bytes, _ in
            hasher.update(bytes)
            try receive(bytes)
        }
        let digest = hasher.finish()
        guard digest == descriptor.digest else {
            throw RegistryError.wrongDigest(expected: descriptor.digest, actual: digest.description)
        }
    }

    /// Gives what is in `range` of a blob to `receive`, in order, with the offset of each piece; verifies nothing. An interrupted
    /// transfer goes on where it was, and one that a registry without ranges sends again from the start passes over what was given.
    /// `stream` is an answer that was opened for the beginning of `range`. Throws `RegistryError`, or what `receive` throws.
    package func fetch(
        _ blob: Descriptor, _ range: Range<Int64>, beginningWith stream: BlobStream? = nil,
        receive: (UnsafeRawBufferPointer, Int64) throws -> Void
    ) async throws {
        var missing = range
        var next = stream
        var failures = 0
        // One that is empty must be there, too.
        repeat {
            let before = missing.lowerBound
            do {
                let current: BlobStream
                if let next { current = next } else { current = try await open(blob, missing) }
                next = nil
                try await read(current, of: blob, &missing, receive)
            } catch let interruption as Interruption {
                failures = missing.lowerBound > before ? 1 : failures + 1
                guard failures < options.attempts else { throw interruption.cause }
                try await pause(before: failures)
            }
        } while !missing.isEmpty
    }

    /// Asks for `range` of a blob. The answer has the whole blob where the registry knows no ranges, or answers with another part than
    /// was asked for. Throws `RegistryError`, also where the blob has another size.
    package func open(_ blob: Descriptor, _ range: Range<Int64>) async throws(RegistryError) -> BlobStream {
        if range != 0..<blob.size, let part = try await openPart(blob, range) { return part }
        let answer = try await perform(.GET, path("blobs/\(blob.digest)"), .blob(blob.digest), isDownload: true)
        guard answer.response.status != .partialContent else {
            throw .violation(host: host, cause: "it sends a part of a blob where all of it was asked for")
        }
        if let length = answer.response.length, length != blob.size {
            throw .wrongSize(blob.digest, expected: blob.size, actual: length)
        }
        return BlobStream(range: 0..<blob.size, answer: answer)
    }

    // nil where the answer is of no use.
    private func openPart(_ blob: Descriptor, _ range: Range<Int64>) async throws(RegistryError) -> BlobStream? {
        let end = range.upperBound == blob.size ? "" : String(range.upperBound - 1)
        let answer: Transport.Answer
        do throws(RegistryError) {
            answer = try await perform(
                .GET, path("blobs/\(blob.digest)"), .blob(blob.digest),
                headers: ["Range": "bytes=\(range.lowerBound)-\(end)"], isDownload: true)
        } catch .refused(host: _, status: 416, detail: _) {
            return nil
        }
        guard answer.response.status == .partialContent else {
            if let length = answer.response.length, length != blob.size {
                throw .wrongSize(blob.digest, expected: blob.size, actual: length)
            }
            return BlobStream(range: 0..<blob.size, answer: answer)
        }
        guard let content = answer.response.headers.first(name: "Content-Range").flatMap({ ContentRange($0) }),
            content.range.lowerBound == range.lowerBound, content.range.upperBound <= range.upperBound,
            content.total ?? blob.size == blob.size,
            answer.response.length ?? Int64(content.range.count) == Int64(content.range.count)
        else { return nil }
        return BlobStream(range: content.range, answer: answer)
    }

    /// Gives what `stream` has of `missing`, and takes it off that.
    private func read(
        _ stream: BlobStream, of blob: Descriptor, _ missing: inout Range<Int64>,
        _ receive: (UnsafeRawBufferPointer, Int64) throws -> Void
    ) async throws {
        let answer = stream.answer
        var place = stream.range.lowerBound
        let end = min(stream.range.upperBound, missing.upperBound)
        do {
            for try await chunk in answer.response.body {
                try chunk.withUnsafeReadableBytes { bytes in
                    guard Int64(bytes.count) <= stream.range.upperBound - place else {
                        throw RegistryError.wrongSize(blob.digest, expected: blob.size, actual: nil)
                    }
                    let passed = Int(min(max(missing.lowerBound - place, 0), Int64(bytes.count)))
                    let fresh = UnsafeRawBufferPointer(
                        rebasing: bytes.dropFirst(passed).prefix(
                            Int(min(max(end - missing.lowerBound, 0), Int64(bytes.count)))))
                    place += Int64(bytes.count)
                    guard !fresh.isEmpty else { return }
                    do { try receive(fresh, missing.lowerBound) } catch { throw ReceiverFailure(cause: error) }
                    missing = missing.lowerBound + Int64(fresh.count)..<missing.upperBound
                }
                // What follows was asked for by nobody: a whole blob in the place of a part.
                if missing.isEmpty, end < stream.range.upperBound { break }
            }
        } catch let failure as ReceiverFailure {
            throw failure.cause
        } catch {
            let failure = RegistryError(connection: error, to: answer.origin)
            throw failure.isPassing ? Interruption(cause: failure) as any Error : failure
        }
        guard missing.lowerBound < end else { return }
        let isFramed =
            answer.response.headers.contains(name: "Transfer-Encoding")
            || answer.response.headers.contains(name: "Content-Length")
        // Without framing the end of a connection cannot be told from the end of the blob.
        guard isFramed else { throw Interruption(cause: .unreachable(host: host, cause: RegistryError.closed)) }
        throw RegistryError.wrongSize(blob.digest, expected: blob.size, actual: place)
    }

    /// A body that ended too soon: the rest can be asked for. Failures of requests have been tried again already.
    private struct Interruption: Error {
        let cause: RegistryError
    }

    private struct ReceiverFailure: Error {
        let cause: any Error
    }
}

extension HTTPClientResponse {
    /// What `Content-Length` says, in bytes.
    fileprivate var length: Int64? { headers.first(name: "Content-Length").flatMap { Int64($0) } }
}
