/// One pattern of a `.dockerignore`, as Docker's moby/patternmatcher means it: "*" and "?" stop at "/", "**" does not, brackets
/// are those of an expression of Go.
struct IgnorePattern: Sendable {
    enum Token: Equatable, Sendable {
        case byte(UInt8)
        /// One letter other than "/".
        case one
        /// Any text without "/".
        case any
        /// Nothing, or directories with their "/".
        case directories
        /// Always behind `directories`: in the midst of them.
        case insideDirectories
        /// Any text.
        case rest
        /// One letter in, or not in, the ranges.
        case set([ClosedRange<UInt32>], isNegated: Bool)
    }

    /// How the pattern is compared, the cheapest way that does.
    enum Form: Equatable, Sendable {
        case exact([UInt8])
        case prefix([UInt8])
        case suffix([UInt8])
        case tokens([Token])
    }

    /// Whether it takes back what earlier ones said ("!").
    let isException: Bool
    let form: Form

    /// Reads a pattern that was cleaned. Throws where a bracket does not end, or an escape is at the end.
    init(_ text: [UInt8], isException: Bool) throws(Fault) {
        self.isException = isException
        form = try IgnorePatternReader(text).form()
    }

    /// Whether it is `path`, which has no "/" at either end. `scratch` is memory that is used again.
    func matches(_ path: ArraySlice<UInt8>, _ scratch: inout [Bool]) -> Bool {
        switch form {
        case .exact(let bytes): return path.elementsEqual(bytes)
        case .prefix(let bytes): return path.starts(with: bytes)
        case .suffix(let bytes):
            if path.count >= bytes.count, path.suffix(bytes.count).elementsEqual(bytes) { return true }
            return bytes.first == UInt8(ascii: "/") && path.elementsEqual(bytes.dropFirst())
        case .tokens(let tokens):
            return IgnoreStates.reach(tokens, path, &scratch) && scratch[tokens.count]
        }
    }

    /// Whether it may be something below the directory `path`.
    func mayMatch(below path: ArraySlice<UInt8>, _ scratch: inout [Bool]) -> Bool {
        let front = Array(path) + [UInt8(ascii: "/")]
        switch form {
        case .exact(let bytes): return bytes.starts(with: front)
        case .prefix(let bytes): return bytes.starts(with: front) || front.starts(with: bytes)
        case .suffix: return true
        case .tokens(let tokens):
            return IgnoreStates.reach(tokens, front[...], &scratch)
        }
    }
}
