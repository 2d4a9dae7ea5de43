import Bytes
import Linux
package import OCI

/// The signatures that a rule wants to see of an image of a registry: each of its requirements is met by one good signature. Whoever has
/// signatures shows them, one after the other, until `isMet`; `refusal` then says what is missing.
package struct SignatureDemand: Sendable {
    private let rule: PolicyRule
    private let image: Reference
    private var open: [Requirement] = []

    private struct Requirement {
        let keys: [PublicKey]
        let identity: SignedIdentity
        /// Why the signatures that came did not meet it, each reason once.
        var failures: [String] = []
    }

    /// Reads the keys. Throws where one cannot be used.
    init(_ rule: PolicyRule, _ requirements: [SigstoreRequirement], _ image: Reference) throws(TrustError) {
        self.rule = rule
        self.image = image
        for requirement in requirements {
            var keys: [PublicKey] = []
            for source in requirement.keys {
                do throws(PublicKey.Fault) { keys.append(try PublicKey(source)) } catch {
                    throw rule.refusal(
                        of: .registry(image), "the key \(source.description.excerpt) of that rule \(error.cause)")
                }
            }
            open.append(Requirement(keys: keys, identity: requirement.identity))
        }
    }

    /// Whether nothing is wanted any more.
    package var isMet: Bool { open.isEmpty }

    /// Takes a signature into account. `manifest` is the digest of the image's own manifest, by SHA-256.
    package mutating func show(_ signature: SigstoreSignature, of manifest: Digest) {
        var rest: [Requirement] = []
        for var requirement in open {
            guard let failure = failure(signature, manifest, requirement) else { continue }
            if !requirement.failures.has(failure) { requirement.failures.append(failure) }
            rest.append(requirement)
        }
        open = rest
    }

    /// Why the signature does not meet the requirement; nil where it does.
    private func failure(
        _ signature: SigstoreSignature, _ manifest: Digest, _ requirement: Requirement
    ) -> String? {
        guard let encoded = signature.encoded else { return "a layer with a payload has no signature" }
        let bytes: [UInt8]
        do throws(PolicyFault) { bytes = try PolicyObject.bytes(encoded, "a signature") } catch { return error.cause }
        let isVerified = requirement.keys.contains { $0.verifies(bytes, of: signature.payload) }
        guard isVerified else { return "a signature is not by \(Self.names(requirement.keys))" }
        let payload: SignedPayload
        do throws(PolicyFault) { payload = try SignedPayload(signature.payload) } catch {
            return "the content of a signature is not understood: \(error.cause)"
        }
        guard payload.digest == manifest else { return "a signature is of \(payload.digest), not of \(manifest)" }
        guard requirement.identity.accepts(payload.reference, for: image) else {
            return
                "a signature is for the name \"\(payload.reference.excerpt)\", where \(requirement.identity.name) wants "
                + requirement.identity.expectation(for: image)
        }
        return nil
    }

    private static func names(_ keys: [PublicKey]) -> String {
        let names = keys.map(\.name.excerpt).joined(separator: ", ")
        return keys.count == 1 ? "the key \(names)" : "any of the keys \(names)"
    }

    /// What is missing. `place` is where signatures of the image would be.
    package func refusal(_ place: String) -> TrustError {
        var causes: [String] = []
        for requirement in open {
            let wanted = "it wants a signature by \(Self.names(requirement.keys))"
            let cause =
                requirement.failures.isEmpty
                ? "\(wanted), and there is none at \(place); sign it (cosign sign --key, podman push "
                    + "--sign-by-sigstore-private-key), or \(rule.remedy)"
                : "\(wanted), and none at \(place) will do: \(requirement.failures.prefix(3).joined(separator: "; "))"
                    + (requirement.failures.count > 3 ? "; and \(requirement.failures.count - 3) more" : "")
            causes.append(cause)
        }
        return rule.refusal(of: .registry(image), causes.joined(separator: "; "))
    }
}
