import AsyncHTTPClient
import Bytes
import FoundationEssentials
import NIOHTTP1

/// An upload that a registry has begun (distribution-spec, "Pushing blobs"): where the rest goes, and how much is there.
struct UploadSession: Sendable {
    /// Where the next request goes.
    private(set) var url: URL
    /// How many bytes of the blob the registry has.
    private(set) var offset: Int64 = 0
    /// The fewest bytes that it takes in a chunk that is not the last; 0 where it has not said so.
    private(set) var minimum: Int64 = 0
    /// The address of the registry, which says who else is trusted with content.
    private let registry: Origin

    /// What `answer` to the first request of an upload says. Throws `RegistryError` where it names no address that content can go to.
    init(_ answer: Transport.Answer, of registry: Origin) throws(RegistryError) {
        self.registry = registry
        url = answer.url
        guard answer.response.headers.contains(name: "Location") else {
            throw .violation(host: answer.origin.description, cause: "it begins an upload and says not where")
        }
        try move(answer)
        minimum = answer.response.headers.first(name: "OCI-Chunk-Min-Length").flatMap { Int64($0) } ?? 0
    }

    /// Takes over where the upload goes on, where `answer` says so.
    mutating func move(_ answer: Transport.Answer) throws(RegistryError) {
        guard let location = answer.response.headers.first(name: "Location") else { return }
        let host = answer.origin.description
        let given = URL(string: location, relativeTo: answer.url)?.absoluteURL
        guard let next = given.flatMap({ registry.secured($0) }), let target = Origin(next) else {
            throw .violation(
                host: host, cause: "\"\(ErrorBody.oneLine(location))\" is no address that an upload can go to")
        }
        guard registry.mayLead(to: target) else {
            throw .violation(host: host, cause: "it wants the upload at http://\(target), which is not secure")
        }
        url = next
    }

    /// Takes over how much the registry has, of the first `sent` bytes of the blob: all, where `answer` does not say. Throws `RegistryError`
    /// where it has more than it got.
    mutating func advance(_ answer: Transport.Answer, sent: Int64) throws(RegistryError) {
        try move(answer)
        guard let text = answer.response.headers.first(name: "Range") else {
            offset = sent
            return
        }
        guard let count = Self.count(text), count <= sent else {
            throw .violation(
                host: answer.origin.description,
                cause: "it says that it has the bytes \"\(ErrorBody.oneLine(text))\" of an upload, and got \(sent)")
        }
        // The one byte that was sent looks like none.
        offset = count == 0 && sent == 1 ? 1 : count
    }

    /// How many bytes of a blob are there where its last ones are "0-99"; nil for what is no such range. "0-0" is none: registries say so
    /// of an upload without any.
    static func count(_ range: String) -> Int64? {
        var text = range[...]
        for unit in ["bytes=", "bytes "] where text.begins(with: unit) { text = text.dropping(unit.utf8.count) }
        let ends = text.split(on: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]), first >= 0, last >= first,
            last < Int64.max
        else { return nil }
        return last == 0 ? 0 : last + 1
    }

    /// The address that ends the upload: `url`, whose query stays, with the digest of the blob.
    func ending(_ digest: String) -> URL? {
        guard var address = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return nil }
        let query = address.percentEncodedQuery.map { $0.isEmpty ? "" : $0 + "&" } ?? ""
        address.percentEncodedQuery = query + Form.text([("digest", digest)])
        address.fragment = nil
        return address.url
    }
}
