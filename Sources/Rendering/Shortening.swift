import Bytes

/// Short forms of long texts, as Docker's tables have them.
package enum Shortening {
    /// The first twelve digits of an id, without the digest's algorithm.
    package static func id(_ id: String) -> String {
        let digits = id.place(of: ":").map { id.behind($0) } ?? Substring(id)
        return String(digits.prefix(12))
    }

    /// `text` cut to `width` characters, the last of which is an ellipsis where something was cut.
    package static func ellipsis(_ text: String, _ width: Int) -> String {
        if text.count <= width { return text }
        return width < 1 ? "" : String(text.prefix(width - 1)) + "…"
    }
}
