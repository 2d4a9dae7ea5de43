import Bytes

// What FROM says with the values of global arguments.
extension Linter {
    /// Without what the caller says, the defaults alone should result in images' names.
    mutating func checkDefaults() {
        let plain = BuildArguments(predefined: arguments.predefined)
        do throws(DockerfileError) {
            let scope = try GlobalScope(file, plain)
            for stage in file.stages {
                let lines = stage.instruction.lines
                let name = try scope.expand(stage.from.base, file.directives.escape, lines).text
                guard !ImageName.isValid(name) else { continue }
                warn(
                    .invalidDefaultArgInFrom,
                    "Default value for ARG \(stage.from.base) results in empty or invalid base image name", lines)
            }
        } catch {
            // What cannot be expanded is no warning: the build says why it fails.
            return
        }
    }

    mutating func checkFrom(_ stage: Stage, _ scope: GlobalScope) throws(DockerfileError) {
        let lines = stage.instruction.lines
        let base = try scope.expand(stage.from.base, file.directives.escape, lines)
        reportUnset(base, scope, lines)
        guard let text = stage.from.platform else { return }
        let platform = try scope.expand(text, file.directives.escape, lines)
        reportUnset(platform, scope, lines)
        if platform.used == [ByteKey("TARGETPLATFORM")], platform.unset.isEmpty,
            scope.variables["TARGETPLATFORM"]?.isSame(as: platform.text) == true
        {
            warn(
                .redundantTargetPlatform,
                "Setting platform to predefined \(text) in FROM is redundant as this is the default behavior", lines)
        }
        guard platform.used.isEmpty, platform.unset.isEmpty else { return }
        let parts = platform.text.split(on: "/").map { String($0) }
        let name = stage.from.name ?? ""
        guard (1...3).contains(parts.count), !parts.prefix(2).contains(where: { Self.holds(name, $0) }) else { return }
        warn(
            .fromPlatformFlagConstDisallowed,
            "FROM --platform flag should not use constant value \(GoValue.quoted(platform.text))", lines)
    }

    private static func holds(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        guard !part.isEmpty, text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
    }

    private mutating func reportUnset(_ expansion: Expansion, _ scope: GlobalScope, _ lines: LineRange) {
        let declared = file.globalArguments.flatMap { instruction -> [String] in
            guard case .arg(let definitions) = instruction.action else { return [] }
            return definitions.map(\.name)
        }
        let known = scope.variables.names + declared
        for name in expansion.unset.sorted().map(\.text) where !known.has(name) {
            let meant = Suggestion.nearest(to: name, among: known)
            let hint = meant.map { " (did you mean \($0)?)" } ?? ""
            warn(.undefinedArgInFrom, "FROM argument '\(name)' is not declared\(hint)", lines)
        }
    }
}

/// Whether a text can name an image (distribution's grammar of references, read loosely).
enum ImageName {
    static func isValid(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        if let sign = rest.firstIndex(of: UInt8(ascii: "@")) {
            guard isDigest(rest[(sign + 1)...]) else { return false }
            rest = rest[..<sign]
        }
        let slash = rest.lastIndex(of: UInt8(ascii: "/"))
        if let colon = rest.lastIndex(of: UInt8(ascii: ":")), colon > slash ?? rest.startIndex {
            let tag = rest[(colon + 1)...]
            guard (1...128).contains(tag.count), tag.first != 45, tag.first != 46,
                tag.allSatisfy({ isWord($0) || $0 == 45 || $0 == 46 })
            else { return false }
            rest = rest[..<colon]
        }
        var parts = rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // The registry's name may have capitals and a port.
        if parts.count > 1, let host = parts.first,
            host.contains(46) || host.contains(58) || host.elementsEqual("localhost".utf8)
                || host.contains(where: isCapital)
        {
            parts.removeFirst()
        }
        return parts.allSatisfy(isComponent)
    }

    private static func isComponent(_ part: ArraySlice<UInt8>) -> Bool {
        guard let first = part.first, let last = part.last, isPlain(first), isPlain(last) else { return false }
        return part.allSatisfy { isPlain($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    }

    private static func isDigest(_ text: ArraySlice<UInt8>) -> Bool {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let digits = text[(colon + 1)...]
        return colon > text.startIndex && digits.count >= 32 && digits.allSatisfy { isPlain($0) }
    }

    private static func isPlain(_ byte: UInt8) -> Bool { (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) }
    private static func isCapital(_ byte: UInt8) -> Bool { byte >= 65 && byte <= 90 }
    private static func isWord(_ byte: UInt8) -> Bool { isPlain(byte) || isCapital(byte) || byte == 95 }
}
