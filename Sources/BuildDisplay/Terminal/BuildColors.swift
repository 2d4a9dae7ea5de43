import Bytes

/// The colours of lines on a terminal: control sequences, empty where there is none.
struct BuildColors: Sendable {
    /// What is done.
    var done = "\u{1b}[34m"
    /// What was given up.
    var cancelled = "\u{1b}[33m"
    /// What failed.
    var failed = "\u{1b}[31m"
    /// The heading of warnings.
    var warning = "\u{1b}[33m"
    /// Whether there are colours at all: programs' own are kept then, too.
    var isColored = true
    /// What of `BUILDKIT_COLORS` is not understood, in sentences.
    var complaints: [String] = []

    /// BuildKit's.
    init() {}

    /// Those that the variables `NO_COLOR` and `BUILDKIT_COLORS` ask for: "run=green:error=255,0,0", of "run", "cancel", "warning" and
    /// "error".
    init(_ environment: (String) -> String?) {
        if let value = environment("NO_COLOR"), !value.isEmpty {
            (done, cancelled, failed, warning, isColored) = ("", "", "", "", false)
            return
        }
        for field in (environment("BUILDKIT_COLORS") ?? "").split(on: ":") { set(field) }
    }

    private mutating func set(_ field: Substring) {
        let parts = field.split(on: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let sequence = Self.sequence(parts[1].lowercased()) else {
            complaints.append(
                "\"\(field.excerpt)\" of BUILDKIT_COLORS is no colour for something: NAME=red, NAME=255,0,0")
            return
        }
        switch parts[0].lowercased() {
        case "run": done = sequence
        case "cancel": cancelled = sequence
        case "error": failed = sequence
        case "warning": warning = sequence
        default:
            complaints.append(
                "\"\(parts[0].excerpt)\" of BUILDKIT_COLORS has no colour: run, cancel, error and warning have one")
        }
    }

    private static func sequence(_ value: String) -> String? {
        let names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
        if value.isSame(as: "default") { return "\u{1b}[39m" }
        for (number, name) in names.enumerated() {
            if value.isSame(as: name) { return "\u{1b}[\(30 + number)m" }
            if value.isSame(as: "light-" + name) { return "\u{1b}[\(90 + number)m" }
        }
        let parts = value.split(on: ",", omittingEmptySubsequences: false)
        let shares = parts.compactMap { UInt8($0) }
        guard parts.count == 3, shares.count == 3 else { return nil }
        return "\u{1b}[38;2;\(shares[0]);\(shares[1]);\(shares[2])m"
    }
}
