import AsyncHTTPClient
import NIOHTTP1
package import OCI

/// What a registry had to be given of a blob.
package enum UploadOutcome: Equatable, Sendable {
    /// The repository had it.
    case existed
    /// The registry took it from `repository`, another one of its own.
    case mounted(from: String)
    /// The content was sent.
    case sent
}

extension RegistryClient {
    /// How many repositories are tried as the source of a blob before it is sent.
    private static let mountAttempts = 3

    /// Whether the repository has the blob, with the size that `descriptor` says. A registry that does not want to tell has it not. Throws
    /// `RegistryError`.
    package func hasBlob(_ descriptor: Descriptor) async throws(RegistryError) -> Bool {
        try await isThere("blobs/\(descriptor.digest)", .blob(descriptor.digest), size: descriptor.size)
    }

    /// As `hasBlob`, of a manifest or an index.
    package func hasManifest(_ descriptor: Descriptor) async throws(RegistryError) -> Bool {
        try await isThere(
            "manifests/\(descriptor.digest)", .manifest("\(descriptor.digest)"), size: descriptor.size,
            headers: Self.acceptManifests)
    }

    private func isThere(
        _ rest: String, _ subject: Subject, size: Int64, headers: HTTPHeaders = [:]
    ) async throws(RegistryError) -> Bool {
        do throws(RegistryError) {
            let answer = try await perform(.HEAD, path(rest), subject, headers: headers)
            let length = answer.response.headers.first(name: "Content-Length").flatMap { Int64($0) }
            return length == nil || length == size
        } catch {
            switch error {
            case .blobUnknown, .manifestUnknown, .repositoryUnknown, .accessDenied, .pushDenied: return false
            case .refused(_, let status, _) where status < 500: return false
            default: throw error
            }
        }
    }

    /// Has the repository have the blob `descriptor`: nothing is sent where it is there, or in one of `repositories` of the same
    /// registry that may be read. `source` has the content; without one nothing can be sent. An interrupted transfer goes on where it
    /// was, as far as the registry says that. `report` is told how many bytes have been sent, which may be fewer than before.
    ///
    /// Throws `RegistryError`; `blobUnknown` where the registry does not have the blob and there is no `source`.
    package func upload(
        _ descriptor: Descriptor, from source: UploadSource?, mounting repositories: [String] = [],
        report: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(RegistryError) -> UploadOutcome {
        if try await hasBlob(descriptor) { return .existed }
        var begun: UploadSession?
        for repository in repositories.prefix(Self.mountAttempts) where repository != self.repository.path {
            if let begun { await abandon(begun, descriptor) }
            begun = nil
            switch try await mount(descriptor, from: repository) {
            case .mounted: return .mounted(from: repository)
            case .begun(let session): begun = session
            case .refused: break
            }
        }
        guard let source else {
            if let begun { await abandon(begun, descriptor) }
            throw .blobUnknown(descriptor.digest, repository: repository.familiarName)
        }
        var transfer = Transfer(
            descriptor: descriptor, source: source, session: begun, usualPart: max(options.uploadPart, 1),
            report: report)
        try await send(&transfer)
        return .sent
    }

    // MARK: - Beginning

    private enum Mount {
        case mounted
        /// The registry wants the content.
        case begun(UploadSession)
        case refused
    }

    private func mount(_ descriptor: Descriptor, from other: String) async throws(RegistryError) -> Mount {
        let query = Form.text([("mount", "\(descriptor.digest)"), ("from", other)])
        let answer: Transport.Answer
        do throws(RegistryError) {
            // A token for both repositories may have to replace two that others have asked for meanwhile.
            answer = try await perform(
                .POST, path("blobs/uploads/?\(query)"), .upload(descriptor), content: .bytes([]), rounds: 3)
        } catch {
            switch error {
            // Of the other repository, perhaps: what is wrong with this one is said without it, too.
            case .pushDenied, .accessDenied, .badCredentials, .repositoryUnknown: return .refused
            case .refused(_, let status, _) where status < 500: return .refused
            default: throw error
            }
        }
        if answer.response.status == .created { return .mounted }
        return .begun(try UploadSession(answer, of: try await origin(answer)))
    }

    /// Begins to send a blob. Throws `RegistryError`.
    func begin(_ descriptor: Descriptor) async throws(RegistryError) -> UploadSession {
        let answer = try await perform(.POST, path("blobs/uploads/"), .upload(descriptor), content: .bytes([]))
        return try UploadSession(answer, of: try await origin(answer))
    }

    private func origin(_ answer: Transport.Answer) async throws(RegistryError) -> Origin {
        Origin(try await base()) ?? answer.origin
    }

    /// Tells the registry that nothing more comes; whether it hears that does not matter.
    private func abandon(_ session: UploadSession, _ descriptor: Descriptor) async {
        _ = try? await once(Transport.Request(method: .DELETE, url: session.url), .upload(descriptor))
    }
}
