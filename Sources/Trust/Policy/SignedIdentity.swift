import Bytes
import OCI

/// Which names a signature may be for.
enum SignedIdentity: Sendable, Equatable {
    /// `matchExact`: that of the image, with the tag or digest that it was asked for by.
    case matchExact
    /// `matchRepoDigestOrExact`: that of the image; where it was asked for by a digest, any with a tag or a digest of its repository.
    case matchRepoDigestOrExact
    /// `matchRepository`: any of the image's repository, and that without a tag, as cosign signs.
    case matchRepository
    /// `exactReference`: this one.
    case exactReference(Reference)
    /// `exactRepository`: any of this repository.
    case exactRepository(Reference)
    /// `remapIdentity`: as `matchRepoDigestOrExact` for the image's name with the first in place of the second at its beginning.
    case remapIdentity(prefix: String, signedPrefix: String)

    /// Whether a signature for `signed` is one for `image`, which has a tag or a digest; where it has both, the digest counts.
    func accepts(_ signed: String, for image: Reference) -> Bool {
        let signature: Reference
        do throws(ReferenceError) { signature = try Reference(signed, defaultTag: nil) } catch { return false }
        let isWhole = signature.tag != nil || signature.digest != nil
        let intended = image.digest.map { image.with(digest: $0) } ?? image
        func isRepository(_ other: Reference) -> Bool { signature.name.isSame(as: other.name) }
        func isExact(_ other: Reference) -> Bool { isWhole && signature.description.isSame(as: other.description) }
        func isExactOrOfDigest(_ other: Reference) -> Bool {
            other.digest == nil ? isExact(other) : isWhole && isRepository(other)
        }
        switch self {
        case .matchExact: return isExact(intended)
        case .matchRepoDigestOrExact: return isExactOrOfDigest(intended)
        case .matchRepository: return isRepository(intended)
        case .exactReference(let reference): return isExact(reference)
        case .exactRepository(let repository): return isRepository(repository)
        case .remapIdentity(let prefix, let signedPrefix):
            return Self.remapped(intended, prefix, signedPrefix).map(isExactOrOfDigest) ?? false
        }
    }

    /// `image` itself where its name does not begin with `prefix`; nil where what comes out is no name.
    private static func remapped(_ image: Reference, _ prefix: String, _ signedPrefix: String) -> Reference? {
        guard image.name.begins(with: prefix) else { return image }
        let rest = image.name.dropping(prefix.utf8.count)
        guard rest.isEmpty || rest.firstLetter == "/" else { return image }
        let text = signedPrefix + image.description.dropping(prefix.utf8.count)
        do throws(ReferenceError) {
            let reference = try Reference(text, defaultTag: nil)
            // A short name would be another's, in full.
            return reference.description.isSame(as: text) ? reference : nil
        } catch { return nil }
    }

    /// For the middle of a sentence: the name that it wants of a signature of `image`.
    func expectation(for image: Reference) -> String {
        let intended = image.digest.map { image.with(digest: $0) } ?? image
        func exact(_ reference: Reference) -> String {
            reference.digest == nil
                ? "\(reference)" : "a name with a tag or digest of \(reference.name)"
        }
        switch self {
        case .matchExact: return intended.description
        case .matchRepoDigestOrExact: return exact(intended)
        case .matchRepository: return "any name of \(intended.name)"
        case .exactReference(let reference): return reference.description
        case .exactRepository(let repository): return "any name of \(repository.name)"
        case .remapIdentity(let prefix, let signedPrefix):
            return Self.remapped(intended, prefix, signedPrefix).map(exact)
                ?? "a name below \(signedPrefix), of which \(intended.name) makes none"
        }
    }

    /// The word that policies have for it.
    var name: String {
        switch self {
        case .matchExact: "matchExact"
        case .matchRepoDigestOrExact: "matchRepoDigestOrExact"
        case .matchRepository: "matchRepository"
        case .exactReference: "exactReference"
        case .exactRepository: "exactRepository"
        case .remapIdentity: "remapIdentity"
        }
    }
}

extension SignedIdentity {
    /// What the member `signedIdentity` of `requirement` says; `matchRepoDigestOrExact` where there is none. Throws where it cannot be understood.
    init(of requirement: PolicyObject) throws(PolicyFault) {
        guard let tree = requirement["signedIdentity"] else {
            self = .matchRepoDigestOrExact
            return
        }
        try self.init(PolicyObject(tree, requirement.place(of: "signedIdentity")))
    }

    init(_ object: PolicyObject) throws(PolicyFault) {
        let type = try object.requiredText("type")
        switch type {
        case "matchExact": self = .matchExact
        case "matchRepoDigestOrExact": self = .matchRepoDigestOrExact
        case "matchRepository": self = .matchRepository
        case "exactReference":
            let reference = try Self.reference(object, "dockerReference")
            guard reference.tag != nil || reference.digest != nil else {
                throw PolicyFault("\(object.place(of: "dockerReference")) has neither a tag nor a digest")
            }
            self = .exactReference(reference)
        case "exactRepository": self = .exactRepository(try Self.reference(object, "dockerRepository"))
        case "remapIdentity":
            self = .remapIdentity(
                prefix: try Self.prefix(object, "prefix"), signedPrefix: try Self.prefix(object, "signedPrefix"))
        default: throw PolicyFault("\(object.place) is of the unknown type \"\(type.excerpt)\"")
        }
        try object.allow(["type"] + fields)
    }

    private var fields: [String] {
        switch self {
        case .matchExact, .matchRepoDigestOrExact, .matchRepository: []
        case .exactReference: ["dockerReference"]
        case .exactRepository: ["dockerRepository"]
        case .remapIdentity: ["prefix", "signedPrefix"]
        }
    }

    private static func reference(_ object: PolicyObject, _ name: String) throws(PolicyFault) -> Reference {
        let text = try object.requiredText(name)
        do throws(ReferenceError) { return try Reference(text, defaultTag: nil) } catch {
            throw PolicyFault("\(object.place(of: name)): \(error)")
        }
    }

    /// A host, with a port or without, or the beginning of a repository's name.
    private static func prefix(_ object: PolicyObject, _ name: String) throws(PolicyFault) -> String {
        let text = try object.requiredText(name)
        do throws(ReferenceError) {
            let reference = try Reference(text.has("/") ? text : text + "/x", defaultTag: nil)
            if reference.tag == nil, reference.digest == nil { return text }
        } catch {}
        throw PolicyFault("\(object.place(of: name)) is \"\(text.excerpt)\", which is no host or beginning of a name")
    }
}
