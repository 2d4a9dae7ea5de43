import Bytes
import Errors
import Linux

/// What `--chmod` makes of a file's permissions.
enum ModeChange: Sendable, Equatable {
    /// These bits, whatever there were.
    case fixed(FileMode)
    /// The clauses of chmod(1), one after the other.
    case clauses([Clause])

    /// What one sign of chmod(1) does to some classes of users.
    struct Clause: Sendable, Equatable {
        /// "+", "-" or "=".
        let sign: UInt8
        /// The bits of the classes that are meant, set-id bits and the sticky one with them.
        let classes: FileMode
        /// The letters behind the sign.
        let letters: [UInt8]
    }

    /// Reads an octal number up to 07777, or clauses like "u=rwX,go=rX". Throws for anything else.
    init(_ text: String) throws(EngineError) {
        let bytes = Array(text.utf8)
        if let first = bytes.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
            guard let mode = FileMode(text, radix: 8), mode <= 0o7777 else { throw Self.refusal(text) }
            self = .fixed(mode)
            return
        }
        var clauses: [Clause] = []
        for part in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let read = Self.read(Array(part)) else { throw Self.refusal(text) }
            clauses += read
        }
        self = .clauses(clauses)
    }

    private static func refusal(_ text: String) -> EngineError {
        EngineError(
            "invalid chmod parameter: '\(text.excerpt)'. it should be octal string and between 0 and 07777", .invalid)
    }

    private static func read(_ part: [UInt8]) -> [Clause]? {
        var place = 0
        var classes: FileMode = 0
        while place < part.count {
            switch part[place] {
            case UInt8(ascii: "u"): classes |= 0o4700
            case UInt8(ascii: "g"): classes |= 0o2070
            case UInt8(ascii: "o"): classes |= 0o1007
            case UInt8(ascii: "a"): classes |= 0o7777
            default:
                if classes == 0 { classes = 0o7777 }
                return signs(Array(part[place...]), classes)
            }
            place += 1
        }
        return nil
    }

    private static func signs(_ text: [UInt8], _ classes: FileMode) -> [Clause]? {
        var list: [Clause] = []
        var place = 0
        while place < text.count {
            let sign = text[place]
            guard "+-=".utf8.contains(sign) else { return nil }
            place += 1
            let start = place
            while place < text.count, !"+-=".utf8.contains(text[place]) { place += 1 }
            let letters = Array(text[start..<place])
            let isCopy = letters.count == 1 && "ugo".utf8.contains(letters[0])
            guard isCopy || letters.allSatisfy({ "rwxXst".utf8.contains($0) }) else { return nil }
            list.append(Clause(sign: sign, classes: classes, letters: letters))
        }
        return list.isEmpty ? nil : list
    }

    /// The permissions of a file that had `mode`.
    func applied(to mode: FileMode, isDirectory: Bool) -> FileMode {
        switch self {
        case .fixed(let fixed): return fixed
        case .clauses(let clauses):
            var mode = mode
            for clause in clauses {
                let bits = clause.bits(mode, isDirectory) & clause.classes
                switch clause.sign {
                case UInt8(ascii: "+"): mode |= bits
                case UInt8(ascii: "-"): mode &= ~bits
                // As chmod(1): a directory keeps its set-id bits unless they are named.
                default: mode = mode & ~(isDirectory ? clause.classes & 0o777 : clause.classes) | bits
                }
            }
            return mode
        }
    }
}

extension ModeChange.Clause {
    // What the letters say for all classes.
    fileprivate func bits(_ mode: FileMode, _ isDirectory: Bool) -> FileMode {
        var bits: FileMode = 0
        for letter in letters {
            switch letter {
            case UInt8(ascii: "r"): bits |= 0o444
            case UInt8(ascii: "w"): bits |= 0o222
            case UInt8(ascii: "x"): bits |= 0o111
            case UInt8(ascii: "X"): if isDirectory || mode & 0o111 != 0 { bits |= 0o111 }
            case UInt8(ascii: "s"): bits |= 0o6000
            case UInt8(ascii: "t"): bits |= 0o1000
            case UInt8(ascii: "u"): bits |= (mode >> 6 & 7) * 0o111
            case UInt8(ascii: "g"): bits |= (mode >> 3 & 7) * 0o111
            default: bits |= (mode & 7) * 0o111
            }
        }
        return bits
    }
}
