import Bytes
import JSON
import Linux
import OCI

@testable import Trust

// What says which images may come in.
extension Target {
    func runPolicy(_ bytes: [UInt8]) -> Bool {
        let policy: TrustPolicy
        do throws(TrustError) { policy = try TrustPolicy(bytes, path: "/policy.json") } catch {
            _ = error.description
            return false
        }
        // A document that ends too early is none, and so lets nothing in.
        let end = (bytes.lastIndex { $0 > 32 } ?? 0)
        do throws(TrustError) {
            _ = try TrustPolicy(Array(bytes[..<end]), path: "/policy.json")
            fatalError("half a policy is taken for one")
        } catch { _ = error.description }

        let words = Self.words(bytes)
        for location in Self.locations {
            let rule = policy.rule(for: location)
            precondition(!rule.requirements.isEmpty, "a rule wants nothing")
            guard !rule.requirements.contains(where: Self.namesFiles) else { continue }
            do throws(TrustError) {
                guard try policy.demand(on: location) == nil else { continue }
                let isOpen = rule.requirements.allSatisfy { $0 == .acceptAnything }
                precondition(isOpen && words.has("insecureAcceptAnything"), "an image comes in that nobody let in")
            } catch { _ = error.description }
        }
        return true
    }

    private static let locations: [ImageLocation] =
        ["busybox", "localhost:5000/a/b:c", "a.b.example.com/d@\(digest)"].compactMap(reference).map { .registry($0) }
        + [
            .dockerArchive(path: "/a/b"), .ociArchive(path: nil), .ociArchive(path: "/a/b"),
            .layout(path: "/a", name: "b"), .directory(path: "/a/b/c"),
        ]

    /// All texts of a document, names of members excepted.
    private static func words(_ bytes: [UInt8]) -> [String] {
        func words(_ tree: JSONTree) -> [String] {
            switch tree {
            case .string(let text): [text]
            case .array(let elements): elements.flatMap(words)
            case .object(let members): members.flatMap { words($0.value) }
            default: []
            }
        }
        do throws(JSONError) { return words(try JSONTree.parse(bytes)) } catch {
            fatalError("a policy is no JSON: \(error)")
        }
    }

    /// Whether what it says would have files opened, of whatever name.
    private static func namesFiles(_ requirement: PolicyRequirement) -> Bool {
        guard case .sigstoreSigned(let wanted) = requirement else { return false }
        return wanted.keys.contains { if case .file = $0 { true } else { false } }
    }

    /// Shows the signatures to a rule that wants one by a key whose other half is not kept: those of the corpus are all that there are.
    func runSignature(_ bytes: [UInt8]) -> Bool {
        let gap = bytes.indices.first { bytes[$0...].starts(with: [10, 10]) } ?? bytes.endIndex
        let payload = Array(bytes[gap...].dropFirst(2))
        let manifest: Manifest
        do throws(ManifestError) {
            guard case .manifest(let found) = try ManifestDocument(Array(bytes[..<gap])) else { return false }
            manifest = found
        } catch { return false }
        do throws(TrustError) {
            guard let image = Self.reference(Self.signedName),
                var demand = try Self.signers.demand(on: .registry(image))
            else { fatalError("a rule that wants a signature wants none") }
            for layer in manifest.layers.prefix(4) { demand.show(SigstoreSignature(payload, layer), of: Self.digest) }
            if demand.isMet {
                precondition(payload == Self.signedPayload, "a payload is taken for signed that is not")
                return true
            }
            _ = demand.refusal("there").description
        } catch { fatalError("the policy of the test does not do: \(error)") }
        do throws(PolicyFault) { _ = try SignedPayload(payload) } catch { _ = error.cause }
        return false
    }

    private static let signedName = "localhost:5000/signed:1"
    private static let signedPayload = Array(
        """
        {"critical":{"type":"cosign container image signature","image":{"docker-manifest-digest":"\(digest)"},\
        "identity":{"docker-reference":"localhost:5000/signed"}},"optional":null}
        """.utf8)
    private static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+Qk2vIksiTt+xsvlaSO5bznZWQsu
        IaMoAw8cbsCeeaJnyz5XXF4HwOYp1+XoZIjbspahlt9pnrP7dRQx0CgH7w==
        -----END PUBLIC KEY-----
        """
    private static let signers: TrustPolicy = {
        let key = Base64.encoded(Array((publicKey + "\n").utf8))
        let document = """
            {"default": [{"type": "sigstoreSigned", "keyData": "\(key)", "signedIdentity": {"type": "matchRepository"}}]}
            """
        do throws(TrustError) { return try TrustPolicy(Array(document.utf8), path: "/policy.json") } catch {
            fatalError("\(error)")
        }
    }()

    func runKey(_ bytes: [UInt8]) -> Bool {
        let key: PublicKey
        do throws(PublicKey.Fault) { key = try PublicKey(.inline(bytes, place: "here")) } catch {
            _ = error.cause
            return false
        }
        for signature in [[], bytes, [48, 6, 2, 1, 1, 2, 1, 1], [UInt8](repeating: 0, count: 256)] {
            precondition(!key.verifies(signature, of: bytes), "a key has signed what nobody signed")
        }
        return true
    }
}
