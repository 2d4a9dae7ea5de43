import Archive
import AsyncHTTPClient
import Bytes
import JSON
import NIOHTTP1
package import OCI

/// Signatures, inventories and other things that say of themselves that they are about a manifest (distribution-spec, "Listing Referrers").
extension RegistryClient {
    /// The manifests whose subject is the one of `digest`, in the registry's order; those of `artifactType` alone where one is given. Empty
    /// where there are none. Throws `RegistryError`.
    package func referrers(
        of digest: Digest, artifactType: String? = nil
    ) async throws(RegistryError) -> [Descriptor] {
        let entries: [Descriptor]
        switch try await listing(of: digest, type: artifactType) {
        case .registry(let found, isFiltered: true): return found
        case .registry(let found, isFiltered: false): entries = found
        case .tag(let list): entries = list.manifests
        }
        guard let artifactType else { return entries }
        return entries.filter { $0.artifactType?.isSame(as: artifactType) ?? false }
    }

    /// Who keeps the list of those that refer to a manifest.
    enum ReferrersListing {
        /// The registry. `isFiltered`: it has left out those of other types than the one that was asked for.
        case registry([Descriptor], isFiltered: Bool)
        /// Its clients, in an index with a tag; empty where there is none.
        case tag(ImageIndex)
    }

    /// The list of those that refer to `digest`, by whoever keeps it. Throws `RegistryError`.
    func listing(of digest: Digest, type: String?) async throws(RegistryError) -> ReferrersListing {
        var entries: [Descriptor] = []
        var isFiltered = type != nil
        var isList = true
        let query = type.map { "?" + Form.text([("artifactType", $0)]) } ?? ""
        do throws(RegistryError) {
            try await pages(path("referrers/\(digest)\(query)"), .referrers(digest), "referrers") {
                answer, bytes throws(RegistryError) in
                // Whoever answers to every address with some page has no such list.
                let sent = answer.response.headers.first(name: "Content-Type") ?? ""
                guard sent.lowercased().until(";").isSame(as: MediaType.ociIndex) else {
                    isList = false
                    return false
                }
                entries += try index(bytes, "the referrers of \(digest)").manifests
                let applied = answer.response.headers["OCI-Filters-Applied"].flatMap { $0.split(on: ",") }
                if !applied.contains(where: { Self.trimmed($0).isSame(as: "artifactType") }) { isFiltered = false }
                return true
            }
        } catch {
            // 404 is the specification's word for a registry without this list. Of older ones, whose addresses end with what they know,
            // some have another.
            guard case .refused(_, let status, _) = error, [400, 404, 405].contains(status) else { throw error }
            isList = false
        }
        if isList { return .registry(entries, isFiltered: isFiltered) }
        return .tag(try await taggedList(of: digest))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.firstLetter == " " { text = text.dropping(1) }
        while text.lastLetter == " " { text = text.droppingLast(1) }
        return text
    }

    private func index(_ bytes: [UInt8], _ name: String) throws(RegistryError) -> ImageIndex {
        let document: ManifestDocument
        do throws(ManifestError) {
            document = try ManifestDocument(bytes, declaredType: MediaType.ociIndex)
        } catch { throw .manifest(reference: name, error) }
        guard case .index(let index) = document else {
            throw .manifest(reference: name, .malformed("it is no index"))
        }
        return index
    }

    // MARK: - The list that clients keep

    /// "sha256-…": the tag of the list (distribution-spec, "Referrers Tag Schema").
    static func listTag(of digest: Digest) -> String { "\(digest.algorithm.rawValue)-\(digest.hex.prefix(64))" }

    private func taggedList(of digest: Digest) async throws(RegistryError) -> ImageIndex {
        do throws(RegistryError) {
            guard case .index(let index) = try await manifest(tag: Self.listTag(of: digest)).document else {
                // Something else that has such a name is none of ours.
                return ImageIndex()
            }
            return index
        } catch {
            guard case .manifestUnknown = error else { throw error }
            return ImageIndex()
        }
    }

    /// Has the list of those that refer to `digest` be `entries`, which may be none; nothing is sent where it is that already, as `before`
    /// says. Throws `RegistryError`.
    func keep(_ entries: [Descriptor], of digest: Digest, before: ImageIndex) async throws(RegistryError) {
        guard entries != before.manifests else { return }
        var index = before
        index.mediaType = MediaType.ociIndex
        index.manifests = entries
        let bytes: [UInt8]
        do { bytes = Array(try JSONTree(encoding: index).text().utf8) } catch {
            throw .manifest(reference: "the referrers of \(digest)", .malformed("\(error)"))
        }
        let descriptor = Descriptor(
            mediaType: MediaType.ociIndex, digest: Digest(of: bytes, .sha256), size: Int64(bytes.count))
        try await put(bytes, descriptor, tag: Self.listTag(of: digest))
    }

    /// Puts the manifest of `descriptor`, of which the content is `bytes`, on the list of `digest`, to which it refers. What others put there at
    /// the same moment can get lost: the list is one document. Throws `RegistryError`.
    func list(_ descriptor: Descriptor, _ bytes: [UInt8], under digest: Digest) async throws(RegistryError) {
        guard case .tag(let list) = try await listing(of: digest, type: nil) else { return }
        guard !list.manifests.contains(where: { $0.digest == descriptor.digest }) else { return }
        var entry = descriptor
        let content = SubjectOutline(bytes)
        entry.artifactType = content?.artifactType ?? content?.config?.mediaType
        entry.annotations = content?.annotations
        try await keep(list.manifests + [entry], of: digest, before: list)
    }

    /// What the manifest of `digest` refers to; nil where it refers to nothing, is none that can be read, or is not there. Throws
    /// `RegistryError`.
    func subject(ofManifest digest: Digest) async throws(RegistryError) -> Digest? {
        do throws(RegistryError) {
            return SubjectOutline(try await manifest(digest: digest).bytes)?.subject?.digest
        } catch {
            switch error {
            // What is damaged, or of a kind that is not known here, may be deleted, too; and what a policy keeps from being read, as Harbor's
            // about vulnerabilities do (goharbor/harbor#19408).
            case .manifest, .wrongDigest: return nil
            case .refused(_, let status, _) where status < 500: return nil
            default: throw error
            }
        }
    }
}
