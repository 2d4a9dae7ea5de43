import Build
import BuildDisplay
import Bytes
import ContainerSpec
import Dockerfile
import Errors
import Flags
import Images
import OCI

/// Turns the flags and the argument of `build` into what is to be done.
struct BuildOptionReader {
    let parsed: ParsedArguments
    /// What a relative path is relative to.
    let directory: String
    /// The caller's variables.
    let caller: (String) -> String?
    /// "NAME=value": arguments that a build has where the command line has no others of those names.
    var proxies: [String] = []
    /// Whether the standard output is a terminal.
    var isTerminal = false

    /// All that is asked for. `input` gets what is on the standard input, once, where that is the context or the Dockerfile. Throws
    /// `OptionError`.
    func read(pulling: PullOptions, input: () throws -> BuildInput) throws -> BuildInvocation {
        let progress = try progress()
        let call = try DockerfileCall(parsed.isSet("call") || !parsed.bool("check") ? text("call") : "check")
        try refuse()
        var request = BuildRequest(context: .empty, pulling: pulling)
        request.target = text("target").isEmpty ? nil : text("target")
        request.platforms = try BuildOption.platforms(parsed.list("platform"))
        try readVariables(&request)
        try readCache(&request)
        try readAccess(&request)
        try readContainer(&request)
        request.squashes = parsed.bool("squash")
        let plan = try plan(request)
        request.outputs = plan.outputs
        request.rewritesTimes = plan.rewritesTimes
        if plan.hasFiles, !text("iidfile").isEmpty {
            throw OptionError.usage("local and tar exporters are incompatible with image ID file")
        }
        for context in parsed.list("build-context") {
            let (name, other) = try NamedContextOption.read(context, directory: directory)
            request.namedContexts[name] = other
        }
        try readContext(&request, input)
        return BuildInvocation(
            request: request, plan: plan, call: call, progress: progress, isQuiet: parsed.bool("quiet"),
            imageIDFile: path("iidfile"), metadataFile: path("metadata-file"))
    }

    func text(_ name: String) -> String { parsed.string(name) ?? "" }

    private func path(_ name: String) -> String? {
        let path = text(name)
        return path.isEmpty ? nil : absolute(path)
    }

    func absolute(_ path: String) -> String { path.begins(with: "/") ? path : "\(directory)/\(path)" }

    private func progress() throws(OptionError) -> ProgressMode {
        let flag = parsed.isSet("progress") ? text("progress") : nil
        let isQuiet = parsed.bool("quiet")
        if isQuiet, let flag, flag == "plain" || flag == "tty" {
            throw .usage("progress=\(flag) and quiet cannot be used together")
        }
        return try ProgressMode(flag: flag, isQuiet: isQuiet, environment: caller)
    }

    private func refuse() throws(OptionError) {
        let builder = parsed.isSet("builder") ? text("builder") : caller("BUILDX_BUILDER") ?? ""
        guard builder.isEmpty || builder == "default" else {
            throw .usage("no builder \(goQuoted(builder)) found: apus builds by itself, and calls that \"default\"")
        }
        for attestation in parsed.list("attest") { try AttestationOption.check(attestation) }
        for flag in ["provenance", "sbom"] { try AttestationOption.check(text(flag), flag: flag) }
        for right in parsed.list("allow") { try BuildOption.checkEntitlement(right) }
        guard parsed.bool("disable-content-trust") else {
            throw .refused("--disable-content-trust=false", "there is no service that signs names")
        }
        guard parsed.bool("rm") else {
            throw .refused("--rm=false", "the containers of a build's steps go with their steps")
        }
        let isolation = text("isolation")
        guard isolation.isEmpty || isolation == "default" else {
            throw OptionError("invalid isolation (\(isolation)): linux only supports 'default'")
        }
    }

