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
        let bytes = Array(text.utf8)
        // The cells of all lines, one behind the other: where each ends, how many letters it has, and how many it is to have;
        // and which is the first one of each line.
        var ends: [Int] = []
        var lengths: [Int] = []
        var firsts = [0]
        var length = 0
        for place in 0...bytes.count {
            let byte = place < bytes.count ? bytes[place] : 10
            if byte == 9 || byte == 10 {
                ends.append(place)
                lengths.append(length)
                length = 0
                if byte == 10 { firsts.append(ends.count) }
            } else if byte & 0xc0 != 0x80 {
                length += 1
            }
        }
        let widths = widths(lengths, firsts)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count * 2)
        var start = 0
        for cell in ends.indices {
            result.append(contentsOf: bytes[start..<ends[cell]])
            for _ in lengths[cell]..<widths[cell] { result.append(32) }
            start = ends[cell] + 1
            if start <= bytes.count, bytes[start - 1] == 10 { result.append(10) }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private func widths(_ lengths: [Int], _ firsts: [Int]) -> [Int] {
        var widths = lengths
        // Whether the line has a cell in that place which ends in a tab.
        func has(_ column: Int, _ line: Int) -> Bool { firsts[line + 1] - firsts[line] > column + 1 }
        let count = firsts.count - 1
        var column = 0
        var isThere = true
        while isThere {
            isThere = false
            var start = 0
            while start < count {
                guard has(column, start) else {
                    start += 1
                    continue
                }
                isThere = true
                var end = start
                var widest = 0
                while end < count, has(column, end) {
                    widest = max(widest, lengths[firsts[end] + column])
                    end += 1
                }
                for line in start..<end { widths[firsts[line] + column] = max(minimum, widest + padding) }
                start = end
            }
            column += 1
        }
        return widths
    }
}
