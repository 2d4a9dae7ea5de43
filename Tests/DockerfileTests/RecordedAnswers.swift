import Bytes
import JSON
import Linux

@testable import Dockerfile

/// Answers of a real BuildKit (Docker 28.5), which Tests/Support/Dockerfile/record.py wrote down.
struct RecordedAnswers {
    /// One question and its answer.
    struct Case {
        let dockerfile: String
        let flags: [String]
        let answer: JSONTree
        let differs: String?
    }

    static func tree(_ name: String) throws -> JSONTree {
        let tests = Files.split(Files.split(#filePath).parent).parent
        return try JSONTree.parse(Files.read("\(tests)/Support/Dockerfile/\(name).json"))
    }

    static func cases(_ name: String) throws -> [Case] {
        try (tree(name).array ?? []).map { entry in
            Case(
                dockerfile: entry["dockerfile"]?.string ?? "", flags: entry["flags"]?.array?.compactMap(\.string) ?? [],
                answer: entry["answer"] ?? .null, differs: entry["differs"]?.string)
        }
    }
}

/// What a build does with a file before anything is run: reads it, resolves stages, expands the instructions of those that the
/// target needs.
struct DryBuild {
    let file: Dockerfile
    let scopes: [Int: StageScope]
    let instructions: [Int: [ExpandedInstruction]]
    let target: Int

    init(_ recorded: RecordedAnswers.Case) throws(DockerfileError) {
        var target: String?
        var platform = "linux/amd64"
        var given = Variables()
        for (flag, value) in zip(recorded.flags, recorded.flags.dropFirst()) {
            switch flag {
            case "--target": target = value
            case "--platform": platform = value
            case "--build-arg":
                given[String(value.until("="))] = String(value.dropping(value.until("=").utf8.count + 1))
            default: break
            }
        }
        file = try Dockerfile(Array(recorded.dockerfile.utf8))
        let arguments = BuildArguments(
            given: given, predefined: BuildArguments.platforms(build: "linux/amd64", target: platform, stage: target))
        let global = try GlobalScope(file, arguments)
        let graph = try StageGraph(file, global)
        self.target = try graph.target(target)
        var scopes: [Int: StageScope] = [:]
        var instructions: [Int: [ExpandedInstruction]] = [:]
        for number in try graph.reachable(from: self.target) {
            var scope = StageScope(environment: [], global, escape: file.directives.escape)
            var all: [ExpandedInstruction] = []
            if case .stage(let base) = graph.needs[number][0].origin, let end = scopes[base] {
                scope = StageScope(after: end)
                all = instructions[base] ?? []
            }
            for instruction in file.stages[number].instructions { all.append(try scope.apply(instruction)) }
            scopes[number] = scope
            instructions[number] = all
        }
        self.scopes = scopes
        self.instructions = instructions
        if let violation = Linter(file, arguments).run().violation { throw violation }
    }

    /// What the image's configuration would have, as `docker inspect` shows it.
    var configuration: [String: JSONTree] {
        var shell = ["/bin/sh", "-c"]
        var result: [String: JSONTree] = ["Env": .strings((scopes[target]?.environment.entries) ?? [])]
        var labels: [ByteKey: String] = [:]
        var volumes: Set<String> = []
        var ports: Set<String> = []
        var triggers: [String] = []
        var workdir = "/"
        func list(_ command: CommandLine) -> [String] {
            switch command {
            case .shell(let text): shell + [text]
            case .exec(let words): words
            }
        }
        for expanded in instructions[target] ?? [] {
            switch expanded.action {
            case .label(let pairs): for pair in pairs { labels[pair.key] = pair.value }
            case .cmd(let command): result["Cmd"] = .strings(list(command))
            case .entrypoint(let command): result["Entrypoint"] = command.map { .strings(list($0)) }
            case .shell(let words):
                shell = words
                result["Shell"] = .strings(words)
            case .healthcheck(let check): result["Healthcheck"] = Self.tree(check)
            case .expose: ports.formUnion(expanded.ports.flatMap(\.names))
            case .volume(let paths): volumes.formUnion(paths)
            case .user(let user): result["User"] = .string(user)
            case .stopSignal(let signal): result["StopSignal"] = .string(signal)
            case .onbuild(let text): triggers.append(text)
            case .workdir(let path):
                workdir = path.begins(with: "/") ? path : (workdir.isSame(as: "/") ? "" : workdir) + "/" + path
                let isMarked = path.ends(with: "/") && path.begins(with: "/") && path.utf8.count > 1
                workdir =
                    String(decoding: IgnoreMatcher.cleaned(Array(workdir.utf8)[...]), as: UTF8.self)
                    + (isMarked ? "/" : "")
            default: break
            }
        }
        result["WorkingDir"] = .string(workdir)
        if !labels.isEmpty { result["Labels"] = .strings(labels) }
        func keys(_ names: Set<String>) -> JSONTree {
            .object(names.sorted { $0.comes(before: $1) }.map { JSONTree.Member($0, .object([])) })
        }
        if !volumes.isEmpty { result["Volumes"] = keys(volumes) }
        if !ports.isEmpty { result["ExposedPorts"] = keys(ports) }
        if !triggers.isEmpty { result["OnBuild"] = .strings(triggers) }
        return result
    }

    private static func tree(_ check: HealthCheck) -> JSONTree {
        let test: [String] =
            switch check.command {
            case nil: ["NONE"]
            case .shell(let text): ["CMD-SHELL", text]
            case .exec(let words): ["CMD"] + words
            }
        let numbers: [(String, Int64)] = [
            ("Interval", check.interval), ("Timeout", check.timeout), ("StartPeriod", check.startPeriod),
            ("StartInterval", check.startInterval), ("Retries", Int64(check.retries)),
        ]
        return .record([("Test", .strings(test))] + numbers.map { ($0.0, $0.1 == 0 ? nil : .integer($0.1)) })
    }
}
