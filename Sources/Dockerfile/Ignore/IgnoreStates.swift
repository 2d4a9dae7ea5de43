/// Compares a path with a pattern's tokens: all places in the pattern at which the path may be are followed at once, so the time is
/// the product of their lengths, whatever they are.
enum IgnoreStates {
    /// Whether any place is left behind `path`; `states` says which.
    static func reach(_ tokens: [IgnorePattern.Token], _ path: ArraySlice<UInt8>, _ states: inout [Bool]) -> Bool {
        states.removeAll(keepingCapacity: true)
        states.append(contentsOf: repeatElement(false, count: tokens.count + 1))
        add(0, tokens, &states)
        var place = path.startIndex
        while place < path.endIndex {
            let (letter, length) = letter(path, at: place)
            guard step(tokens, letter, path[place..<(place + length)], &states) else { return false }
            place += length
        }
        return true
    }

    // With what may follow without a letter.
    private static func add(_ state: Int, _ tokens: [IgnorePattern.Token], _ states: inout [Bool]) {
        guard !states[state] else { return }
        states[state] = true
        guard state < tokens.count else { return }
        switch tokens[state] {
        case .any, .rest: add(state + 1, tokens, &states)
        case .directories:
            states[state + 1] = true
            add(state + 2, tokens, &states)
        default: break
        }
    }

    // Backwards, so that a place that is reached by this letter is not taken for one from which it was read.
    private static func step(
        _ tokens: [IgnorePattern.Token], _ letter: UInt32, _ bytes: ArraySlice<UInt8>, _ states: inout [Bool]
    ) -> Bool {
        let isSlash = letter == 47
        var isAlive = false
        var state = tokens.count
        states[state] = false
        while state > 0 {
            state -= 1
            guard states[state] else { continue }
            states[state] = false
            let next: Int?
            switch tokens[state] {
            case .byte(let byte): next = letter == UInt32(byte) ? state + 1 : nil
            case .one: next = isSlash ? nil : state + 1
            case .any: next = isSlash ? nil : state
            case .rest: next = state
            case .directories: next = nil
            case .insideDirectories:
                // What is behind it begins after a "/"; until there is one, it goes on by itself.
                isAlive = true
                states[state] = true
                if isSlash { add(state + 1, tokens, &states) }
                continue
            case .set(let ranges, let isNegated):
                next = ranges.contains { $0.contains(letter) } != isNegated ? state + 1 : nil
            }
            guard let next else { continue }
            isAlive = true
            add(next, tokens, &states)
        }
        return isAlive
    }

    // A letter of UTF-8 and how many bytes it has; a byte that is none counts as U+FFFD.
    private static func letter(_ path: ArraySlice<UInt8>, at place: Int) -> (UInt32, Int) {
        let first = path[place]
        if first < 0x80 { return (UInt32(first), 1) }
        let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
        guard first >= 0xc2, place + length <= path.endIndex else { return (0xfffd, 1) }
        let text = String(decoding: path[place..<(place + length)], as: UTF8.self).unicodeScalars
        guard let scalar = text.first, text.count == 1, scalar.value != 0xfffd else { return (0xfffd, 1) }
        return (scalar.value, length)
    }
}
