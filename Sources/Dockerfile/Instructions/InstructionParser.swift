import Bytes

/// Makes an instruction of a logical line.
struct InstructionParser {
    /// Every keyword there is.
    static let keywords = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD",
        "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]

    let line: LogicalLine
    let escape: UInt8
    let words: InstructionWords

    init(_ line: LogicalLine, escape: UInt8) {
        self.line = line
        self.escape = escape
        words = InstructionWords(line.text[...])
    }

    func parse() throws(DockerfileError) -> Instruction {
        let action: Instruction.Action
        do throws(SyntaxFault) { action = try self.action() } catch {
            throw DockerfileError(error.fault, in: line.lines, isOfInstruction: error.isOfInstruction)
        }
        return Instruction(
            action: action, keyword: words.written, lines: line.lines,
            source: String(decoding: Blanks.trimmed(line.text[...]), as: UTF8.self), comments: line.comments,
            heredocs: line.heredocs)
    }

    /// What is wrong, and whether BuildKit finds it once it knows the instruction: then it says on which line it is.
    struct SyntaxFault: Error {
        let fault: Fault
        let isOfInstruction: Bool
    }

    private func action() throws(SyntaxFault) -> Instruction.Action {
        // What takes arguments apart comes before what holds flags against those that are known.
        switch words.keyword {
        case "ENV", "LABEL":
            let pairs = try early { () throws(Fault) in
                try KeyValueWords.parse(words.arguments, words.keyword, escape: escape)
            }
            return try late { () throws(Fault) in
                try noFlags()
                let checked = try KeyValueWords.checked(pairs, words.keyword)
                return words.keyword.isSame(as: "ENV") ? .env(checked) : .label(checked)
            }
        case "CMD", "ENTRYPOINT", "RUN", "SHELL", "VOLUME", "COPY", "ADD":
            let json = JSONWords.parse(words.arguments)
            if json == .mixed { throw SyntaxFault(fault: JSONWords.mixedFault, isOfInstruction: false) }
            return try late { () throws(Fault) in try withList(json) }
        case "HEALTHCHECK":
            let parts = healthCheckParts()
            if parts.json == .mixed { throw SyntaxFault(fault: JSONWords.mixedFault, isOfInstruction: false) }
            return try late { () throws(Fault) in .healthcheck(try healthCheck(parts.type, parts.rest, parts.json)) }
        default: return try late { () throws(Fault) in try simple() }
        }
    }

    private func early<T>(_ body: () throws(Fault) -> T) throws(SyntaxFault) -> T {
        do throws(Fault) { return try body() } catch { throw SyntaxFault(fault: error, isOfInstruction: false) }
    }

    private func late<T>(_ body: () throws(Fault) -> T) throws(SyntaxFault) -> T {
        do throws(Fault) { return try body() } catch { throw SyntaxFault(fault: error, isOfInstruction: true) }
    }

    private func withList(_ json: JSONWords) throws(Fault) -> Instruction.Action {
        switch words.keyword {
        case "CMD":
            try noFlags()
            return .cmd(commandLine(words.arguments, json))
        case "ENTRYPOINT":
            try noFlags()
            let isEmpty = words.arguments.isEmpty || json == .words([])
            return .entrypoint(isEmpty ? nil : commandLine(words.arguments, json))
        case "RUN": return .run(try run(json))
        case "SHELL":
            try noFlags()
            guard !words.arguments.isEmpty, json != .words([]) else { throw Self.needsOne("SHELL") }
            guard case .words(let list) = json else { throw Fault("SHELL requires the arguments to be in JSON form") }
            return .shell(list)
        case "VOLUME": return .volume(try volumes(list(json)))
        case "COPY": return .copy(try copy(list(json), isAdd: false))
        default: return .add(try copy(list(json), isAdd: true))
        }
    }

    private func simple() throws(Fault) -> Instruction.Action {
        switch words.keyword {
        case "FROM": return .from(try from())
        case "ARG": return .arg(try arguments())
        case "EXPOSE":
            guard !words.arguments.isEmpty else { throw Self.needsOne("EXPOSE") }
            try noFlags()
            return .expose(Blanks.split(words.arguments).map { String(decoding: $0, as: UTF8.self) })
        case "USER": return .user(try whole())
        case "WORKDIR": return .workdir(try whole())
        case "MAINTAINER": return .maintainer(try whole())
        // Docker takes flags in front of a signal, and forgets them; here they are refused.
        case "STOPSIGNAL": return .stopSignal(try whole())
        case "ONBUILD": return .onbuild(try trigger())
        default:
            throw Fault(
                "unknown instruction: \(words.written.excerpt)", given: words.written, among: Self.keywords,
                ignoringCase: true)
        }
    }

    func noFlags() throws(Fault) { _ = try InstructionFlags(words.flags, known: [:]) }

    static func needsOne(_ keyword: String) -> Fault { Fault("\(keyword) requires at least one argument") }

    /// All of the arguments as one text.
    private func whole() throws(Fault) -> String {
        guard !words.arguments.isEmpty else { throw Fault("\(words.keyword) requires exactly one argument") }
        try noFlags()
        return String(decoding: words.arguments, as: UTF8.self)
    }

    /// The arguments of a list, or between white space.
    private func list(_ json: JSONWords) -> [String] {
        if case .words(let list) = json { return list }
        guard !words.arguments.isEmpty else { return [] }
        return Blanks.split(words.arguments).map { String(decoding: $0, as: UTF8.self) }
    }

    func commandLine(_ text: ArraySlice<UInt8>, _ json: JSONWords) -> CommandLine {
        if case .words(let list) = json { return .exec(list) }
        return .shell(String(decoding: text, as: UTF8.self))
    }
}
