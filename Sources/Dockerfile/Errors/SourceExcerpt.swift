import Bytes
import Errors

/// Some lines of a Dockerfile for a person's eyes, the ones that are meant marked with ">>>", as BuildKit shows them.
package struct SourceExcerpt: Sendable {
    /// The file.
    package let source: SourceText
    /// How the file is called.
    package let name: String
    /// Which lines are meant.
    package let lines: LineRange

    /// The lines `lines` of `source`, which is called `name`.
    package init(source: SourceText, name: String, lines: LineRange) {
        self.source = source
        self.name = name
        self.lines = lines
    }

    /// A heading with name and line, a rule, the lines with their numbers and up to two around them, a rule; each line ends
    /// with a line feed. Of a range that is long its first 40 lines are shown; a line is cut after 200 letters.
    package var text: String {
        let rule = String(repeating: "-", count: 20) + "\n"
        var result = "\(VisibleText.escaped(name)):\(lines.first)\n" + rule
        let last = min(lines.last, lines.first + 39)
        let around = Self.surroundings(first: lines.first, last: last)
        // Behind a line feed at the end BuildKit sees one more line, an empty one.
        let count = source.count + (source.bytes.last == 10 ? 1 : 0)
        for number in max(1, around.first)...max(1, min(around.last, count)) {
            let mark = number >= lines.first && number <= last ? ">>>" : "   "
            let shown = VisibleText.escaped(source.line(number).excerpt, keeping: "\t")
            result += "\(Self.padded(number)) | \(mark) \(shown)\n"
        }
        return result + rule
    }

    // BuildKit shows four lines at least: one more in front and one more behind in turn until there are as many.
    private static func surroundings(first: Int, last: Int) -> LineRange {
        var (first, last) = (first, last)
        var padding = 0
        while padding < 4, last - first + 1 < 4 {
            padding += 1
            if first > 1 { first -= 1 }
            last += 1
        }
        return LineRange(first, last)
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: " ", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
