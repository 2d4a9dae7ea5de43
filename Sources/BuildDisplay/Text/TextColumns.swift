/// How many columns of a terminal a text takes: letters of East Asia and pictures take two (UAX #11), marks that are put on another
/// letter take none.
enum TextColumns {
    /// The columns of one scalar, which is no control character.
    static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return scalar.value == 0 ? 0 : 1 }
        if isMark(scalar) { return 0 }
        return isWide(scalar) ? 2 : 1
    }

    /// The columns of a text without control characters.
    static func of(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + of($1) } }

    /// The beginning of `text` that fits into `columns`, marks of its last letter with it.
    static func cut(_ text: String, to columns: Int) -> String {
        var left = columns
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            left -= of(scalar)
            if left < 0 { break }
            result.append(scalar)
        }
        return String(result)
    }

    /// `text` and as many blanks behind it as `columns` ask for.
    static func padded(_ text: String, to columns: Int) -> String {
        text + String(repeating: " ", count: max(0, columns - of(text)))
    }

    /// Whether the scalar is put on the letter in front of it, or joins letters.
    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: true
        // The vowels and final consonants of a syllable of Hangul that is spelt out.
        default: (0x1160...0x11ff).contains(scalar.value)
        }
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115f, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
            0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6, 0x16fe0...0x18d08,
            0x1aff0...0x1b2ff, 0x1d300...0x1d376, 0x1f200...0x1f265, 0x20000...0x3fffd:
            true
        default: scalar.properties.isEmojiPresentation
        }
    }
}
