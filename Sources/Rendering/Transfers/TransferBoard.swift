/// Several transfers on a terminal: a line for each, which changes in place, and while they go on a last one with the whole of them.
///
/// It writes nothing by itself: what is to be written next comes out of each call, and the time and the screen go in. The cursor is at the
/// beginning of the line below when it is called.
package struct TransferBoard<ID: Hashable & Sendable>: Sendable {
    private struct Line: Sendable {
        let label: String
        var transfer: Transfer
        /// What the terminal has.
        var shown = ""
    }

    /// How often the whole is shown anew where only numbers have changed, in milliseconds.
    private static var interval: Int64 { 100 }

    private var lines: [Line] = []
    private var places: [ID: Int] = [:]
    private var meter: RateMeter?
    /// The last line, where the terminal has it, and since when.
    private var total: (text: String, moment: Int64)?
    private var screen = TransferScreen(rows: 0, columns: 0)
    /// How many lines have left the top of the terminal: they are out of reach, whatever becomes of its size.
    private var lost = 0

    /// With nothing to show.
    package init() {}

    /// What shows `step` of the transfer `id`, which is called `label`, at `moment`, in milliseconds of a clock that nobody sets.
    package mutating func show(
        _ id: ID, _ label: String, _ step: TransferStep, at moment: Int64, on screen: TransferScreen
    ) -> String {
        var page = adapt(to: screen, at: moment)
        let isNew = places[id] == nil
        let place = places[id] ?? lines.count
        if isNew {
            places[id] = place
            lines.append(Line(label: label, transfer: Transfer(step)))
        }
        let fresh = lines[place].transfer.take(step, at: moment)
        if case .moving = step, meter == nil { meter = RateMeter(since: moment) }
        meter?.add(fresh, at: moment)
        if isNew {
            page += eraseTotal()
            lines[place].shown = text(of: place, at: moment)
            page += lines[place].shown + "\n"
        } else {
            page += rewrite(place, at: moment)
        }
        return page + showTotal(at: moment, isDue: isNew)
    }

    /// What the time alone has changed.
    package mutating func update(at moment: Int64, on screen: TransferScreen) -> String {
        var page = adapt(to: screen, at: moment)
        for place in lines.indices { page += rewrite(place, at: moment) }
        return page + showTotal(at: moment, isDue: true)
    }

    /// What takes the last line away. The others stay as they are, and the next `show` brings it back.
    package mutating func withdrawTotal() -> String { eraseTotal() }

    // MARK: lines

    private func text(of place: Int, at moment: Int64) -> String {
        let line = lines[place]
        let columns = screen.columns
        return (line.label + ": " + line.transfer.step.text(columns: columns, rate: line.transfer.rate(at: moment)))
            .cut(to: columns - 1)
    }

    /// How many rows above the cursor a line is.
    private func distance(_ place: Int) -> Int { lines.count - place + (total == nil ? 0 : 1) }

    private mutating func rewrite(_ place: Int, at moment: Int64) -> String {
        let text = text(of: place, at: moment)
        noteLost()
        guard place >= lost, text != lines[place].shown else { return "" }
        lines[place].shown = text
        let up = distance(place)
        return "\u{1b}[\(up)A\r\u{1b}[2K\(text)\r\u{1b}[\(up)B"
    }

    private mutating func noteLost() {
        guard screen.rows > 0 else { return }
        lost = max(lost, lines.count + (total == nil ? 0 : 1) - screen.rows + 1)
    }

    /// Writes all that can be reached anew where the terminal has got another width, which has broken longer lines.
    private mutating func adapt(to screen: TransferScreen, at moment: Int64) -> String {
        guard screen != self.screen else { return "" }
        let before = self.screen
        self.screen = screen
        guard before.columns > 0, before.columns != screen.columns, !lines.isEmpty else { return "" }
        func height(_ text: String) -> Int { max(1, (text.utf8.count + screen.columns - 1) / screen.columns) }
        var up = total.map { height($0.text) } ?? 0
        var first = lines.count
        while first > lost, case let next = up + height(lines[first - 1].shown), screen.rows == 0 || next < screen.rows
        {
            up = next
            first -= 1
        }
        lost = max(lost, first)
        total = nil
        var page = up > 0 ? "\u{1b}[\(up)A\r\u{1b}[J" : ""
        for place in first..<lines.count {
            lines[place].shown = text(of: place, at: moment)
            page += lines[place].shown + "\n"
        }
        return page + showTotal(at: moment, isDue: true)
    }

    // MARK: the whole

    private mutating func eraseTotal() -> String {
        guard total != nil else { return "" }
        noteLost()
        total = nil
        // Of a terminal of one row it has left the top.
        return screen.rows == 1 ? "" : "\u{1b}[1A\r\u{1b}[2K"
    }

    private mutating func showTotal(at moment: Int64, isDue: Bool) -> String {
        guard lines.contains(where: { $0.transfer.hasMoved }), screen.rows == 0 || screen.rows > 2 else {
            return eraseTotal()
        }
        if let total, !isDue, moment - total.moment < Self.interval { return "" }
        let text = totalText(at: moment)
        guard text != total?.text else { return "" }
        let page = eraseTotal() + text + "\n"
        total = (text, moment)
        noteLost()
        return page
    }

    private func totalText(at moment: Int64) -> String {
        var (done, size, ours) = (Int64(0), Int64(0), Int64(0))
        for line in lines {
            let transfer = line.transfer
            // A server may send more than it has said.
            let part = min(transfer.done, transfer.size)
            done = done.saturatingSum(part)
            size = size.saturatingSum(transfer.size)
            if !transfer.isFollowed { ours = ours.saturatingSum(transfer.size - part) }
        }
        var text = "Total: " + TransferText.amount(done, of: size)
        if ours > 0, let meter {
            let rate = meter.rate(at: moment)
            if let rate { text += "  " + TransferText.rate(rate) }
            text += "  ETA " + TransferText.time(for: ours, at: rate)
        }
        return text.cut(to: screen.columns - 1)
    }
}

/// The size of a terminal, in characters.
package struct TransferScreen: Sendable, Equatable {
    /// 0 where it is not known.
    package let rows: Int
    package let columns: Int

    /// `columns` are 80 where they are not known (0).
    package init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns > 0 ? columns : 80
    }
}

extension String {
    /// No more than its first `columns` characters, and at least one: all of them are of one column.
    fileprivate func cut(to columns: Int) -> String { utf8.count <= columns ? self : String(prefix(max(columns, 1))) }
}
