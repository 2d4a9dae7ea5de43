/// One instruction as it stands in the file: its lines joined, its here-documents read, nothing of it understood.
struct LogicalLine: Sendable {
    /// The text without line ends, escapes in front of them and white space in front; UTF-8.
    let text: [UInt8]
    /// The lines, those of here-documents with them.
    let lines: LineRange
    /// The comments directly in front, without their signs.
    let comments: [String]
    /// The here-documents behind it.
    let heredocs: [Heredoc]
}

/// A text that stands behind an instruction of RUN, COPY or ADD (Dockerfile reference, "Here-Documents").
package struct Heredoc: Hashable, Sendable {
    /// The word that ends it, and the name of the file that COPY and ADD make of it.
    package let name: String
    /// The lines, each with its end.
    package fileprivate(set) var content: [UInt8]
    /// Whether variables in it are expanded: no part of the name is quoted.
    package let isExpanded: Bool
    /// Whether tabs in front of its lines are left out ("<<-").
    package let isChomped: Bool
    /// The descriptor that the shell would open it at; 0 where none is written.
    package let descriptor: UInt32

    init(name: String, isExpanded: Bool, isChomped: Bool, descriptor: UInt32) {
        self.name = name
        content = []
        self.isExpanded = isExpanded
        self.isChomped = isChomped
        self.descriptor = descriptor
    }

    /// The same, of `content`.
    func filled(_ content: [UInt8]) -> Heredoc {
        var result = self
        result.content = content
        return result
    }

    /// The lines without the tabs in front of them, where the sign says so.
    package var text: [UInt8] {
        guard isChomped else { return content }
        var result: [UInt8] = []
        result.reserveCapacity(content.count)
        var isFront = true
        for byte in content where !(isFront && byte == 9) {
            result.append(byte)
            isFront = byte == 10
        }
        return result
    }
}
