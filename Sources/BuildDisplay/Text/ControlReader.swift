/// Takes what a program writes for a terminal apart: letters, control characters and control sequences (ECMA-48). Bytes that are no
/// UTF-8 are U+FFFD; a letter or a sequence may come in several portions.
struct ControlReader: Sendable {
    /// What a program wrote.
    enum Token: Equatable {
        /// A letter, or a mark on one.
        case letter(Unicode.Scalar)
        /// One of the control characters that move the cursor: tab, line feed, carriage return, backspace.
        case control(UInt8)
        /// A control sequence: its numbers (nil: left out), and the letter that says what it does.
        case sequence([Int?], UInt8)
        /// An escape sequence of two bytes, by its last one.
        case escape(UInt8)
    }

    private enum State {
        case text
        /// Behind ESC.
        case escape
        /// Behind ESC and a byte that announces one more.
        case designation
        /// Within a control sequence; `isPrivate`: one that is no standard's.
        case sequence([Int?], isPrivate: Bool)
        /// Within a text for the terminal itself, which ends with BEL or ESC \.
        case string
        case stringEscape
    }

    private var state = State.text
    private var letter: [UInt8] = []

    /// Calls `body` for all that `bytes` complete.
    mutating func read(_ bytes: [UInt8], _ body: (Token) -> Void) {
        for byte in bytes { read(byte, body) }
    }

    private mutating func read(_ byte: UInt8, _ body: (Token) -> Void) {
        switch state {
        case .text: readText(byte, body)
        case .escape: readEscape(byte, body)
        case .designation: state = .text
        case .sequence(let numbers, let isPrivate): readSequence(byte, numbers, isPrivate, body)
        case .string:
            if byte == 7 { state = .text } else if byte == 0x1b { state = .stringEscape }
        case .stringEscape:
            state = .text
            if byte != UInt8(ascii: "\\") { readEscape(byte, body) }
        }
    }

    private mutating func readText(_ byte: UInt8, _ body: (Token) -> Void) {
        if !letter.isEmpty {
            if byte & 0xc0 == 0x80 {
                letter.append(byte)
                if letter.count == Self.length(letter[0]) { endLetter(body) }
                return
            }
            endLetter(body)
        }
        switch byte {
        case 0x1b: state = .escape
        case 8, 9, 10, 13: body(.control(byte))
        case 0..<0x20, 0x7f: break
        case 0x20..<0x7f: body(.letter(Unicode.Scalar(byte)))
        case _ where Self.length(byte) > 1: letter = [byte]
        default: body(.letter("\u{fffd}"))
        }
    }

    private static func length(_ first: UInt8) -> Int {
        switch first {
        case 0xc2...0xdf: 2
        case 0xe0...0xef: 3
        case 0xf0...0xf4: 4
        default: 1
        }
    }

    // What is complete, or is not and will not be.
    private mutating func endLetter(_ body: (Token) -> Void) {
        for scalar in String(decoding: letter, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            // Control characters of the second set, changes of direction and what else has no form of its own; and the mark that
            // makes a picture of a letter, as terminals do not agree on its width then.
            case 0x80...0x9f, 0xfe0f: break
            case _ where scalar.properties.generalCategory == .format && scalar != "\u{200d}": break
            case 0x2028, 0x2029: break
            default: body(.letter(scalar))
            }
        }
        letter = []
    }

    private mutating func readEscape(_ byte: UInt8, _ body: (Token) -> Void) {
        switch byte {
        case UInt8(ascii: "["): state = .sequence([nil], isPrivate: false)
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            state = .string
        case 0x20...0x2f: state = .designation
        case 0x1b: state = .escape
        default:
            state = .text
            if byte >= 0x30 { body(.escape(byte)) } else { readText(byte, body) }
        }
    }

    private mutating func readSequence(
        _ byte: UInt8, _ numbers: [Int?], _ isPrivate: Bool, _ body: (Token) -> Void
    ) {
        var numbers = numbers
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            let last = numbers.count - 1
            // No terminal is that large: what comes behind does not change what happens.
            numbers[last] = min(99_999, (numbers[last] ?? 0) * 10 + Int(byte - 48))
            state = .sequence(numbers, isPrivate: isPrivate)
        case UInt8(ascii: ";"), UInt8(ascii: ":"):
            if numbers.count < 32 { numbers.append(nil) }
            state = .sequence(numbers, isPrivate: isPrivate)
        case 0x20...0x3f: state = .sequence(numbers, isPrivate: true)
        case 0x40...0x7e:
            state = .text
            if !isPrivate { body(.sequence(numbers, byte)) }
        case 0x1b: state = .escape
        // Terminals obey control characters in between.
        case 8, 9, 10, 13: body(.control(byte))
        default: break
        }
    }
}
