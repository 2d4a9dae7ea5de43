package import Errors
package import Images
package import OCI
import Store

/// When `pull` asks a registry.
package enum PullPolicy: String, Sendable, CaseIterable {
    /// Each time.
    case always
    /// Where the image is not in the store for the platform that is wanted.
    case missing
    /// Not at all.
    case never
    /// Each time, and where the registry cannot be reached the image that is there will do.
    case newer
}

/// What came of a pull by a policy.
package enum PullOutcome: Sendable {
    case pulled(PulledImage)
    /// The image was in the store, and nobody was asked. Docker's id of it.
    case present(Digest)
    /// The image is in the store, and whether that is what the registry has could not be found out, for this reason.
    case unreachable(Digest, EngineError)
}

extension Engine {
    /// `pull --policy`: as `pull(_:_:report:)`, where `policy` wants that. Throws also where it may not ask for an image that is missing.
    package func pull(
        _ reference: Reference, _ policy: PullPolicy, _ options: PullOptions,
        report: @escaping @Sendable (PullEvent) -> Void
    ) async throws(EngineError) -> PullOutcome {
        switch policy {
        case .always: return .pulled(try await pull(reference, options, report: report))
        case .missing:
            if let id = try present(reference, options) { return .present(id) }
            return .pulled(try await pull(reference, options, report: report))
        case .never:
            guard let id = try present(reference, options) else {
                throw EngineError(
                    "No such image: \(reference.familiar): leave --policy never out, and it is pulled", .notFound)
            }
            return .present(id)
        case .newer:
            let id = try present(reference, options)
            do throws(EngineError) {
                return .pulled(try await pull(reference, options, report: report))
            } catch {
                guard let id, error.kind == .unavailable, !Task.isCancelled else { throw error }
                return .unreachable(id, error)
            }
        }
    }

    /// The image's id where it is in the store for the platform that is wanted. Throws where that cannot be told.
    private func present(_ reference: Reference, _ options: PullOptions) throws(EngineError) -> Digest? {
        do throws(StoreError) {
            return try images.image(reference.description, platform: options.platform).id
        } catch {
            switch error {
            case .unknownImage, .otherPlatform: return nil
            default: throw EngineError(error)
            }
        }
    }
}
