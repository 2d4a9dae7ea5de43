import OCI
import Registry

extension ImagePull {
    /// Pulls what `reference` names, if that is an image: nil where it is an artifact, after a report. Throws as `run`.
    func runIfImage(_ reference: Reference) async throws -> PulledImage? {
        report(.pulling(reference))
        if let present = try await upToDate(reference) { return finished(present) }
        let top: FetchedManifest
        do throws(RegistryError) { top = try await client.manifest(of: reference) } catch {
            guard case .manifest(_, .artifact(let type)) = error else { throw error }
            return skipped(reference, type)
        }
        if case .index(let index) = top.document, index.isOfArtifacts {
            return skipped(reference, top.document.mediaType)
        }
        let (fetched, manifest) = try await choose(top, reference)
        if let type = manifest.artifactKind { return skipped(reference, type) }
        return try await take(try await documents(reference, top, fetched, manifest), for: reference)
    }

    private func skipped(_ reference: Reference, _ type: String) -> PulledImage? {
        report(.skipped(reference, type: type))
        return nil
    }
}
