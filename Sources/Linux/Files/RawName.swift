import Glibc

/// A path or file name as the kernel has it: bytes of no charset, with a final zero. It is passed to a call
/// as it is.
package typealias RawName = [CChar]

extension RawName {
    /// The bytes of `text` and a final zero.
    package init(_ text: String) { self = Array(text.utf8CString) }

    /// The bytes without their final zero.
    package var bytes: [UInt8] { dropLast().map(UInt8.init(bitPattern:)) }

    /// For a message: UTF-8 where it is that, repaired where it is not, and without control characters,
    /// which could repaint a terminal.
    package var printable: String {
        let text = String(decoding: bytes, as: UTF8.self)
        // Of most names, without a look into the tables of Unicode.
        if text.utf8.allSatisfy({ (32..<127).contains($0) }) { return text }
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }

    /// As `printable`; of a long path, its beginning and its end.
    package var abbreviated: String {
        let text = printable
        return text.utf8.count > 200 ? text.prefix(100) + "…" + text.suffix(60) : text
    }
}
