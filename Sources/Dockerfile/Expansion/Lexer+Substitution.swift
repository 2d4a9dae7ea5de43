import Bytes

// What begins with "$".
extension Lexer {
    private static let missingBrace = Fault("syntax error: missing '}'")

    mutating func substitution() throws(Fault) -> [UInt8] {
        let start = place
        place += 1
        guard next == UInt8(ascii: "{") else {
            let name = name()
            if name.isEmpty { return [UInt8(ascii: "$")] }
            return value(of: name) ?? (keepsUnset ? Array(text[start..<place]) : [])
        }
        place += 1
        switch next {
        case nil: throw Self.missingBrace
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ":"): throw Fault("syntax error: bad substitution")
        default: break
        }
        let name = name()
        let modifier = take()
        switch modifier {
        case UInt8(ascii: "}"): return value(of: name) ?? (keepsUnset ? Array(text[start..<place]) : [])
        case UInt8(ascii: "/"): return try replacement(name, start)
        case UInt8(ascii: ":"):
            let second = take()
            let result = try modified(name, second, countsEmpty: true, start)
            guard let result else { throw Self.unsupported(":", second) }
            return result
        default:
            guard let modifier, "+-?#%".utf8.contains(modifier),
                let result = try modified(name, modifier, countsEmpty: false, start)
            else {
                if modifier != nil { place -= 1 }
                throw Self.unsupported("", letterOrEnd())
            }
            return result
        }
    }

    private mutating func letterOrEnd() -> ArraySlice<UInt8> { letter() }

    private static func unsupported(_ first: String, _ second: UInt8?) -> Fault {
        unsupported(first, second.map { [$0] } ?? [])
    }

    private static func unsupported(_ first: String, _ second: ArraySlice<UInt8>) -> Fault {
        // The end of the text is U+FFFD to Go.
        let sign = second.isEmpty ? "\u{fffd}" : String(decoding: second, as: UTF8.self)
        return Fault("unsupported modifier (\(first)\(sign)) in substitution")
    }

    // nil where there is no such modifier.
    private mutating func modified(
        _ name: [UInt8], _ modifier: UInt8?, countsEmpty: Bool, _ start: Int
    ) throws(Fault) -> [UInt8]? {
        let isTrim = modifier == UInt8(ascii: "#") || modifier == UInt8(ascii: "%")
        let word = try closed(until: UInt8(ascii: "}"), keepsEscapes: isTrim, missing: Self.missingBrace)
        let value = value(of: name)
        if value == nil, keepsUnset { return Array(text[start..<place]) }
        let isThere = value != nil && !(countsEmpty && value?.isEmpty == true)
        switch modifier {
        case UInt8(ascii: "-"): return isThere ? value : word
        case UInt8(ascii: "+"): return isThere ? word : []
        case UInt8(ascii: "?"):
            if isThere { return value }
            let why = value == nil ? "is not allowed to be unset" : "is not allowed to be empty"
            let message = word.isEmpty ? why : String(decoding: word, as: UTF8.self)
            throw Fault("\(String(decoding: name, as: UTF8.self)): \(message)")
        case UInt8(ascii: "#"), UInt8(ascii: "%"):
            return try trimmed(value ?? [], word, isFront: modifier == UInt8(ascii: "#"))
        default: return nil
        }
    }

    private func trimmed(_ value: [UInt8], _ word: [UInt8], isFront: Bool) throws(Fault) -> [UInt8] {
        let isLongest = word.first == (isFront ? UInt8(ascii: "#") : UInt8(ascii: "%"))
        let pattern = try ShellPattern(isLongest ? word.dropFirst() : word[...])
        return isFront
            ? pattern.droppingPrefix(of: value, longest: isLongest)
            : pattern.droppingSuffix(of: value, longest: isLongest)
    }

    private mutating func replacement(_ name: [UInt8], _ start: Int) throws(Fault) -> [UInt8] {
        let isAll = next == UInt8(ascii: "/")
        if isAll { place += 1 }
        let missingSlash = Fault("syntax error: missing '/' in ${}")
        let pattern = try closed(until: UInt8(ascii: "/"), keepsEscapes: true, missing: missingSlash)
        let other = try closed(until: UInt8(ascii: "}"), keepsEscapes: true, missing: Self.missingBrace)
        let value = value(of: name)
        if value == nil, keepsUnset { return Array(text[start..<place]) }
        return try ShellPattern(pattern[...]).replacing(in: value ?? [], with: other, all: isAll, limit: sizeLimit)
    }

    // A part that must end: that the text is over is said in the words of the substitution.
    private mutating func closed(until stop: UInt8, keepsEscapes: Bool, missing: Fault) throws(Fault) -> [UInt8] {
        do throws(Fault) { return try part(until: stop, keepsEscapes: keepsEscapes) } catch {
            throw next == nil ? missing : error
        }
    }

    // Letters, digits and "_" of any script; digits alone where one is first; one special parameter of a shell.
    private mutating func name() -> [UInt8] {
        let start = place
        guard let first = next else { return [] }
        if first >= 48, first <= 57 {
            while let byte = next, byte >= 48, byte <= 57 { place += 1 }
            return Array(text[start..<place])
        }
        if "@*#?-$!".utf8.contains(first) {
            place += 1
            return [first]
        }
        while let byte = next {
            if byte < 0x80 {
                let isLetter = (byte | 32) >= 97 && (byte | 32) <= 122
                guard isLetter || (byte >= 48 && byte <= 57) || byte == UInt8(ascii: "_") else { break }
                place += 1
            } else {
                let before = place
                let letter = String(decoding: letter(), as: UTF8.self).unicodeScalars.first
                guard let letter, Self.isOfName(letter) else {
                    place = before
                    break
                }
            }
        }
        return Array(text[start..<place])
    }

    private static func isOfName(_ letter: Unicode.Scalar) -> Bool {
        switch letter.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber: true
        default: false
        }
    }
}
