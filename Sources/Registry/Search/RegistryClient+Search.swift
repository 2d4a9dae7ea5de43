import AsyncHTTPClient
import Bytes
import JSON
import NIOHTTP1
import OCI

extension RegistryClient {
    /// How much of an answer is read, in bytes.
    private static let limit = 4 << 20

    /// What the registry finds for `term` by the search of Docker's registry of version 1 (`/v1/search`), which Docker Hub and some others
    /// have; at most `limit` results, where it keeps to that. Throws `RegistryError`.
    package func search(_ term: String, limit: Int) async throws(RegistryError) -> [SearchResult] {
        let query = Form.text([("q", term), ("n", String(limit))])
        let answer = try await perform(.GET, "/v1/search?" + query, .search)
        let bytes = try await answer.response.collect(
            limit: Self.limit, from: answer.origin,
            tooLarge: .violation(host: host, cause: "its answer to a search is larger than 4 MiB"))
        let document: JSONTree
        do throws(JSONError) { document = try JSONTree.parse(bytes) } catch {
            throw .violation(host: host, cause: "its answer to a search is not JSON")
        }
        guard let results = document["results"]?.array else {
            throw .violation(host: host, cause: "its answer to a search has no results")
        }
        return Array(results.compactMap(SearchResult.init).prefix(limit))
    }

    /// The repositories of the registry (`/v2/_catalog`) whose names have `term` in them, at most `limit`, each with the registry's name before its own.
    /// Throws `RegistryError`.
    package func catalog(matching term: String, limit: Int) async throws(RegistryError) -> [SearchResult] {
        var found: [SearchResult] = []
        guard limit > 0 else { return found }
        try await pages("/v2/_catalog?n=1000", .search, "repositories", most: 1000) { _, bytes throws(RegistryError) in
            let page: JSONTree
            do throws(JSONError) { page = try JSONTree.parse(bytes) } catch {
                throw .violation(host: host, cause: "its list of repositories is not JSON")
            }
            let names = (page["repositories"]?.array ?? []).compactMap(\.string)
            for name in names where name.contains(bytesOf: term) {
                found.append(SearchResult(name: "\(repository.domain)/\(name)"))
            }
            return found.count < limit
        }
        return Array(found.prefix(limit))
    }
}
