import Bytes

// FROM, ARG, ONBUILD and VOLUME.
extension InstructionParser {
    func from() throws(Fault) -> FromInstruction {
        let parts =
            words.arguments.isEmpty ? [] : Blanks.split(words.arguments).map { String(decoding: $0, as: UTF8.self) }
        var name: String?
        if parts.count == 3, parts[1].lowercased().isSame(as: "as") {
            name = parts[2].lowercased()
            guard Self.isStageName(name ?? "") else {
                throw Fault(
                    "invalid name for build stage: \(GoValue.quoted(parts[2])), name can't start with a number or contain symbols"
                )
            }
        } else if parts.count != 1 {
            // A flag without a value took its value for the image.
            _ = try InstructionFlags(words.flags, known: ["platform": .text])
            throw Fault("FROM requires either one or three arguments")
        }
        let flags = try InstructionFlags(words.flags, known: ["platform": .text])
        return FromInstruction(
            base: parts[0], platform: flags.text("platform"), name: name, writtenName: name == nil ? nil : parts[2],
            asKeyword: name == nil ? nil : parts[1])
    }

    private static func isStageName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first >= 97, first <= 122 else { return false }
        return name.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || "-_.".utf8.contains($0) }
    }

    func arguments() throws(Fault) -> [ArgumentDefinition] {
        let parts = WordSplitter.split(words.arguments, escape: escape).map { String(decoding: $0, as: UTF8.self) }
        guard !parts.isEmpty else { throw Self.needsOne("ARG") }
        // Docker takes flags in front of arguments, and forgets them; here they are refused.
        try noFlags()
        var result: [ArgumentDefinition] = []
        for part in parts {
            let name = String(part.until("="))
            guard !name.isEmpty else { throw Fault("ARG names can not be blank") }
            result.append(
                ArgumentDefinition(
                    name: name, value: part.place(of: "=").map { String(part.behind($0)) },
                    comment: line.comments.description(of: name)))
        }
        return result
    }

    func volumes(_ list: [String]) throws(Fault) -> [String] {
        guard !list.isEmpty else { throw Self.needsOne("VOLUME") }
        try noFlags()
        var result: [String] = []
        for path in list {
            let trimmed = String(decoding: Blanks.trimmed(Array(path.utf8)[...]), as: UTF8.self)
            guard !trimmed.isEmpty else { throw Fault("VOLUME specified can not be an empty string") }
            result.append(trimmed)
        }
        return result
    }

    /// The text that is read again when an image is built on this one.
    func trigger() throws(Fault) -> String {
        guard !words.arguments.isEmpty else { throw Self.needsOne("ONBUILD") }
        try noFlags()
        switch InstructionWords(words.arguments).keyword {
        case "ONBUILD": throw Fault("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
        case "FROM": throw Fault("FROM isn't allowed as an ONBUILD trigger")
        case "MAINTAINER": throw Fault("MAINTAINER isn't allowed as an ONBUILD trigger")
        default: break
        }
        // White space at the end is kept, as in Docker's images.
        let rest = Blanks.trimmedFront(Blanks.trimmedFront(line.text[...]).dropFirst(words.written.utf8.count))
        var text = String(decoding: rest, as: UTF8.self)
        for heredoc in line.heredocs {
            text += "\n" + String(decoding: heredoc.content, as: UTF8.self) + heredoc.name
        }
        return text
    }
}

extension [String] {
    /// What the comment that begins with `name` says of it; nil where none does.
    package func description(of name: String) -> String? {
        first { $0.begins(with: name + " ") }.map { String($0.dropping(name.utf8.count + 1)) }
    }
}
