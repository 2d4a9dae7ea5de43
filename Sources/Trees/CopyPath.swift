/// Paths of `cp` as texts, which decide what is copied to where before any file is looked at: Go's rules for cleaning a path
/// (path/filepath) and Docker's for what a slash or a dot at its end says. Paths are bytes.
package enum CopyPath {
    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// The shortest path that means the same without looking at links (Go's `Clean`).
    package static func clean(_ path: [UInt8]) -> [UInt8] {
        let isAbsolute = path.first == slash
        var parts: [ArraySlice<UInt8>] = []
        for part in path.split(separator: slash) where part != [dot] {
            guard part == [dot, dot] else {
                parts.append(part)
                continue
            }
            if let last = parts.last, last != [dot, dot] {
                parts.removeLast()
            } else if !isAbsolute {
                parts.append(part)
            }
        }
        let joined = Array(parts.joined(separator: [slash]))
        if isAbsolute { return [slash] + joined }
        return joined.isEmpty ? [dot] : joined
    }

    /// The last component: "." for an empty path, "/" for slashes alone (Go's `Base`).
    package static func base(_ path: [UInt8]) -> [UInt8] {
        if path.isEmpty { return [dot] }
        return path.split(separator: slash).last.map(Array.init) ?? [slash]
    }

    /// All but the last component, cleaned (Go's `Dir`).
    package static func directory(_ path: [UInt8]) -> [UInt8] {
        guard let place = path.lastIndex(of: slash) else { return [dot] }
        return clean(Array(path[...place]))
    }

    /// Both with a slash between them, cleaned.
    package static func join(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] { clean(first + [slash] + second) }

    /// Whether it begins with a slash.
    package static func isAbsolute(_ path: [UInt8]) -> Bool { path.first == slash }

    /// Whether it ends with a slash.
    package static func endsInSlash(_ path: [UInt8]) -> Bool { path.last == slash }

    /// Whether the path ends in ".": what is in the directory is meant, and not the directory.
    package static func namesContent(_ path: [UInt8]) -> Bool { base(path) == [dot] }

    /// Whether the path says that it is one of a directory.
    package static func assertsDirectory(_ path: [UInt8]) -> Bool { endsInSlash(path) || namesContent(path) }

    /// `cleaned` with the slash or the dot at its end that `original` has.
    package static func keepingEnd(_ cleaned: [UInt8], of original: [UInt8]) -> [UInt8] {
        var path = cleaned
        if !namesContent(path), namesContent(original) {
            if !endsInSlash(path) { path.append(slash) }
            path.append(dot)
        }
        if !endsInSlash(path), endsInSlash(original) { path.append(slash) }
        return path
    }

    /// The directory and the name in it: "." where the path ends so.
    package static func split(_ path: [UInt8]) -> (directory: [UInt8], base: [UInt8]) {
        var cleaned = clean(path)
        if namesContent(path) { cleaned += [slash, dot] }
        return (directory(cleaned), base(cleaned))
    }

    /// Where a link in `path` leads whose target is `target`.
    package static func target(_ target: [UInt8], ofLink path: [UInt8]) -> [UInt8] {
        isAbsolute(target) ? target : join(split(path).directory, target)
    }

    /// `resolved`, which is where the link `path` leads, with the end of `path`; and the name that the copy keeps where
    /// that is not the one of `resolved`.
    package static func following(_ path: [UInt8], to resolved: [UInt8]) -> (path: [UInt8], name: [UInt8]?) {
        var resolved = resolved
        if namesContent(path), !namesContent(resolved) { resolved += [slash, dot] }
        if endsInSlash(path), !endsInSlash(resolved) { resolved.append(slash) }
        return (resolved, base(path) == base(resolved) ? nil : base(path))
    }

    /// The path in a container, absolute.
    package static func inContainer(_ path: [UInt8]) -> [UInt8] { keepingEnd(join([slash], path), of: path) }

    /// The path as text for eyes.
    package static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
}
