/// A page of a repository's tags (distribution-spec, "Listing Tags").
struct TagList: Decodable {
    var tags: [String]?
}
