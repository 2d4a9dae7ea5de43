import Bytes

/// Aligns cells that end in a tab, as Go's text/tabwriter does with Docker's settings.
///
/// A column is a run of consecutive lines that have a tab-terminated cell in that place; each run has a width of
/// its own. What follows a line's last tab belongs to no column.
package struct TabWriter {
    private let minimum: Int
    private let padding: Int

    /// Columns are at least `minimum` wide, and `padding` blanks wider than their widest cell.
    package init(minimum: Int = 10, padding: Int = 3) {
        self.minimum = minimum
        self.padding = padding
    }

    /// `text` with its columns aligned.
    package func aligned(_ text: String) -> String {
        var lines = text.split(on: "\n", omittingEmptySubsequences: false).map {
            $0.split(on: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        var column = 0
        while lines.contains(where: { $0.count > column + 1 }) {
            var start = 0
            while start < lines.count {
                guard lines[start].count > column + 1 else {
                    start += 1
                    continue
                }
                var end = start
                while end < lines.count, lines[end].count > column + 1 { end += 1 }
                let widest = lines[start..<end].map { $0[column].unicodeScalars.count }.max() ?? 0
                let width = max(minimum, widest + padding)
                for index in start..<end {
                    let cell = lines[index][column]
                    lines[index][column] = cell + String(repeating: " ", count: width - cell.unicodeScalars.count)
                }
                start = end
            }
            column += 1
        }
        return lines.map { $0.joined() }.joined(separator: "\n")
    }
}
