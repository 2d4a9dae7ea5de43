import AsyncHTTPClient
import Bytes
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Fetches what any web server has, by HTTP and HTTPS, with the proxies, certificates and redirects of registries, and without
/// credentials.
package struct WebDownload: Sendable {
    /// What a server says of what it sends.
    package struct Head: Sendable {
        /// `Last-Modified`, as it was sent; nil where there is none.
        package let lastModified: String?
    }

    private let options: RegistryOptions
    private let limit: Int64

    /// Downloads of `limit` bytes at the most.
    package init(options: RegistryOptions = RegistryOptions(), limit: Int64) {
        self.options = options
        self.limit = limit
    }

    /// Gets what is at `address`, and gives it to `receive` piece by piece. Throws `RegistryError` (`refused` for a status that is no success,
    /// `violation` for an address that is none and for too many bytes), or what `receive` throws. A connection that breaks is not tried again: part of it was
    /// given already.
    package func fetch(
        _ address: String, receive: @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> Head {
        let transport = Transport(options: options)
        do {
            let head = try await fetch(address, transport, receive)
            await transport.shutdown()
            return head
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    private func fetch(
        _ address: String, _ transport: Transport, _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> Head {
        guard let url = URL(string: address), Origin(url) != nil else {
            throw RegistryError.violation(host: address.excerpt, cause: "it is no address of HTTP")
        }
        let answer = try await transport.send(Transport.Request(url: url, isDownload: true))
        let host = answer.origin.description
        let status = answer.response.status
        guard (200..<300).contains(status.code), status != .partialContent else {
            throw RegistryError.refused(host: host, status: Int(status.code), detail: nil)
        }
        let length = answer.response.headers.first(name: "Content-Length").flatMap { Int64($0) }
        let tooLarge = RegistryError.violation(host: host, cause: "it sends more than \(limit) bytes")
        if let length, length > limit { throw tooLarge }
        var received: Int64 = 0
        var failure: (any Error)?
        do {
            for try await chunk in answer.response.body {
                received += Int64(chunk.readableBytes)
                if received > limit {
                    failure = tooLarge
                } else {
                    do { try chunk.withUnsafeReadableBytes { try receive($0) } } catch { failure = error }
                }
                if failure != nil { break }
            }
        } catch { throw RegistryError(connection: error, to: answer.origin) }
        if let failure { throw failure }
        if let length, length != received {
            throw RegistryError.violation(host: host, cause: "it ended after \(received) of \(length) bytes")
        }
        return Head(lastModified: answer.response.headers.first(name: "Last-Modified"))
    }
}
