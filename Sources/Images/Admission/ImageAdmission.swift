import Archive
import Bytes
package import Errors
import Glibc
import Linux
package import OCI
package import Registry
import Trust

/// What policy.json says of images that come into the store (`Docs/registries.md`, Trust): asked once what an image is is known, and before
/// anything of it is kept.
package struct ImageAdmission: Sendable {
    private let policy: TrustPolicy?

    /// The policy of a user with this environment; without a file all images may come in. Throws `EngineError` where it cannot be used.
    package init(environment: [String: String] = RegistryOptions.processEnvironment()) throws(EngineError) {
        policy = try engine { try TrustPolicy(environment: environment) }
    }

    /// Throws where no image of the name `reference` may come in, whatever signatures it has.
    package func check(_ reference: Reference) throws(EngineError) {
        _ = try demand(.registry(reference))
    }

    /// Throws where the image of the name `reference` with the manifest `manifest` must not come in. Its signatures are asked of `client`, which is for
    /// the repository, or a mirror of it.
    package func check(
        _ reference: Reference, manifest: [UInt8], _ client: RegistryClient
    ) async throws(EngineError) {
        guard var demand = try demand(.registry(reference)) else { return }
        let digest = Digest(of: manifest)
        let place = client.repository.familiarName + ":" + SigstoreSignature.tag(of: digest)
        do {
            guard let list = try await signatures(of: digest, client, place) else { throw demand.refusal(place) }
            for layer in list.layers where layer.mediaType.isSame(as: SigstoreSignature.mediaType) {
                let payload = try await client.content(layer, limit: SigstoreSignature.payloadLimit)
                demand.show(SigstoreSignature(payload, layer), of: digest)
                if demand.isMet { return }
            }
            throw demand.refusal(place)
        } catch { throw EngineError(error) }
    }

    /// The manifest whose layers are the signatures; nil where there is none.
    private func signatures(
        of digest: Digest, _ client: RegistryClient, _ place: String
    ) async throws -> Manifest? {
        let fetched: FetchedManifest
        do throws(RegistryError) {
            fetched = try await client.manifest(tag: SigstoreSignature.tag(of: digest))
        } catch {
            switch error {
            case .manifestUnknown, .repositoryUnknown: return nil
            default: throw error
            }
        }
        guard case .manifest(let manifest) = fetched.document else {
            throw EngineError("\(place) should be signatures, and is an index", .invalid)
        }
        guard manifest.layers.count <= SigstoreSignature.countLimit else {
            throw EngineError(
                "\(place) has \(manifest.layers.count) signatures and attachments, of which \(SigstoreSignature.countLimit) are "
                    + "looked at at most: remove those that are not needed", .invalid)
        }
        return manifest
    }

    // MARK: - Archives and layouts

    /// Throws where no image of `source`, which has the form `form`, may come in. Of an archive the place of its file counts; a pipe has
    /// none.
    func check(_ source: LoadSource, _ form: LoadSource.Form) throws(EngineError) {
        guard policy != nil else { return }
        let location: ImageLocation
        switch source {
        case .archive(let descriptor):
            let path = try engine { try Self.path(of: descriptor) }
            switch form {
            case .dockerArchive: location = .dockerArchive(path: path)
            case .ociLayout: location = .ociArchive(path: path)
            case .directory: location = .directory(path: path)
            }
        case .directory(let path):
            let folder = try engine { try Self.path(ofDirectory: path) }
            switch form {
            case .dockerArchive: location = .dockerArchive(path: folder)
            case .ociLayout: location = .layout(path: folder, name: nil)
            case .directory: location = .directory(path: folder)
            }
        }
        _ = try demand(location)
    }

    /// Throws where the image `name` of the layout in the directory `layout` must not come in.
    func check(_ layout: LayoutDirectory, _ name: String?) throws(EngineError) {
        guard policy != nil else { return }
        let path: String
        do throws(SystemError) { path = try Self.path(ofDirectory: layout.path) } catch {
            // Whoever reads the layout says why that cannot be done.
            if error.errno == .noEntry || error.errno == .notDirectory { return }
            throw EngineError("the image layout \(layout.path) cannot be used: \(error.errno)")
        }
        _ = try demand(.layout(path: path, name: name))
    }

    /// Where the directory `path` is, absolute and without links.
    private static func path(ofDirectory path: String) throws(SystemError) -> String {
        let directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        let found = try Self.path(of: directory.rawValue)
        endLifetime(directory)
        return found ?? path
    }

    /// Where the file is that is open as `descriptor`, absolute and without links; nil for what is in no directory.
    private static func path(of descriptor: CInt) throws(SystemError) -> String? {
        guard let target = try Files.linkTarget("/proc/self/fd/\(descriptor)"), target.begins(with: "/") else {
            return nil
        }
        return target
    }

    private func demand(_ location: ImageLocation) throws(EngineError) -> SignatureDemand? {
        guard let policy else { return nil }
        return try engine { try policy.demand(on: location) }
    }
}