    private func plan(_ request: BuildRequest) throws(OptionError) -> OutputPlan {
        var context = OutputPlan.Context()
        for tag in parsed.list("tag") {
            let name = try BuildOption.tag(tag)
            if !context.names.contains(name) { context.names.append(name) }
        }
        for annotation in parsed.list("annotation") {
            if let pair = try AnnotationOption.read(annotation) { context.annotations.append(pair) }
        }
        context.pushes = parsed.bool("push")
        context.loads = parsed.bool("load")
        context.platforms = max(1, request.platforms.count)
        context.directory = directory
        context.isTerminal = isTerminal
        var outputs: [OutputOption] = []
        for text in parsed.list("output") { if let output = try OutputOption(text) { outputs.append(output) } }
        return try OutputPlan(outputs, context)
    }

    private func readVariables(_ request: inout BuildRequest) throws(OptionError) {
        for text in parsed.list("build-arg") {
            if let (name, value) = try KeyValueOption.argument(text, caller: caller) { request.arguments[name] = value }
        }
        for proxy in proxies {
            let name = String(proxy.until("="))
            if request.arguments[name] == nil { request.arguments[name] = String(proxy.dropping(name.utf8.count + 1)) }
        }
        let epoch = SourceDateEpoch.name
        if request.arguments[epoch] == nil, let value = caller(epoch), !value.isEmpty {
            request.arguments[epoch] = value
        }
        request.epoch = try SourceDateEpoch.seconds(request.arguments[epoch] ?? "")
        for text in parsed.list("label") {
            let (key, value) = try KeyValueOption.label(text)
            if let place = request.labels.firstIndex(where: { $0.key.isSame(as: key) }) {
                request.labels[place].value = value
            } else {
                request.labels.append((key, value))
            }
        }
    }

    private func readCache(_ request: inout BuildRequest) throws(OptionError) {
        request.pulls = parsed.bool("pull")
        request.ignoresCache = parsed.bool("no-cache")
        request.uncachedStages = parsed.list("no-cache-filter").filter { !$0.isEmpty }
        guard !request.ignoresCache || request.uncachedStages.isEmpty else {
            throw OptionError("--no-cache and --no-cache-filter cannot currently be used together")
        }
        for text in parsed.list("cache-from") {
            if let source = try CacheOption.source(text, directory: directory) { request.cacheSources.append(source) }
        }
        for text in parsed.list("cache-to") {
            switch try CacheOption.destination(text, directory: directory) {
            case .inline?: request.inlinesCache = true
            case .target(let target)?: request.cacheTargets.append(target)
            case nil: continue
            }
        }
        // How it was asked for before there was a flag.
        if let value = request.arguments["BUILDKIT_INLINE_CACHE"], goBool(value) == true { request.inlinesCache = true }
    }

    private func readAccess(_ request: inout BuildRequest) throws(OptionError) {
        for text in parsed.list("secret") {
            guard let (id, secret) = try SecretOption.read(text, directory: directory, caller: caller) else { continue }
            request.secrets[id] = secret
        }
        for text in parsed.list("ssh") {
            guard let (id, agent) = try AgentOption.read(text, directory: directory, caller: caller) else { continue }
            guard request.agents[id] == nil else {
                throw OptionError("--ssh names \(goQuoted(id)) twice: give each agent a name of its own")
            }
            request.agents[id] = agent
        }
    }

    private static let limits = [
        "cpu-period", "cpu-quota", "cpu-shares", "cpuset-cpus", "cpuset-mems", "memory", "memory-swap",
    ]

    private func readContainer(_ request: inout BuildRequest) throws(OptionError) {
        request.container.network = try BuildOption.network(text("network"))
        for text in parsed.list("add-host") { request.container.hosts += try BuildOption.hosts(text) }
        if let size = parsed.bytes("shm-size"), size > 0 { request.container.sharedMemory = size }
        for text in parsed.list("ulimit") { request.container.limits.append(try Ulimit(text)) }
        request.container.cgroupParent = text("cgroup-parent").isEmpty ? nil : text("cgroup-parent")
        for (name, value) in parsed.uses(of: Self.limits) {
            _ = try request.container.resources.take(name, value)
        }
    }
}
