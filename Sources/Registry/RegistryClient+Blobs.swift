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
        var transfer = Transfer(descriptor: descriptor)
        var failures = 0
        while true {
            let before = transfer.received
            do {
                try await proceed(&transfer, receive)
                break
            } catch let interruption as Interruption {
                failures = transfer.received > before ? 1 : failures + 1
                guard failures < options.attempts else { throw interruption.cause }
                try await pause(before: failures)
            }
        }
        let digest = transfer.hasher.current()
        guard digest == descriptor.digest else {
            throw RegistryError.wrongDigest(expected: descriptor.digest, actual: digest.description)
        }
    }

    private struct Transfer: ~Copyable {
        let descriptor: Descriptor
        var hasher: DigestHasher
        var received: Int64 { Int64(hasher.count) }

        init(descriptor: Descriptor) {
            self.descriptor = descriptor
            hasher = DigestHasher(descriptor.digest.algorithm)
        }
    }

    /// One request for what is missing.
    private func proceed(
        _ transfer: inout Transfer, _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        let digest = transfer.descriptor.digest
        let size = transfer.descriptor.size
        let start = transfer.received
        let answer = try await perform(
            .GET, path("blobs/\(digest)"), .blob(digest),
            headers: start > 0 ? ["Range": "bytes=\(start)-"] : [:], isDownload: true)
        // A registry without ranges sends everything again.
        var skip = start
        if answer.response.status == .partialContent {
            let range = answer.response.headers.first(name: "Content-Range").flatMap(Self.contentRange)
            guard start > 0, let range, range.first == start, range.total ?? size == size else {
                throw RegistryError.violation(host: host, cause: "it sends another part of a blob than was asked for")
            }
            skip = 0
        }
        if let length = answer.response.headers.first(name: "Content-Length").flatMap({ Int64($0) }) {
            let whole =
                answer.response.status == .partialContent ? length.addingReportingOverflow(start).partialValue : length
            guard whole == size else { throw RegistryError.wrongSize(digest, expected: size, actual: whole) }
        }
        do {
            for try await chunk in answer.response.body {
                try chunk.withUnsafeReadableBytes { bytes in
                    let fresh = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(Int(min(skip, Int64(bytes.count)))))
                    skip -= Int64(bytes.count - fresh.count)
                    guard Int64(fresh.count) <= size - transfer.received else {
                        throw RegistryError.wrongSize(digest, expected: size, actual: nil)
                    }
                    guard !fresh.isEmpty else { return }
                    transfer.hasher.update(fresh)
                    do { try receive(fresh) } catch { throw ReceiverFailure(cause: error) }
                }
            }
        } catch let failure as ReceiverFailure {
            throw failure.cause
        } catch {
            let failure = RegistryError(connection: error, to: answer.origin)
            throw failure.isPassing ? Interruption(cause: failure) as any Error : failure
        }
        guard transfer.received == size else {
            let isFramed =
                answer.response.headers.contains(name: "Transfer-Encoding")
                || answer.response.headers.contains(name: "Content-Length")
            // Without framing the end of a connection cannot be told from the end of the blob.
            guard isFramed else { throw Interruption(cause: .unreachable(host: host, cause: RegistryError.closed)) }
            throw RegistryError.wrongSize(digest, expected: size, actual: transfer.received)
        }
    }

    /// A body that ended too soon: the rest can be asked for. Failures of requests have been tried again already.
    private struct Interruption: Error {
        let cause: RegistryError
    }

    private struct ReceiverFailure: Error {
        let cause: any Error
    }

    /// First byte and total of "bytes 5-9/10"; the total is nil for "*".
    static func contentRange(_ text: String) -> (first: Int64, total: Int64?)? {
        let words = text.lowercased().split(on: " ")
        guard words.count == 2, words[0] == "bytes" else { return nil }
        let parts = words[1].split(on: "/")
        guard parts.count == 2, let first = parts[0].split(on: "-").first.flatMap({ Int64($0) }) else {
            return nil
        }
        return (first, Int64(parts[1]))
    }
}
