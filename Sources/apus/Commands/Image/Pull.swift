import Bytes
import DockerTypes
import Engine
import Errors
import Flags
import Glibc
import Images
import Linux
import OCI

extension Verb {
    static let pull = Verb(
        id: "image pull",
        syntax: CommandSyntax(
            summary: "Download an image from a registry", usage: ["[OPTIONS] NAME[:TAG|@DIGEST]"],
            flags: [
                Flag("all-tags", "a", .bool, "Download all tagged images in the repository"),
                Flag(
                    "disable-content-trust", nil, .bool, "Skip image verification", defaultValue: "true",
                    isHidden: true),
                Flag("platform", nil, .string, "Set platform if server is multi-platform capable"),
                Flag(
                    "policy", nil, .string, "When to ask the registry (always, missing, never, newer)",
                    defaultValue: PullPolicy.always.rawValue
                ) { text in
                    PullPolicy(rawValue: text) == nil ? "must be one of always, missing, never, newer" : nil
                },
                Flag("quiet", "q", .bool, "Suppress verbose output"),
            ],
            arguments: .exactly(1), completion: .images)
    ) { parsed, context in try Pull.run(parsed, context) }
}

/// `apus pull`.
enum Pull {
    static func run(_ parsed: ParsedArguments, _ context: Context) throws -> CInt {
        guard parsed.bool("disable-content-trust") else {
            throw CommandFailure("content trust is not supported: leave --disable-content-trust=false out")
        }
        let name = try TypedName.expanded(parsed.positionals[0])
        let isQuiet = parsed.bool("quiet")
        let takesAll = parsed.bool("all-tags")
        let bare = try Reference(name, defaultTag: nil)
        if takesAll, bare.tag != nil || bare.digest != nil {
            throw CommandFailure("tag can't be used with --all-tags/-a")
        }
        let policy = PullPolicy(rawValue: parsed.string("policy") ?? "") ?? .always
        if takesAll, policy != .always {
            throw CommandFailure(
                "--policy \(policy.rawValue) can't be used with --all-tags/-a, which only the registry can say: leave one of them out"
            )
        }
        let reference = try Reference(name)
        if !isQuiet, !takesAll, bare.tag == nil, bare.digest == nil {
            try context.output.line("Using default tag: \(Reference.defaultTag)")
        }
        // What is shown from now on goes past the buffer.
        try context.output.flush()
        var platform: Platform?
        if let text = parsed.string("platform"), !text.isEmpty { platform = try Platform(parsing: text) }
        let options = PullOptions(
            platform: platform, configuration: context.options.config, agent: "apus/\(VersionInfo.number)")
        let display = isQuiet ? nil : PullDisplay(STDOUT_FILENO)
        defer { display?.close() }
        let engine = try context.engine()
        if takesAll {
            let images = try waitFor {
                try await engine.pullAllTags(bare, options) { event in
                    display?.show(event)
                    if case .skipped(let tag, let type) = event { skip(tag, type) }
                }
            }
            display?.end(bare.familiarName, isNewer: images.contains(where: \.isNewer))
        } else {
            switch try waitFor({ try await engine.pull(reference, policy, options) { display?.show($0) } }) {
            case .pulled(let image): display?.end(reference.familiar, isNewer: image.isNewer)
            case .present: display?.endPresent(reference.familiar)
            case .unreachable(_, let cause):
                context.warn("\(reference.familiar) is the image that was here: \(cause)")
                display?.endPresent(reference.familiar)
            }
        }
        try context.output.line((takesAll ? bare : reference).description)
        return 0
    }

    // Any thread may say it: not by what the command writes to.
    private static func skip(_ tag: Reference, _ type: String) {
        let line = "skipping \(tag.familiar): it is no image, but of the type \(type.excerpt)"
        try? Output(STDERR_FILENO, limit: 0, forEyes: true).line(VisibleText.escaped(line))
    }
}
