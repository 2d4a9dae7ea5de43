/// What a terminal shows of what is written to it: lines that wrap and scroll, the cursor up and down, and erasing. It breaks lines anew when its
/// width changes, as most do.
package struct TerminalPicture {
    private struct Row {
        var text: [UnicodeScalar] = []
        /// Whether it is the rest of the row above.
        var isContinued = false
    }

    private var size: (rows: Int, columns: Int)
    private var rows = [Row()]
    private var cursor = (row: 0, column: 0)
    /// The first row that is not above the terminal.
    private var top = 0

    /// An empty one.
    package init(rows: Int, columns: Int) { size = (rows, columns) }

    /// All lines, those that have scrolled away included, as they were before they were wrapped, without the empty ones at the end.
    package var lines: [String] {
        var lines: [String] = []
        for row in rows {
            let text = String(String.UnicodeScalarView(row.text))
            if row.isContinued, !lines.isEmpty { lines[lines.count - 1] += text } else { lines.append(text) }
        }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    /// Takes `text`; what it does not know of it is a failure of the test.
    package mutating func write(_ text: String) {
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\n":
                cursor = (cursor.row + 1, 0)
                reach()
            case "\r": cursor.column = 0
            case "\u{1b}":
                precondition(rest.popFirst() == "[", "an unknown sequence in \(text.debugDescription)")
                var digits = ""
                while let next = rest.first, ("0"..."9").contains(next) {
                    digits.unicodeScalars.append(rest.removeFirst())
                }
                act(rest.popFirst(), Int(digits))
            default: put(scalar)
            }
        }
    }

    /// Another size.
    package mutating func resize(rows count: Int, columns: Int) {
        var logical: [[UnicodeScalar]] = []
        var place = (line: 0, offset: 0)
        for (number, row) in rows.enumerated() {
            let offset = row.isContinued ? logical.last?.count ?? 0 : 0
            if row.isContinued, !logical.isEmpty {
                logical[logical.count - 1] += row.text
            } else {
                logical.append(row.text)
            }
            if number == cursor.row { place = (logical.count - 1, offset + cursor.column) }
        }
        size = (count, columns)
        rows = []
        for (number, line) in logical.enumerated() {
            if number == place.line { cursor = (rows.count + place.offset / columns, place.offset % columns) }
            var start = 0
            repeat {
                rows.append(Row(text: Array(line[start..<min(start + columns, line.count)]), isContinued: start > 0))
                start += columns
            } while start < line.count
        }
        top = 0
        reach()
    }

    private mutating func act(_ command: UnicodeScalar?, _ number: Int?) {
        switch command {
        case "A": cursor.row = max(top, cursor.row - (number ?? 1))
        case "B":
            cursor.row = min(top + size.rows - 1, cursor.row + (number ?? 1))
            reach()
        case "J":
            rows.removeSubrange((cursor.row + 1)...)
            rows[cursor.row].text = Array(rows[cursor.row].text.prefix(cursor.column))
        case "K": rows[cursor.row] = Row()
        default: preconditionFailure("an unknown sequence")
        }
    }

    private mutating func put(_ scalar: UnicodeScalar) {
        if cursor.column == size.columns {
            cursor = (cursor.row + 1, 0)
            reach()
            rows[cursor.row].isContinued = true
        }
        while rows[cursor.row].text.count <= cursor.column { rows[cursor.row].text.append(" ") }
        rows[cursor.row].text[cursor.column] = scalar
        cursor.column += 1
    }

    private mutating func reach() {
        while rows.count <= cursor.row { rows.append(Row()) }
        top = max(top, cursor.row - size.rows + 1)
    }
}
