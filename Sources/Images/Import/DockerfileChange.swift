import Bytes
import Errors
import JSON
import OCI

/// One Dockerfile instruction as `import --change` (and `commit --change`) take it.
struct DockerfileChange {
    let instruction: String
    let rest: String

    /// The instructions of `texts`, each a piece of a Dockerfile: with comments, and lines that a backslash continues.
    /// Throws for what is none.
    static func all(_ texts: [String]) throws(EngineError) -> [DockerfileChange] {
        var changes: [DockerfileChange] = []
        for text in texts {
            for line in instructions(Array(text.utf8)) { changes.append(try DockerfileChange(line)) }
        }
        return changes
    }

    // A comment is left out also between lines that belong together, and so is an empty line there.
    private static func instructions(_ text: [UInt8]) -> [String] {
        var found: [String] = []
        var open: [UInt8]?
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
        for raw in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let start = raw.drop(while: isBlank)
            if start.isEmpty || start.first == UInt8(ascii: "#") { continue }
            let end = raw.lastIndex { !isBlank($0) } ?? raw.startIndex
            let continues = raw[end] == UInt8(ascii: "\\")
            open = (open ?? []) + (continues ? raw[..<end] : raw)
            if !continues, let whole = open {
                found.append(String(decoding: whole, as: UTF8.self))
                open = nil
            }
        }
        if let open { found.append(String(decoding: open, as: UTF8.self)) }
        return found
    }

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
            for (name, value) in try pairs(config.env ?? []) {
                config.env = Self.setting(name, value, in: config.env ?? [])
            }
        case "LABEL":
            for (name, value) in try pairs(config.env ?? []) {
                config.labels = (config.labels ?? [:]).merging([ByteKey(name): value]) { $1 }
            }
        case "EXPOSE":
            for port in try words(config.env ?? []) {
                config.exposedPorts = (config.exposedPorts ?? [:]).merging(try Self.ports(port[...])) { $1 }
            }
        case "ONBUILD": config.onBuild = (config.onBuild ?? []) + [rest]
        case "STOPSIGNAL": config.stopSignal = try single(config.env ?? [])
        case "USER": config.user = try single(config.env ?? [])
        case "VOLUME":
            let listed = Self.json(rest)
            let paths = if let listed { listed } else { try words(config.env ?? []) }
            for path in paths {
                config.volumes = (config.volumes ?? [:]).merging([ByteKey(path): EmptyObject()]) { $1 }
            }
        case "WORKDIR":
            let path = try text(rest[...], config.env ?? [])
            config.workingDir = path.begins(with: "/") ? path : Self.join(config.workingDir ?? "/", path)
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
        text.begins(with: "[") ? try? JSONTree.decode([String].self, from: Array(text.utf8)) : nil
    }

    /// The exec form, or the shell form with the shell that runs it.
    private func commandLine() -> [String] { Self.json(rest) ?? ["/bin/sh", "-c", rest] }

    private func single(_ environment: [String]) throws(EngineError) -> String {
        guard !rest.contains(where: \.isWhitespace) else {
            throw EngineError("\(instruction) requires exactly one argument")
        }
        return try text(rest[...], environment)
    }

    /// "80", "80/udp", "8000-8010/tcp".
    private static func ports(_ text: Substring) throws(EngineError) -> [ByteKey: EmptyObject] {
        let parts = text.split(on: "/", omittingEmptySubsequences: false)
        let bounds = parts[0].split(on: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        let transport = parts.count > 1 ? parts[1].lowercased() : "tcp"
        guard parts.count <= 2, (1...2).contains(bounds.count), let first = bounds[0],
            let last = bounds[bounds.count - 1],
            first > 0, first <= last, ["tcp", "udp", "sctp"].contains(transport)
        else { throw EngineError("invalid port \"\(text)\": give PORT[-PORT][/tcp|udp|sctp]") }
        return Dictionary(uniqueKeysWithValues: (first...last).map { (ByteKey("\($0)/\(transport)"), EmptyObject()) })
    }

    private static func join(_ base: String, _ path: String) -> String {
        (base.ends(with: "/") ? base : base + "/") + path
    }

    private static func setting(_ name: String, _ value: String, in list: [String]) -> [String] {
        var list = list
        let line = "\(name)=\(value)"
        if let place = list.firstIndex(where: { $0.begins(with: name + "=") }) {
            list[place] = line
        } else {
            list.append(line)
        }
        return list
    }

    /// `NAME=VALUE …` with quotes and backslashes, or the older `NAME VALUE` to the end of the line.
    private func pairs(_ environment: [String]) throws(EngineError) -> [(name: String, value: String)] {
        let words = try words(environment)
        guard let first = words.first else { return [] }
        if !first.has("=") {
            guard words.count > 1 else { throw EngineError("\(instruction) must have two arguments") }
            let name = rest.prefix { !$0.isWhitespace }
            return [(String(name), try text(Self.trimmed(rest[name.endIndex...])[...], environment))]
        }
        var result: [(name: String, value: String)] = []
        for word in words {
            guard let equals = word.place(of: "="), equals != word.startIndex else {
                throw EngineError("syntax error: can't find = in \"\(word)\"; must be of the form: name=value")
            }
            result.append((String(word[..<equals]), String(word.behind(equals))))
        }
        return result
    }

    /// The words of the arguments, with quotes and backslashes taken away and the variables of `environment` ("NAME=value")
    /// put in.
    private func words(_ environment: [String]) throws(EngineError) -> [String] {
        var scanner = DockerfileWords(Array(rest.utf8), environment: environment)
        guard let words = scanner.words() else { throw EngineError("\(instruction): a quote is not closed") }
        return words
    }

    /// The arguments as one text, with quotes and backslashes taken away and variables put in.
    private func text(_ text: Substring, _ environment: [String]) throws(EngineError) -> String {
        var scanner = DockerfileWords(Array(text.utf8), environment: environment, splits: false)
        guard let words = scanner.words() else { throw EngineError("\(instruction): a quote is not closed") }
        return words.first ?? ""
    }
}
