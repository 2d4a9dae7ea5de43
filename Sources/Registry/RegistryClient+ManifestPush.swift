import AsyncHTTPClient
import NIOHTTP1
package import OCI

extension RegistryClient {
    /// Gives the registry a manifest or an index, all of whose parts it has: by the name `tag`, or, without one, by its digest alone.
    /// `bytes` have the digest, and are of the media type, of `descriptor`. Throws `RegistryError`.
    package func push(
        manifest bytes: [UInt8], _ descriptor: Descriptor, tag: String?
    ) async throws(RegistryError) {
        let name = tag.map { "\(repository.familiarName):\($0)" } ?? "\(repository.familiarName)@\(descriptor.digest)"
        let answer = try await perform(
            .PUT, path("manifests/\(tag ?? descriptor.digest.description)"), .newManifest(name, size: bytes.count),
            headers: ["Content-Type": descriptor.mediaType], content: .bytes(bytes))
        // What is pulled by this name later would be something else.
        if let named = answer.response.headers.first(name: "Docker-Content-Digest"),
            Digest(named).map({ $0.algorithm == descriptor.digest.algorithm && $0 != descriptor.digest }) ?? false
        {
            throw .wrongDigest(expected: descriptor.digest, actual: named)
        }
    }
}
