import Errors

/// Texts of others in lines of ours.
enum SpokenText {
    /// The name of a step, of a part, or a sentence, for one line of a terminal.
    static func line(_ text: String) -> String {
        // Terminals do not agree on how wide a letter is that U+FE0F makes a picture of.
        let letters = text.unicodeScalars.lazy.filter { $0 != "\u{fe0f}" }.map { $0 == "\t" ? " " : $0 }
        return VisibleText.escaped(String(String.UnicodeScalarView(letters)))
    }

    /// The same for a file or a pipe, where a tab does no harm.
    static func plain(_ text: String) -> String { VisibleText.escaped(text, keeping: "\t") }

    /// A line that a program wrote, for a terminal on which it must not move about: of what it wrote over itself the last is
    /// shown; its colours stay where `colored`.
    static func output(_ line: [UInt8], colored: Bool) -> String {
        var reader = ControlReader()
        var shown = String.UnicodeScalarView()
        var isOver = false
        var hasColor = false
        // The line feed completes a letter that was cut.
        reader.read(line + [10]) { token in
            switch token {
            case .letter(let scalar):
                if isOver { (shown, isOver) = (String.UnicodeScalarView(), false) }
                shown.append(scalar)
            case .control(9): shown.append("\t")
            // Nothing is over before something is written in its place.
            case .control(13): isOver = true
            case .sequence(let numbers, UInt8(ascii: "m")) where colored:
                hasColor = true
                shown += "\u{1b}[\(numbers.map { $0.map { "\($0)" } ?? "" }.joined(separator: ";"))m".unicodeScalars
            default: break
            }
        }
        return String(shown) + (hasColor ? "\u{1b}[0m" : "")
    }
}
