/// What a step's programs wrote, by lines, as far as it has not been printed.
struct PlainLog: Sendable {
    /// A line without its end, and when it began, in seconds since the step did.
    struct Line: Sendable {
        let moment: String
        var text: [UInt8]
    }

    /// How many lines are kept of a step that may fail.
    static let tailLength = 10
    /// Where a line is broken that has no end: a program that never writes a line feed would be kept for ever.
    static let lineLimit = 1 << 20

    private var lines: [Line] = []
    private var open: Line?
    /// How much of the first line, or else of the open one, is on the page already; nil: not even its beginning.
    private var shown: Int?
    /// How many bytes are not printed.
    private(set) var backlog = 0
    /// The last lines, the open one left out.
    private(set) var tail: [Line] = []

    /// Appends what was written `seconds` after the step began.
    mutating func append(_ bytes: [UInt8], seconds: Double) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 10)
            let piece = rest[..<(end ?? rest.endIndex)]
            var line = open ?? Line(moment: Figures.moment(seconds), text: [])
            // Else the line would be copied with each piece.
            open = nil
            line.text += piece
            backlog += piece.count + 1
            open = line
            if end != nil || line.text.count > Self.lineLimit { close() }
            rest = end.map { rest[($0 + 1)...] } ?? []
        }
    }

    /// Ends the open line.
    mutating func close() {
        guard let line = open else { return }
        lines.append(line)
        tail.append(line)
        if tail.count > Self.tailLength { tail.removeFirst() }
        open = nil
    }

    /// Prints what is not on the page, each line behind `prefix`.
    mutating func print(_ prefix: [UInt8], to page: inout [UInt8]) {
        for line in lines {
            Self.print(line, from: shown, prefix, to: &page)
            page.append(10)
            shown = nil
        }
        if let open {
            Self.print(open, from: shown, prefix, to: &page)
            shown = open.text.count
        }
        lines = []
        backlog = 0
    }

    /// Ends the line on the page: somebody else writes there now. What follows begins with this line anew.
    mutating func leave(_ page: inout [UInt8]) {
        guard shown != nil else { return }
        page.append(10)
        shown = nil
    }

    private static func print(_ line: Line, from shown: Int?, _ prefix: [UInt8], to page: inout [UInt8]) {
        guard let shown else {
            page += prefix
            page += line.moment.utf8
            page.append(32)
            page += line.text
            return
        }
        page += line.text[shown...]
    }
}
