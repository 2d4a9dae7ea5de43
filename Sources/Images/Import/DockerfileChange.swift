import Errors
import JSON
import OCI

/// One Dockerfile instruction as `import --change` (and `commit --change`) take it.
struct DockerfileChange {
    let instruction: String
    let rest: String

    /// Throws for an empty text.
    init(_ text: String) throws(EngineError) {
        let words = text.drop(while: \.isWhitespace)
        guard let end = words.firstIndex(where: \.isWhitespace) else {
            throw EngineError("\"\(text)\" is no Dockerfile instruction with an argument")
        }
        instruction = words[..<end].uppercased()
        rest = Self.trimmed(words[end...])
        guard !rest.isEmpty else { throw EngineError("\(instruction) requires at least one argument") }
    }

    /// Changes `config` as the instruction says. Throws for one that is not allowed here or has bad arguments.
    func apply(to config: inout ContainerConfig) throws(EngineError) {
        switch instruction {
        case "CMD":
            config.cmd = commandLine()
            config.argsEscaped = nil
        case "ENTRYPOINT": config.entrypoint = commandLine()
        case "ENV":
            for (name, value) in try pairs() { config.env = Self.setting(name, value, in: config.env ?? []) }
        case "LABEL":
            for (name, value) in try pairs() { config.labels = (config.labels ?? [:]).merging([name: value]) { $1 } }
        case "EXPOSE":
            for port in rest.split(whereSeparator: \.isWhitespace) {
                config.exposedPorts = (config.exposedPorts ?? [:]).merging(try Self.ports(port)) { $1 }
            }
        case "ONBUILD": config.onBuild = (config.onBuild ?? []) + [rest]
        case "STOPSIGNAL": config.stopSignal = try single()
        case "USER": config.user = try single()
        case "VOLUME":
            for path in Self.json(rest) ?? rest.split(whereSeparator: \.isWhitespace).map(String.init) {
                config.volumes = (config.volumes ?? [:]).merging([path: EmptyObject()]) { $1 }
            }
        case "WORKDIR":
            config.workingDir = rest.hasPrefix("/") ? rest : Self.join(config.workingDir ?? "/", rest)
        case "SHELL":
            guard let words = Self.json(rest) else { throw EngineError("SHELL requires a JSON list") }
            config.shell = words
        case "HEALTHCHECK": config.healthcheck = try healthcheck()
        default: throw EngineError("\(instruction) is not a valid change command")
        }
    }

    static func trimmed(_ text: Substring) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }

    static func json(_ text: String) -> [String]? {
        text.hasPrefix("[") ? try? JSONTree.decode([String].self, from: Array(text.utf8)) : nil
    }

    /// The exec form, or the shell form with the shell that runs it.
    private func commandLine() -> [String] { Self.json(rest) ?? ["/bin/sh", "-c", rest] }

    private func single() throws(EngineError) -> String {
        guard !rest.contains(where: \.isWhitespace) else {
            throw EngineError("\(instruction) requires exactly one argument")
        }
        return rest
    }

    /// "80", "80/udp", "8000-8010/tcp".
    private static func ports(_ text: Substring) throws(EngineError) -> [String: EmptyObject] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        let transport = parts.count > 1 ? parts[1].lowercased() : "tcp"
        guard parts.count <= 2, (1...2).contains(bounds.count), let first = bounds[0],
            let last = bounds[bounds.count - 1],
            first > 0, first <= last, ["tcp", "udp", "sctp"].contains(transport)
        else { throw EngineError("invalid port \"\(text)\": give PORT[-PORT][/tcp|udp|sctp]") }
        return Dictionary(uniqueKeysWithValues: (first...last).map { ("\($0)/\(transport)", EmptyObject()) })
    }

    private static func join(_ base: String, _ path: String) -> String {
        (base.hasSuffix("/") ? base : base + "/") + path
    }

    private static func setting(_ name: String, _ value: String, in list: [String]) -> [String] {
        var list = list
        let line = "\(name)=\(value)"
        if let place = list.firstIndex(where: { $0.hasPrefix(name + "=") }) {
            list[place] = line
        } else {
            list.append(line)
        }
        return list
    }

    /// `NAME=VALUE …` with quotes and backslashes, or the older `NAME VALUE` to the end of the line.
    private func pairs() throws(EngineError) -> [(name: String, value: String)] {
        let words = try words()
        guard let first = words.first else { return [] }
        if !first.contains("=") {
            guard words.count > 1 else { throw EngineError("\(instruction) must have two arguments") }
            let name = rest.prefix { !$0.isWhitespace }
            return [(String(name), Self.trimmed(rest[name.endIndex...]))]
        }
        var result: [(name: String, value: String)] = []
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw EngineError("syntax error: can't find = in \"\(word)\"; must be of the form: name=value")
            }
            result.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
        }
        return result
    }

    private func words() throws(EngineError) -> [String] {
        var words: [String] = []
        var word = ""
        var isInWord = false
        var quote: Character?
        var isEscaped = false
        for character in rest {
            if isEscaped {
                // In double quotes a backslash is itself but before these (the shell's rule, and Dockerfile's).
                if quote == "\"", character != "\"", character != "\\", character != "$" { word.append("\\") }
                word.append(character)
                isEscaped = false
                isInWord = true
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                isInWord = true
            } else if character.isWhitespace {
                if isInWord { words.append(word) }
                word = ""
                isInWord = false
            } else {
                word.append(character)
                isInWord = true
            }
        }
        guard quote == nil else { throw EngineError("\(instruction): a quote is not closed") }
        if isEscaped { word.append("\\") }
        if isInWord { words.append(word) }
        return words
    }
}
