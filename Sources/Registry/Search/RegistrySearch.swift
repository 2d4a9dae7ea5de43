import Bytes
package import OCI

/// Looks for repositories: at Docker Hub, or at the registry that the term begins with.
package struct RegistrySearch: Sendable {
    private let options: RegistryOptions
    private let isInsecure: Bool

    /// A search that speaks to registries by `options`; `isInsecure`: whatever certificates they have, and without TLS where they have none.
    package init(options: RegistryOptions, isInsecure: Bool = false) {
        self.options = options
        self.isInsecure = isInsecure
    }

    /// How many results a search has where nobody says it, and how many it can have, as with Docker.
    package static let usualLimit = 25
    package static let limits = 1...100

    /// At most `limit` repositories for `term`: of Docker Hub, in whose place registries.conf may name another registry, or of HOST for "HOST/TERM". A registry
    /// without a search of its own is asked for all its repositories, and those that have the term in their names are taken. Throws `RegistryError`.
    package func run(_ term: String, limit: Int) async throws(RegistryError) -> [SearchResult] {
        guard !term.contains(bytesOf: "://") else {
            throw .searchTerm("repository name (\(term.excerpt)) should not have a scheme")
        }
        let (named, words) = Self.split(term)
        let domain = named ?? Reference.defaultDomain
        // A search is about no repository: any name says which registry is meant.
        let probe: Reference
        do throws(ReferenceError) { probe = try Reference("\(domain)/search/search", defaultTag: nil) } catch {
            throw .server(domain.excerpt)
        }
        guard probe.domain.isSame(as: domain) else { throw .server(domain.excerpt) }
        let source = try RegistriesConfiguration(environment: options.environment).registry(of: probe)
        let isHub = source.reference.domain == Reference.defaultDomain
        let client = RegistryClient(
            repository: source.reference, options: options, isInsecure: isInsecure || source.isInsecure, isIndex: isHub)
        let result: Result<[SearchResult], RegistryError>
        do throws(RegistryError) {
            result = .success(try await Self.run(words, limit, client, hasCatalog: !isHub))
        } catch { result = .failure(error) }
        await client.close()
        return try result.get()
    }

    private static func run(
        _ words: String, _ limit: Int, _ client: RegistryClient, hasCatalog: Bool
    ) async throws(RegistryError) -> [SearchResult] {
        do throws(RegistryError) {
            return try await client.search(words, limit: limit)
        } catch {
            guard hasCatalog, error.isWithoutSearch else { throw error }
        }
        return try await client.catalog(matching: words, limit: limit)
    }

    /// The tags of the repository `reference`, at most `limit`, nil: all. Throws `RegistryError`.
    package func tags(of reference: Reference, limit: Int?) async throws(RegistryError) -> [String] {
        let source = try RegistriesConfiguration(environment: options.environment).registry(of: reference)
        let client = RegistryClient(
            repository: source.reference, options: options, isInsecure: isInsecure || source.isInsecure)
        let result: Result<[String], RegistryError>
        do throws(RegistryError) { result = .success(try await client.tags()) } catch { result = .failure(error) }
        await client.close()
        let tags = try result.get()
        return limit.map { Array(tags.prefix($0)) } ?? tags
    }

    /// The registry that `term` begins with, nil for Docker Hub, and what is looked for there: what has a dot or a colon before its first slash, or is
    /// "localhost", is a registry.
    static func split(_ term: String) -> (domain: String?, words: String) {
        if let slash = term.place(of: "/") {
            let first = term[..<slash]
            if first == "localhost" || first.utf8.contains(where: { $0 == 46 || $0 == 58 }) {
                let words = String(term.behind(slash))
                guard !["docker.io", "index.docker.io"].contains(where: { first.isSame(as: $0) }) else {
                    return (nil, bare(words))
                }
                return (String(first), words)
            }
        }
        return (nil, bare(term))
    }

    // Docker Hub's own images are found without the part that their users leave out.
    private static func bare(_ words: String) -> String {
        guard words.begins(with: Reference.officialPrefix) else { return words }
        return String(words.dropping(Reference.officialPrefix.utf8.count))
    }
}

extension RegistryError {
    /// Whether a registry that answers a search so has none. Some want credentials for whatever they do not know.
    fileprivate var isWithoutSearch: Bool {
        switch self {
        case .refused(_, let status, _): (400..<500).contains(status) || status == 501
        case .accessDenied, .badCredentials, .violation, .redirect, .repositoryUnknown: true
        default: false
        }
    }
}
