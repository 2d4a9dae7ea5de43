import JSON

/// A repository that a search found. The texts are the registry's, as they came.
package struct SearchResult: Equatable, Sendable {
    /// As the registry calls it; of a registry that lists its repositories alone, with the registry before it.
    package let name: String
    package let description: String
    /// How many like it.
    package let stars: Int64
    /// Whether Docker looks after it.
    package let isOfficial: Bool

    /// A repository of which the registry says no more than its name.
    init(name: String) {
        self.name = name
        description = ""
        stars = 0
        isOfficial = false
    }

    /// What one of the `results` of a search of version 1 says; nil where that has no name.
    init?(_ result: JSONTree) {
        guard let name = result["name"]?.string, !name.isEmpty else { return nil }
        self.name = name
        description = result["description"]?.string ?? ""
        stars = Self.count(result["star_count"])
        isOfficial = result["is_official"]?.bool ?? false
    }

    // A number of any size and form: what is too large is the largest there is.
    private static func count(_ value: JSONTree?) -> Int64 {
        guard case .number(let digits)? = value else { return 0 }
        if let exact = Int64(digits) { return exact }
        guard let about = Double(digits) else { return 0 }
        if about >= 9.2e18 { return .max }
        return about <= -9.2e18 ? .min : Int64(about)
    }
}
