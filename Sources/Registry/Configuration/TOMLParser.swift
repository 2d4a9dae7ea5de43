import Bytes

/// Reads TOML 1.0: lines of tables and keys. Values are in `TOMLParser+Values.swift`.
struct TOMLParser {
    let bytes: [UInt8]
    var place = 0
    var line = 1
    /// How many tables and arrays are around what is read, be they in braces or of a key with dots.
    var depth = 0
    private let root = TOMLTable(.header)

    static let depthLimit = 128

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is not TOML, and some editors leave one.
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { place = 3 }
    }

    func error(_ cause: String) -> TOMLError { TOMLError(line: line, cause: cause) }

    var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

    func isNext(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        return bytes.count - place >= count
            && bytes[place..<place + count].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
    }

    mutating func document() throws(TOMLError) -> TOMLTree {
        var current = root
        while true {
            try blankLines()
            guard let byte else { return root.tree }
            if byte == UInt8(ascii: "[") {
                current = try header()
            } else {
                try pair(in: current)
            }
            try endOfLine()
        }
    }

    // MARK: - Blanks

    mutating func blanks() { while byte == 32 || byte == 9 { place += 1 } }

    /// Passes a line's end over, if it is here.
    mutating func newline() -> Bool {
        if isNext("\r\n") { place += 1 }
        guard byte == 10 else { return false }
        place += 1
        line += 1
        return true
    }

    /// Passes a comment over, if it is here.
    mutating func comment() throws(TOMLError) {
        guard byte == UInt8(ascii: "#") else { return }
        while let byte, byte != 10, !isNext("\r\n") {
            guard byte >= 32 || byte == 9, byte != 127 else { throw error("there is a control character") }
            place += 1
        }
    }

    /// Passes over blanks, comments and ends of lines.
    mutating func blankLines() throws(TOMLError) {
        repeat {
            blanks()
            try comment()
        } while newline()
    }

    private mutating func endOfLine() throws(TOMLError) {
        blanks()
        try comment()
        guard byte == nil || newline() else { throw error("something follows the value") }
    }

    // MARK: - Tables and keys

    private mutating func header() throws(TOMLError) -> TOMLTable {
        let start = line
        let isArray = isNext("[[")
        place += isArray ? 2 : 1
        depth = 0
        var path = try key()
        depth = path.count
        guard isNext(isArray ? "]]" : "]") else { throw error("the name of a table is not closed") }
        place += isArray ? 2 : 1
        let last = path.removeLast()
        var table = root
        for name in path { table = try inner(table, name, .implied, start) }
        switch (table.content(last), isArray) {
        case (nil, true):
            let element = TOMLTable(.header)
            table.set(last, .tables(TOMLTable.List(element)), line: start)
            return element
        case (.tables(let list), true):
            let element = TOMLTable(.header)
            list.tables.append(element)
            return element
        case (nil, false):
            let made = TOMLTable(.header)
            table.set(last, .table(made), line: start)
            return made
        case (.table(let made), false) where made.origin == .implied:
            made.origin = .header
            return made
        default: throw error("\(last.excerpt) is there twice")
        }
    }

    /// The table `name` in `table`, which is made where it is missing.
    private func inner(
        _ table: TOMLTable, _ name: String, _ origin: TOMLTable.Origin, _ line: Int
    ) throws(TOMLError) -> TOMLTable {
        switch table.content(name) {
        case nil:
            let made = TOMLTable(origin)
            table.set(name, .table(made), line: line)
            return made
        case .table(let known) where origin == .implied || known.origin == .dotted: return known
        case .tables(let known) where origin == .implied: return known.tables[known.tables.count - 1]
        default: throw error("\(name.excerpt) is there twice")
        }
    }

    /// Reads `key = value` into `table`.
    mutating func pair(in table: TOMLTable) throws(TOMLError) {
        let start = line
        var path = try key()
        guard byte == UInt8(ascii: "=") else { throw error("\"=\" is missing behind a key") }
        place += 1
        blanks()
        let last = path.removeLast()
        depth += path.count
        let value = try value()
        depth -= path.count
        var table = table
        for name in path { table = try inner(table, name, .dotted, start) }
        guard case nil = table.content(last) else {
            throw TOMLError(line: start, cause: "\(last.excerpt) is there twice")
        }
        table.set(last, .value(value), line: start)
    }

    /// Reads a key with its dots, and the blanks around it; at least one name.
    private mutating func key() throws(TOMLError) -> [String] {
        var names: [String] = []
        while true {
            blanks()
            guard depth + names.count < Self.depthLimit else { throw error("a key has too many parts") }
            names.append(try name())
            blanks()
            guard byte == UInt8(ascii: ".") else { return names }
            place += 1
        }
    }

    private mutating func name() throws(TOMLError) -> String {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            guard !isNext("\"\"\""), !isNext("'''") else { throw error("a key is a text of several lines") }
            return try string()
        }
        let start = place
        while let byte, isBare(byte) { place += 1 }
        guard place > start else { throw error("a key is missing") }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
