/// Takes the arguments of a Dockerfile instruction apart: quotes, backslashes, and `$NAME`, `${NAME}`, `${NAME:-word}` and
/// `${NAME:+word}` outside of single quotes.
struct DockerfileWords {
    private let bytes: [UInt8]
    private let environment: [String]
    /// Whether blanks part words.
    private let splits: Bool
    private var next = 0

    init(_ bytes: [UInt8], environment: [String], splits: Bool = true) {
        self.bytes = bytes
        self.environment = environment
        self.splits = splits
    }

    /// The words; nil where a quote is not closed.
    mutating func words() -> [String]? {
        var words: [String] = []
        var word: [UInt8] = []
        var isInWord = false
        var quote: UInt8?
        while next < bytes.count {
            let byte = bytes[next]
            next += 1
            switch byte {
            case UInt8(ascii: "\\") where quote != UInt8(ascii: "'"):
                isInWord = true
                guard next < bytes.count else {
                    word.append(byte)
                    break
                }
                let escaped = bytes[next]
                next += 1
                // In double quotes a backslash is itself but before these (the shell's rule, and Dockerfile's).
                if quote != nil, !"\"\\$".utf8.contains(escaped) { word.append(byte) }
                word.append(escaped)
            case UInt8(ascii: "$") where quote != UInt8(ascii: "'"):
                word += variable()
                isInWord = true
            case quote: quote = nil
            case UInt8(ascii: "\"") where quote == nil, UInt8(ascii: "'") where quote == nil:
                quote = byte
                isInWord = true
            case 32 where splits && quote == nil, 9...13 where splits && quote == nil:
                if isInWord { words.append(String(decoding: word, as: UTF8.self)) }
                word = []
                isInWord = false
            default:
                word.append(byte)
                isInWord = true
            }
        }
        if quote != nil { return nil }
        if isInWord { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }

    // Behind a dollar sign: what stands for it.
    private mutating func variable() -> [UInt8] {
        guard next < bytes.count else { return [UInt8(ascii: "$")] }
        guard bytes[next] == UInt8(ascii: "{") else {
            let name = bytes[next...].prefix { Self.isOfName($0) }
            guard !name.isEmpty else { return [UInt8(ascii: "$")] }
            next += name.count
            return value(of: name) ?? []
        }
        guard let end = bytes[next...].firstIndex(of: UInt8(ascii: "}")) else { return [UInt8(ascii: "$")] }
        let inner = bytes[(next + 1)..<end]
        next = end + 1
        let name = inner.prefix { Self.isOfName($0) }
        let own = value(of: name) ?? []
        let rest = inner.dropFirst(name.count)
        if rest.starts(with: ":-".utf8) { return own.isEmpty ? Array(rest.dropFirst(2)) : own }
        if rest.starts(with: ":+".utf8) { return own.isEmpty ? [] : Array(rest.dropFirst(2)) }
        return own
    }

    private func value(of name: ArraySlice<UInt8>) -> [UInt8]? {
        for entry in environment.reversed() where entry.utf8.starts(with: Array(name) + [UInt8(ascii: "=")]) {
            return Array(entry.utf8.dropFirst(name.count + 1))
        }
        return nil
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"): true
        default: false
        }
    }
}
