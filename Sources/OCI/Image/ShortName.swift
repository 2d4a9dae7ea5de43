import Bytes

/// A name of an image without a registry, as somebody typed it: "fedora", "team/app:1".
package struct ShortName: Sendable {
    /// Without tag and digest.
    package let name: Substring
    /// The tag and the digest, with what is in front of them: ":1", "@sha256:…"; empty where there are none.
    package let suffix: Substring

    /// nil where `text` has a registry, or begins as an image's id does. Whether it is a name at all, `Reference` says.
    package init?(_ text: String) {
        // "sha256:…" is an id of which the rest looks like a tag.
        guard !text.isEmpty, !text.begins(with: "sha256:") else { return nil }
        var rest = text.until("@")
        if let colon = rest.lastPlace(of: ":"), !rest[colon...].has("/") { rest = rest[..<colon] }
        if let slash = rest.place(of: "/"), Reference.namesRegistry(rest[..<slash]) { return nil }
        name = rest
        suffix = text[rest.endIndex...]
    }
}
