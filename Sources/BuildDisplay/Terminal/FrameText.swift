/// The lines of the picture as text: none takes more than the terminal's columns but one, since not all terminals keep a line
/// that takes the last column.
struct FrameText {
    /// The terminal's columns.
    let width: Int

    /// The heading.
    func heading(seconds: Double, ended: Int, count: Int, isFinished: Bool) -> String {
        let text = "[+] Building \(Figures.span(seconds)) (\(ended)/\(count))" + (isFinished ? " FINISHED" : "")
        return TextColumns.cut(text, to: max(0, width - 1))
    }

    /// What is behind the arrow, a figure where there is room for it, and the time at the right; nil: the terminal is too narrow
    /// to say anything.
    func row(_ name: String, figure: String, seconds: Double) -> String? {
        let time = " " + Figures.span(seconds < 0.05 ? 0 : seconds)
        var room = width - 4 - time.utf8.count - 2
        let hasFigure = !figure.isEmpty && room - figure.utf8.count - 1 >= 12
        if hasFigure { room -= figure.utf8.count + 1 }
        guard room >= 12 else { return nil }
        let text = " => " + TextColumns.cut(name, to: room) + (hasFigure ? " " + figure : "")
        return TextColumns.padded(text, to: width - 2 - time.utf8.count) + " " + time
    }

    /// How many columns a line of a program may take.
    var logWidth: Int { width - 10 }

    /// A line of a program.
    func log(_ line: String) -> String { " => => # " + TextColumns.cut(line, to: max(0, logWidth)) }
}
