import Bytes

// RUN, COPY, ADD and HEALTHCHECK.
extension InstructionParser {
    func run(_ json: JSONWords) throws(Fault) -> RunInstruction {
        let flags = try InstructionFlags(
            words.flags, known: ["mount": .list, "network": .text, "security": .text, "device": .list])
        for mount in flags.list("mount") { try RunMount.check(mount) }
        var devices: [RunDevice] = []
        for device in flags.list("device") { devices.append(try RunDevice(device)) }
        let command = commandLine(words.arguments, json)
        return RunInstruction(
            program: program(command), command: command, mounts: flags.list("mount"),
            network: try Self.choice(flags.text("network"), .default, "network mode"),
            security: try Self.choice(flags.text("security"), .sandbox, "security mode"), devices: devices)
    }

    private static func choice<Choice: RawRepresentable>(
        _ value: String?, _ standard: Choice, _ what: String
    ) throws(Fault) -> Choice where Choice.RawValue == String {
        guard let value else { return standard }
        guard let choice = Choice(rawValue: value) else { throw Fault("invalid \(what) \(GoValue.quoted(value))") }
        return choice
    }

    private func program(_ command: CommandLine) -> RunInstruction.Program {
        guard case .shell(let text) = command else {
            if case .exec(let list) = command { return .exec(list) }
            return .exec([])
        }
        guard let first = line.heredocs.first else { return .shell(text) }
        if Self.heredoc(text) != nil {
            if first.content.starts(with: [35, 33]) { return .script(name: first.name, content: first.text) }
            return .shell(String(decoding: first.text, as: UTF8.self))
        }
        var whole = text
        for heredoc in line.heredocs {
            whole += "\n" + String(decoding: heredoc.content, as: UTF8.self) + heredoc.name
        }
        return .shell(whole)
    }

    func copy(_ list: [String], isAdd: Bool) throws(Fault) -> CopyInstruction {
        guard list.count >= 2 else {
            throw Fault(
                "\(words.keyword) requires at least two arguments, but only one was provided. Destination could not be determined"
            )
        }
        let flags = try copyFlags(isAdd)
        let destination = list[list.count - 1]
        if Self.heredoc(destination) != nil {
            throw Fault("\(words.keyword) cannot accept a heredoc as a destination")
        }
        var sources: [String] = []
        var files: [CopyInstruction.InlineFile] = []
        for source in list.dropLast() {
            guard let sign = Self.heredoc(source),
                let found = line.heredocs.last(where: { $0.name.isSame(as: sign.name) })
            else {
                sources.append(source)
                continue
            }
            files.append(
                CopyInstruction.InlineFile(name: found.name, content: found.text, isExpanded: found.isExpanded))
        }
        return CopyInstruction(
            sources: sources, files: files, destination: destination, from: flags.text("from"),
            owner: flags.text("chown"),
            mode: flags.text("chmod"), isLinked: flags.bool("link") ?? false,
            keepsParents: flags.bool("parents") ?? false,
            excluded: flags.list("exclude"), checksum: flags.text("checksum"),
            keepsGitDirectory: flags.bool("keep-git-dir"), unpacks: flags.bool("unpack"))
    }

    private func copyFlags(_ isAdd: Bool) throws(Fault) -> InstructionFlags {
        guard isAdd else {
            return try InstructionFlags(
                words.flags,
                known: [
                    "from": .text, "chown": .text, "chmod": .text, "link": .bool, "parents": .bool, "exclude": .list,
                ])
        }
        return try InstructionFlags(
            words.flags,
            known: [
                "chown": .text, "chmod": .text, "link": .bool, "exclude": .list, "checksum": .text,
                "keep-git-dir": .bool,
                "unpack": .bool,
            ])
    }

    // A word whose quotes do not end announces nothing.
    private static func heredoc(_ word: String) -> Heredoc? {
        do throws(Fault) { return try HeredocWords.one(Array(word.utf8)) } catch { return nil }
    }

    func healthCheckParts() -> (type: String, rest: ArraySlice<UInt8>, json: JSONWords) {
        let text = words.arguments
        let end = text.firstIndex { $0 == 32 || ($0 >= 9 && $0 <= 13) } ?? text.endIndex
        let rest = Blanks.trimmedFront(text[end...])
        return (String(decoding: text[..<end], as: UTF8.self).uppercased(), rest, JSONWords.parse(rest))
    }

    func healthCheck(_ type: String, _ rest: ArraySlice<UInt8>, _ json: JSONWords) throws(Fault) -> HealthCheck {
        if type.isEmpty { throw Self.needsOne("HEALTHCHECK") }
        if type.isSame(as: "NONE") {
            guard rest.isEmpty else { throw Fault("HEALTHCHECK NONE takes no arguments") }
            return HealthCheck(command: nil, interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0)
        }
        let flags = try InstructionFlags(
            words.flags,
            known: [
                "interval": .text, "timeout": .text, "start-period": .text, "start-interval": .text, "retries": .text,
            ])
        guard type.isSame(as: "CMD") else {
            throw Fault("Unknown type \(GoValue.quoted(type)) in HEALTHCHECK (try CMD)")
        }
        guard !rest.isEmpty, json != .words([]) else { throw Fault("Missing command after HEALTHCHECK CMD") }
        return HealthCheck(
            command: commandLine(rest, json), interval: try Self.duration(flags, "interval"),
            timeout: try Self.duration(flags, "timeout"), startPeriod: try Self.duration(flags, "start-period"),
            startInterval: try Self.duration(flags, "start-interval"), retries: try Self.retries(flags))
    }

    private static func duration(_ flags: InstructionFlags, _ name: String) throws(Fault) -> Int64 {
        guard let text = flags.text(name), !text.isEmpty else { return 0 }
        let value: Int64
        do throws(GoDurationFailure) { value = try goDuration(text) } catch {
            throw Fault(error.sentence(of: text.excerpt))
        }
        guard value == 0 || value >= 1_000_000 else { throw Fault("Interval \"\(name)\" cannot be less than 1ms") }
        return value
    }

    private static func retries(_ flags: InstructionFlags) throws(Fault) -> Int32 {
        guard let text = flags.text("retries"), !text.isEmpty else { return 0 }
        guard let wide = Int64(text) else {
            throw Fault("strconv.ParseInt: parsing \(GoValue.quoted(text)): invalid syntax")
        }
        guard let value = Int32(exactly: wide) else {
            throw Fault("strconv.ParseInt: parsing \(GoValue.quoted(text)): value out of range")
        }
        guard value >= 0 else { throw Fault("--retries cannot be negative (\(value))") }
        return value
    }
}
