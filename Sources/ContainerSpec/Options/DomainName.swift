import Bytes

/// Names of domains (RFC 1123).
package enum DomainName {
    /// Whether `text` is letters, digits and hyphens between dots, with a letter somewhere, as Docker takes search domains.
    package static func isValid(_ text: String) -> Bool {
        let labels = (text.ends(with: ".") ? text.droppingLast(1) : text[...])
            .split(on: ".", omittingEmptySubsequences: false)
        let hasLetter = text.utf8.contains { (65...90).contains($0) || (97...122).contains($0) }
        return hasLetter && text.utf8.count <= 255
            && labels.allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63 && label.firstLetter != "-" && label.lastLetter != "-"
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            }
    }
}
