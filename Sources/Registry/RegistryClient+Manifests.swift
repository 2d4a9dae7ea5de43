import Archive
import AsyncHTTPClient
import Bytes
import NIOHTTP1
package import OCI

/// A manifest or an index as the registry has it.
package struct FetchedManifest: Sendable {
    package let bytes: [UInt8]
    /// Type, digest and size, as an index would list it.
    package let descriptor: Descriptor
    package let document: ManifestDocument
}

extension RegistryClient {
    /// The manifest or index that `reference` names, by its digest where it has one. Throws `RegistryError`.
    package func manifest(of reference: Reference) async throws(RegistryError) -> FetchedManifest {
        if let digest = reference.digest { return try await manifest(digest: digest) }
        return try await manifest(tag: reference.tag ?? Reference.defaultTag)
    }

    private static let manifestTypes = [
        MediaType.ociIndex, MediaType.dockerList, MediaType.ociManifest, MediaType.dockerManifest,
    ]

    static var acceptManifests: HTTPHeaders {
        HTTPHeaders(manifestTypes.map { ("Accept", $0) })
    }

    /// The digest that the registry has for `tag`, without its content; nil where the registry does not say.
    /// Throws `RegistryError`.
    package func digest(ofTag tag: String) async throws(RegistryError) -> Digest? {
        let name = "\(repository.familiarName):\(tag)"
        let answer = try await perform(.HEAD, path("manifests/\(tag)"), .manifest(name), headers: Self.acceptManifests)
        return answer.response.headers.first(name: "Docker-Content-Digest").flatMap { Digest($0) }
    }

    /// The digest that the registry has for `tag`, for which it is asked for the content where it does not tell without. Throws
    /// `RegistryError`.
    package func resolvedDigest(ofTag tag: String) async throws(RegistryError) -> Digest {
        do throws(RegistryError) {
            if let digest = try await digest(ofTag: tag) { return digest }
        } catch {
            // Some refuse HEAD.
            guard case .refused(_, let status, _) = error, status < 500 else { throw error }
        }
        return try await manifest(tag: tag).descriptor.digest
    }

    /// The manifest or index that `tag` names. Throws `RegistryError`.
    package func manifest(tag: String) async throws(RegistryError) -> FetchedManifest {
        try await manifest(tag, name: "\(repository.familiarName):\(tag)", expected: nil)
    }

    /// The manifest or index with the digest of `descriptor`, of its type and, where it says one, size.
    /// Throws `RegistryError`.
    package func manifest(_ descriptor: Descriptor) async throws(RegistryError) -> FetchedManifest {
        let fetched = try await manifest(digest: descriptor.digest, declaredType: descriptor.mediaType)
        guard fetched.descriptor.size == descriptor.size else {
            throw .wrongSize(descriptor.digest, expected: descriptor.size, actual: fetched.descriptor.size)
        }
        return fetched
    }

    /// The manifest or index with the digest `digest`; `declaredType` is the type that an index gives it.
    /// Throws `RegistryError`.
    package func manifest(
        digest: Digest, declaredType: String? = nil
    ) async throws(RegistryError) -> FetchedManifest {
        let name = "\(repository.familiarName)@\(digest)"
        return try await manifest(digest.description, name: name, expected: digest, declaredType: declaredType)
    }

    private func manifest(
        _ target: String, name: String, expected: Digest?, declaredType: String? = nil
    ) async throws(RegistryError) -> FetchedManifest {
        let answer = try await perform(
            .GET, path("manifests/\(target)"), .manifest(name), headers: Self.acceptManifests)
        let bytes = try await answer.response.collect(
            limit: ManifestDocument.sizeLimit, from: answer.origin,
            tooLarge: .manifest(reference: name, .tooLarge(ManifestDocument.sizeLimit)))
        let named = expected ?? answer.response.headers.first(name: "Docker-Content-Digest").flatMap { Digest($0) }
        let digest = Digest(of: bytes, named?.algorithm ?? .sha256)
        if let named, named != digest { throw .wrongDigest(expected: named, actual: digest.description) }
        let sent = answer.response.headers.first(name: "Content-Type")
        let document: ManifestDocument
        do throws(ManifestError) {
            document = try ManifestDocument(bytes, declaredType: sent)
            if let declaredType { _ = try ManifestDocument(bytes, declaredType: declaredType) }
        } catch { throw .manifest(reference: name, error) }
        let descriptor = Descriptor(mediaType: document.mediaType, digest: digest, size: Int64(bytes.count))
        return FetchedManifest(bytes: bytes, descriptor: descriptor, document: document)
    }
}
