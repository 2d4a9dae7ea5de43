import AsyncHTTPClient
import Bytes
import FoundationEssentials
import JSON
import NIOHTTP1
import OCI

extension RegistryClient {
    /// The most that all pages of a list may have together, in bytes.
    private static let listLimit = 64 << 20

    /// All tags of the repository, in the registry's order. Throws `RegistryError`.
    package func tags() async throws(RegistryError) -> [String] {
        var tags: [String] = []
        try await pages(path("tags/list"), .tags, "tags") { answer, bytes throws(RegistryError) in
            guard let list = try? JSONTree.decode(TagList.self, from: bytes) else {
                throw .violation(host: host, cause: "its list of tags is not JSON of the right form")
            }
            tags += list.tags ?? []
            return true
        }
        return tags
    }

    /// Gives the pages of a list, the first of which is at `first`, to `take`, as long as that says that it wants more. `what` is what an error says
    /// that it is a list of. Throws `RegistryError`, also for one that leads elsewhere, or has no end after `most` pages.
    func pages(
        _ first: String, _ subject: Subject, _ what: String, most: Int = 10_000,
        _ take: (Transport.Answer, [UInt8]) throws(RegistryError) -> Bool
    ) async throws(RegistryError) {
        var next: String? = first
        var seen: Set<String> = []
        var size = 0
        while let target = next {
            // A chain that returns to where it was has no end.
            guard seen.insert(target).inserted, seen.count <= most, size <= Self.listLimit else {
                throw .violation(host: host, cause: "its list of \(what) has no end")
            }
            let answer = try await perform(.GET, target, subject)
            let bytes = try await answer.response.collect(
                limit: ManifestDocument.sizeLimit, from: answer.origin,
                tooLarge: .violation(host: host, cause: "a page of its list of \(what) is larger than 4 MiB"))
            size += bytes.count
            guard try take(answer, bytes) else { return }
            // Relative to the page that it is on.
            let page = URL(string: target, relativeTo: try await base())
            next = LinkHeader.next(in: answer.response.headers["Link"]).flatMap {
                URL(string: $0, relativeTo: page)?.absoluteString
            }
        }
    }
}
