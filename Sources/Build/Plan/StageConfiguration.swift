import Bytes
import Dockerfile
import OCI

/// What a stage's instructions make of an image's configuration, and what the history says of them, as BuildKit has both.
struct StageConfiguration: Sendable {
    /// What the history gets for one instruction.
    struct Entry: Sendable {
        let createdBy: String
        /// The step that made its layer; nil where it changed the configuration alone.
        let step: Int?
    }

    var config: ContainerConfig
    var author: String?
    /// Those of this build; the base image's come before.
    private(set) var history: [Entry] = []
    // A command that this stage gave stays where its entrypoint comes after it.
    private var hasCommand = false

    /// Of a stage that begins with `config`.
    init(_ config: ContainerConfig, author: String? = nil) {
        self.config = config
        self.author = author
        self.config.onBuild = nil
    }

    /// Of a stage that begins with nothing.
    static var empty: StageConfiguration {
        var config = ContainerConfig()
        config.workingDir = "/"
        return StageConfiguration(config)
    }

    /// Of a stage that begins with another, which ended with `base`.
    init(after base: StageConfiguration) {
        self = base
        config.onBuild = nil
        hasCommand = false
    }

    /// The shell of shell forms.
    var shell: [String] { config.shell?.isEmpty ?? true ? ["/bin/sh", "-c"] : config.shell! }

    /// The working directory, absolute.
    var workingDirectory: String { config.workingDir?.isEmpty ?? true ? "/" : config.workingDir! }

    func words(_ command: CommandLine) -> [String] {
        switch command {
        case .shell(let text): shell + [text]
        case .exec(let words): words
        }
    }

    /// Notes an instruction that makes a layer.
    mutating func note(_ createdBy: String, step: Int?) { history.append(Entry(createdBy: createdBy, step: step)) }

    /// Applies an instruction that changes the configuration alone; RUN, COPY, ADD and WORKDIR are none.
    mutating func apply(_ expanded: ExpandedInstruction, _ scope: StageScope) {
        func listed(_ words: [String]) -> String { "[" + words.joined(separator: " ") + "]" }
        func quoted(_ words: [String]) -> String { "[" + words.map { goQuoted($0) }.joined(separator: " ") + "]" }
        switch expanded.action {
        case .arg(let definitions):
            let all = definitions.map { $0.name + ($0.value.map { "=" + $0 } ?? "") }
            note("ARG " + all.joined(separator: " "), step: nil)
        case .env(let pairs):
            config.env = scope.environment.entries
            note("ENV" + pairs.map { " \($0.key)=\($0.value)" }.joined(), step: nil)
        case .label(let pairs):
            var labels = config.labels ?? [:]
            for pair in pairs { labels[ByteKey(pair.key)] = pair.value }
            config.labels = labels
            note("LABEL" + pairs.map { " \($0.key)=\($0.value)" }.joined(), step: nil)
        case .maintainer(let name):
            author = name
            note("MAINTAINER \(name)", step: nil)
        case .cmd(let command):
            let list = words(command)
            config.cmd = list.isEmpty ? nil : list
            config.argsEscaped = true
            hasCommand = true
            note("CMD \(quoted(list))", step: nil)
        case .entrypoint(let command):
            let list = command.map { words($0) } ?? []
            config.entrypoint = list.isEmpty ? nil : list
            if !hasCommand { config.cmd = nil }
            note("ENTRYPOINT \(quoted(list))", step: nil)
        case .shell(let words):
            config.shell = words
            note("SHELL \(listed(words))", step: nil)
        case .healthcheck(let check):
            config.healthcheck = Self.healthcheck(check, self)
            note("HEALTHCHECK \(Self.text(check, self))", step: nil)
        case .expose:
            let names = expanded.ports.flatMap(\.names)
            var ports = config.exposedPorts ?? [:]
            for name in names { ports[ByteKey(name)] = EmptyObject() }
            config.exposedPorts = ports
            note("EXPOSE \(listed(names.sorted { $0.comes(before: $1) }))", step: nil)
        case .volume(let paths):
            var volumes = config.volumes ?? [:]
            for path in paths { volumes[ByteKey(path)] = EmptyObject() }
            config.volumes = volumes
            note("VOLUME \(listed(paths))", step: nil)
        case .user(let user):
            config.user = user
            note("USER \(user)", step: nil)
        case .stopSignal(let signal):
            config.stopSignal = signal
            note("STOPSIGNAL \(signal)", step: nil)
        case .onbuild(let text): config.onBuild = (config.onBuild ?? []) + [text]
        case .from, .run, .copy, .add, .workdir: break
        }
    }

    private static func healthcheck(_ check: HealthCheck, _ stage: StageConfiguration) -> Healthcheck {
        var result = Healthcheck()
        result.test = test(check)
        func value(_ number: Int64) -> Int64? { number == 0 ? nil : number }
        result.interval = value(check.interval)
        result.timeout = value(check.timeout)
        result.startPeriod = value(check.startPeriod)
        result.startInterval = value(check.startInterval)
        result.retries = check.retries == 0 ? nil : Int(check.retries)
        return result
    }

    private static func test(_ check: HealthCheck) -> [String] {
        switch check.command {
        case nil: ["NONE"]
        case .shell(let text): ["CMD-SHELL", text]
        case .exec(let words): ["CMD"] + words
        }
    }

    // As Go prints the structure with "%q".
    private static func text(_ check: HealthCheck, _ stage: StageConfiguration) -> String {
        let words = test(check).map { goQuoted($0) }.joined(separator: " ")
        let times = [check.interval, check.timeout, check.startPeriod, check.startInterval]
            .map { goQuoted(GoDuration.text($0)) }.joined(separator: " ")
        return "&{[\(words)] \(times) \(GoDuration.quotedRune(check.retries))}"
    }
}
