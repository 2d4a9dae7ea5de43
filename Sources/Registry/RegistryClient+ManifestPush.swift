import AsyncHTTPClient
import NIOHTTP1
package import OCI

extension RegistryClient {
    /// Gives the registry a manifest or an index, all of whose parts it has: by the name `tag`, or, without one, by its digest alone.
    /// `bytes` have the digest, and are of the media type, of `descriptor`. Where it refers to another manifest, and the registry leaves the
    /// list of such to its clients, it is put on that. Throws `RegistryError`.
    package func push(
        manifest bytes: [UInt8], _ descriptor: Descriptor, tag: String?
    ) async throws(RegistryError) {
        let answer = try await put(bytes, descriptor, tag: tag)
        guard let subject = SubjectOutline(bytes)?.subject?.digest,
            // Whoever says so has put it on its own list (distribution-spec, "Pushing Manifests with Subject").
            !answer.response.headers.contains(name: "OCI-Subject")
        else { return }
        try await list(descriptor, bytes, under: subject)
    }

    /// As `push`, of a document that refers to nothing.
    @discardableResult
    func put(
        _ bytes: [UInt8], _ descriptor: Descriptor, tag: String?
    ) async throws(RegistryError) -> Transport.Answer {
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
        return answer
    }
}
