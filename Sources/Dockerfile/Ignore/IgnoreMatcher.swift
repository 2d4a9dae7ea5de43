/// What of a context a `.dockerignore` leaves out. The last pattern that is a path, or one of the directories that it is in,
/// decides.
package struct IgnoreMatcher: Sendable {
    /// How many patterns are read.
    package static let patternLimit = 10_000
    /// How many bytes a pattern may have.
    package static let lengthLimit = 4096

    private let patterns: [IgnorePattern]
    /// Whether a pattern takes back what others say.
    package let hasExceptions: Bool

    /// What is known of a directory once it was looked at: its entries need no more.
    package struct Directory: Sendable {
        fileprivate var matched: [Bool] = []

        /// The context itself.
        package static let root = Directory()
    }

    /// Reads the bytes of a `.dockerignore`: one pattern a line; comments have "#" as their first letter; white space at both ends
    /// and "/" at the front do not count. Throws one sentence for a pattern that is none.
    package init(_ bytes: [UInt8]) throws(DockerfileError) {
        let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
        var texts: [(line: Int, text: [UInt8])] = []
        for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated()
        where line.first != UInt8(ascii: "#") {
            guard texts.count < Self.patternLimit else {
                throw DockerfileError("more than \(Self.patternLimit) patterns in .dockerignore are refused")
            }
            let text = Blanks.trimmed(line)
            if !text.isEmpty { texts.append((number + 1, Self.normalized(text))) }
        }
        try self.init(texts)
    }

    /// Of single patterns, as `--exclude` has them.
    package init(patterns: [String]) throws(DockerfileError) {
        try self.init(patterns.map { (1, Self.normalized(Blanks.trimmed(Array($0.utf8)[...]))) })
    }

    private init(_ texts: [(line: Int, text: [UInt8])]) throws(DockerfileError) {
        var patterns: [IgnorePattern] = []
        for (line, text) in texts {
            guard text.count <= Self.lengthLimit else {
                throw DockerfileError(
                    "a pattern in .dockerignore has more than \(Self.lengthLimit) bytes, which is refused",
                    [LineRange(line, line)])
            }
            let isException = text.first == UInt8(ascii: "!")
            guard text != [UInt8(ascii: "!")] else {
                throw DockerfileError("illegal exclusion pattern: \"!\"", [LineRange(line, line)])
            }
            do throws(Fault) {
                patterns.append(
                    try IgnorePattern(isException ? Array(text.dropFirst()) : text, isException: isException))
            } catch {
                throw DockerfileError(error.sentence, [LineRange(line, line)])
            }
        }
        self.patterns = patterns
        hasExceptions = patterns.contains { $0.isException }
    }

    // "!" stays in front, what is behind it becomes a path without "." and "..", and without "/" in front.
    private static func normalized(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let isException = text.first == UInt8(ascii: "!")
        let body = isException ? Blanks.trimmed(text.dropFirst()) : text
        guard !body.isEmpty else { return Array(text) }
        var path = cleaned(body)
        // Docker cleans "!/" once more, as if it were a name.
        if isException, path == [UInt8(ascii: "/")] { return [UInt8(ascii: "!")] }
        if path.count > 1, path.first == UInt8(ascii: "/") { path.removeFirst() }
        return isException ? [UInt8(ascii: "!")] + path : path
    }

    /// As Go's `filepath.Clean`.
    package static func cleaned(_ path: ArraySlice<UInt8>) -> [UInt8] {
        let isRooted = path.first == UInt8(ascii: "/")
        var parts: [ArraySlice<UInt8>] = []
        for part in path.split(separator: UInt8(ascii: "/")) {
            if part.elementsEqual([46]) { continue }
            if part.elementsEqual([46, 46]) {
                if let last = parts.last, !last.elementsEqual([46, 46]) {
                    parts.removeLast()
                    continue
                }
                if isRooted { continue }
            }
            parts.append(part)
        }
        let joined = Array(parts.joined(separator: [UInt8(ascii: "/")]))
        if isRooted { return [UInt8(ascii: "/")] + joined }
        return joined.isEmpty ? [UInt8(ascii: ".")] : joined
    }

    /// Whether `path`, relative to the context and without "/" at either end, is left out; `parent` is its directory's.
    /// The second value is what its own entries need, should it be a directory.
    package func ignores(_ path: ArraySlice<UInt8>, in parent: Directory) -> (isIgnored: Bool, directory: Directory) {
        var isIgnored = false
        var directory = Directory()
        directory.matched.reserveCapacity(patterns.count)
        var scratch: [Bool] = []
        for (index, pattern) in patterns.enumerated() {
            var matches = index < parent.matched.count && parent.matched[index]
            // A pattern that would change nothing is not looked at, as in Docker.
            if !matches, pattern.isException == isIgnored { matches = pattern.matches(path, &scratch) }
            directory.matched.append(matches)
            if matches { isIgnored = !pattern.isException }
        }
        return (isIgnored, directory)
    }

    /// Whether `path` is left out, by itself or by a directory that it is in.
    package func ignores(_ path: [UInt8]) -> Bool {
        var directory = Directory.root
        var isIgnored = false
        for (place, byte) in path.enumerated() where byte == UInt8(ascii: "/") {
            (isIgnored, directory) = ignores(path[..<place], in: directory)
        }
        (isIgnored, directory) = ignores(path[...], in: directory)
        return isIgnored
    }

    /// Whether nothing below the directory `path`, which is left out itself, can be wanted: it need not be read.
    package func prunes(_ path: ArraySlice<UInt8>) -> Bool {
        guard hasExceptions else { return true }
        var scratch: [Bool] = []
        return !patterns.contains { $0.isException && $0.mayMatch(below: path, &scratch) }
    }
}
