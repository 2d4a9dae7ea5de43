import OCI
import Store

/// One line of `history`.
package struct ImageHistoryEntry: Encodable, Sendable {
    /// The image's id for the newest entry, "<missing>" for all others.
    package var id: String
    /// RFC 3339; nil where the image does not say.
    package var created: String?
    package var createdBy: String
    /// In bytes; 0 for a step that changed no file.
    package var size: Int64
    package var comment: String
    package var tags: [String]

    /// One step, with what Docker shows of it.
    package init(
        id: String, created: String? = nil, createdBy: String, size: Int64, comment: String, tags: [String]
    ) {
        self.id = id
        self.created = created
        self.createdBy = createdBy
        self.size = size
        self.comment = comment
        self.tags = tags
    }

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case created = "Created"
        case createdBy = "CreatedBy"
        case size = "Size"
        case comment = "Comment"
        case tags = "Tags"
    }
}
