package import Errors
import Linux
package import OCI
import Registry

/// A repository that a search found. The texts are the registry's, as they came.
package struct FoundRepository: Sendable {
    /// As the registry calls it; of a registry that lists its repositories alone, with the registry before it.
    package let name: String
    package let description: String
    /// How many like it.
    package let stars: Int64
    /// Whether Docker looks after it.
    package let isOfficial: Bool

    fileprivate init(_ result: SearchResult) {
        name = result.name
        description = result.description
        stars = result.stars
        isOfficial = result.isOfficial
    }
}

/// `search`: which repositories registries have. It needs no store.
package struct ImageSearch: Sendable {
    private let search: RegistrySearch

    /// A search with the client's configuration in the directory `configuration`; `agent` is what registries are told to be talking to, `isInsecure`
    /// whether they may do without TLS and a known certificate.
    package init(configuration: String, agent: String, isInsecure: Bool = false) {
        var options = RegistryOptions()
        options.userAgent = agent
        options.environment["DOCKER_CONFIG"] = configuration
        search = RegistrySearch(options: options, isInsecure: isInsecure)
    }

    /// The limit for `wanted`, what a user said: Docker's usual one for 0 and less. Throws for more than there can be.
    package static func limit(_ wanted: Int) throws(EngineError) -> Int {
        if wanted <= 0 { return RegistrySearch.usualLimit }
        guard RegistrySearch.limits.contains(wanted) else {
            throw EngineError(
                "limit \(wanted) is outside the range of [\(RegistrySearch.limits.lowerBound), \(RegistrySearch.limits.upperBound)]",
                .invalid)
        }
        return wanted
    }

    /// Which results a user wants to see: those with so many stars at the least, official ones, or others, alone.
    package struct Filter: Sendable {
        package var stars: Int64 = 0
        package var isOfficial: Bool?
        package var isAutomated: Bool?

        package init() {}

        /// Whether it lets `result` through.
        package func admits(_ result: FoundRepository) -> Bool {
            if let isOfficial, result.isOfficial != isOfficial { return false }
            // Docker Hub builds nothing by itself any more, and the field means nothing: so does Docker's engine take it.
            if isAutomated == true { return false }
            return result.stars >= stars
        }
    }

    /// What registries have for `term` ("postgres", "registry.example.org/app"), at most `limit`. Throws `EngineError`.
    package func run(_ term: String, limit: Int) async throws(EngineError) -> [FoundRepository] {
        NameService.restrict()
        do { return try await search.run(term, limit: limit).map(FoundRepository.init) } catch {
            throw EngineError(error)
        }
    }

    /// The tags of the repository `reference`, at most `limit`; nil: all. Throws `EngineError`.
    package func tags(of reference: Reference, limit: Int?) async throws(EngineError) -> [String] {
        NameService.restrict()
        do { return try await search.tags(of: reference, limit: limit) } catch { throw EngineError(error) }
    }
}
