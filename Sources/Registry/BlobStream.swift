import Bytes
import OCI

/// A registry's answer with content of a blob, whose bytes are still to be read.
package struct BlobStream: Sendable {
    /// What it has: the whole blob, or the part that was asked for, or the beginning of that; in bytes.
    package let range: Range<Int64>
    let answer: Transport.Answer
}

/// A part of a content, as `Content-Range` has it (RFC 9110, 14.4).
struct ContentRange: Equatable {
    let range: Range<Int64>
    /// The size of the whole; nil where the server does not say it.
    let total: Int64?

    /// Reads "bytes 5-9/10" or "bytes 5-9/*"; nil for anything else.
    init?(_ text: String) {
        let words = text.lowercased().split(on: " ")
        guard words.count == 2, words[0] == "bytes" else { return nil }
        let parts = words[1].split(on: "/")
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(on: "-")
        guard ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]), first >= 0, last >= first,
            last < .max
        else { return nil }
        range = first..<last + 1
        total = Int64(parts[1])
        if total == nil, parts[1] != "*" { return nil }
    }
}
