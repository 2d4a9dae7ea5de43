import Bytes

/// Names of domains (RFC 1123).
package enum DomainName {
    /// Whether `text` is letters, digits, hyphens and underscores between dots, as Docker takes search domains.
    package static func isValid(_ text: String) -> Bool {
        let labels = (text.ends(with: ".") ? text.droppingLast(1) : text[...])
            .split(on: ".", omittingEmptySubsequences: false)
        return !labels.isEmpty && text.utf8.count <= 255
            && labels.allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63 && label.firstLetter != "-" && label.lastLetter != "-"
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
            }
    }
}
