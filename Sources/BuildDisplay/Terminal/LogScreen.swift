/// The little terminal below a running step: the last lines that its programs wrote, with what they overwrote overwritten.
struct LogScreen: Sendable {
    /// A letter with its marks; the second column of a wide letter has none.
    struct Cell: Sendable {
        var text: String
        var columns: Int

        static let blank = Cell(text: " ", columns: 1)
        static let continuation = Cell(text: "", columns: 0)
    }

    /// How many marks one letter may have: a program can write as many as it likes.
    private static let markLimit = 8

    private(set) var width: Int
    private(set) var height: Int
    private var rows: [[Cell]]
    /// The cursor's; as many as there are where the last line has ended: the lines move up only when something follows.
    private var row = 0
    private var column = 0
    private var saved = (row: 0, column: 0)
    private var reader = ControlReader()

    /// An empty one of `width` columns and `height` lines.
    init(width: Int, height: Int) {
        self.width = max(1, width)
        self.height = max(1, height)
        rows = Array(repeating: [], count: self.height)
    }

    /// The lines that are not empty, without blanks at their ends.
    var lines: [String] {
        rows.compactMap { cells in
            let end = cells.lastIndex { !($0.columns == 1 && $0.text.utf8.elementsEqual([32])) }
            guard let end else { return nil }
            return cells[...end].map(\.text).joined()
        }
    }

    /// Changes the size: lines are cut, not broken anew, and the last ones stay.
    mutating func resize(width: Int, height: Int) {
        let (width, height) = (max(1, width), max(1, height))
        guard width != self.width || height != self.height else { return }
        if width < self.width {
            for place in rows.indices {
                rows[place] = Array(rows[place].prefix(width))
                // Half of a letter is none.
                if let last = rows[place].last, last.columns == 2 { rows[place][rows[place].count - 1] = .blank }
            }
        }
        let surplus = max(0, min(row + 1, self.height) - height)
        rows.removeFirst(surplus)
        rows = Array(rows.prefix(height)) + Array(repeating: [], count: max(0, height - rows.count))
        row -= surplus
        (self.width, self.height) = (width, height)
        column = min(column, width)
        saved = (min(saved.row, height), min(saved.column, width))
    }

    /// Does what `bytes` say.
    mutating func write(_ bytes: [UInt8]) {
        var tokens: [ControlReader.Token] = []
        reader.read(bytes) { tokens.append($0) }
        for token in tokens { obey(token) }
    }

    private mutating func obey(_ token: ControlReader.Token) {
        switch token {
        case .letter(let scalar):
            moveUp()
            put(scalar)
        case .control(8): column = max(0, min(column, width - 1) - 1)
        case .control(9): column = min(width - 1, (column / 8 + 1) * 8)
        case .control(10): feedLine()
        case .control(13): column = 0
        case .control: break
        case .escape(UInt8(ascii: "7")): saved = (row, column)
        case .escape(UInt8(ascii: "8")): (row, column) = saved
        case .escape: break
        case .sequence(let numbers, let final): obey(numbers, final)
        }
    }

    // ECMA-48, section 8.3.
    private mutating func obey(_ numbers: [Int?], _ final: UInt8) {
        let count = max(1, numbers[0] ?? 1)
        if final != UInt8(ascii: "A"), final != UInt8(ascii: "F") { moveUp() }
        switch final {
        case UInt8(ascii: "A"): row = max(0, row - count)
        case UInt8(ascii: "B"): row = min(height - 1, row + count)
        case UInt8(ascii: "C"): column = min(width - 1, column + count)
        case UInt8(ascii: "D"): column = max(0, column - count)
        case UInt8(ascii: "E"): (row, column) = (min(height - 1, row + count), 0)
        case UInt8(ascii: "F"): (row, column) = (max(0, row - count), 0)
        case UInt8(ascii: "G"), UInt8(ascii: "`"): column = min(width, count) - 1
        case UInt8(ascii: "d"): row = min(height, count) - 1
        case UInt8(ascii: "H"), UInt8(ascii: "f"):
            row = min(height, count) - 1
            column = min(width, max(1, (numbers.count > 1 ? numbers[1] : nil) ?? 1)) - 1
        case UInt8(ascii: "J"): eraseScreen(numbers[0] ?? 0)
        case UInt8(ascii: "K"): eraseLine(numbers[0] ?? 0)
        case UInt8(ascii: "s"): saved = (row, column)
        case UInt8(ascii: "u"): (row, column) = saved
        default: break
        }
    }

    private mutating func feedLine() {
        moveUp()
        column = 0
        row += 1
    }

    private mutating func moveUp() {
        guard row == height else { return }
        rows.removeFirst()
        rows.append([])
        row -= 1
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        if TextColumns.isMark(scalar) {
            guard column > 0, column <= rows[row].count else { return }
            var place = column - 1
            if place > 0, rows[row][place].columns == 0 { place -= 1 }
            if rows[row][place].text.unicodeScalars.count <= Self.markLimit {
                rows[row][place].text.unicodeScalars.append(scalar)
            }
            return
        }
        let columns = TextColumns.of(scalar)
        guard columns > 0, columns <= width else { return }
        // The line is broken in front of the letter that has no room, not behind the one that took the last.
        if column + columns > width {
            feedLine()
            moveUp()
        }
        clear(column, columns)
        rows[row][column] = Cell(text: String(Character(scalar)), columns: columns)
        if columns == 2 { rows[row][column + 1] = .continuation }
        column += columns
    }

    /// Makes room for `count` columns from `start` on: what is cut of wide letters beside them is blank.
    private mutating func clear(_ start: Int, _ count: Int) {
        let missing = start + count - rows[row].count
        if missing > 0 { rows[row] += Array(repeating: Cell.blank, count: missing) }
        if start > 0, rows[row][start].columns == 0 { rows[row][start - 1] = .blank }
        for place in start..<start + count { rows[row][place] = .blank }
        if start + count < rows[row].count, rows[row][start + count].columns == 0 { rows[row][start + count] = .blank }
    }

    private mutating func eraseLine(_ what: Int) {
        let place = min(column, width - 1)
        switch what {
        case 0:
            if place < rows[row].count {
                clear(place, 1)
                rows[row].removeLast(rows[row].count - place)
            }
        case 1:
            clear(0, place + 1)
        case 2: rows[row] = []
        default: break
        }
    }

    private mutating func eraseScreen(_ what: Int) {
        eraseLine(what == 2 || what == 3 ? 2 : what)
        switch what {
        case 0: for place in (row + 1)..<max(row + 1, height) { rows[place] = [] }
        case 1: for place in 0..<row { rows[place] = [] }
        case 2, 3: for place in rows.indices { rows[place] = [] }
        default: break
        }
    }
}
