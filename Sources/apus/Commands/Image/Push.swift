import DockerTypes
import Engine
import Flags
import Glibc
import Images
import Linux
import OCI

extension Verb {
    static let push = Verb(
        id: "image push",
        syntax: CommandSyntax(
            summary: "Upload an image to a registry", usage: ["[OPTIONS] NAME[:TAG]"],
            flags: [
                Flag("all-tags", "a", .bool, "Push all tags of an image to the repository"),
                Flag(
                    "disable-content-trust", nil, .bool, "Skip image signing", defaultValue: "true", isHidden: true),
                Flag(
                    "platform", nil, .string,
                    "Push the image for one platform alone, without the index (os[/arch[/variant]])"),
                Flag("quiet", "q", .bool, "Suppress verbose output"),
            ],
            arguments: .exactly(1), completion: .images)
    ) { parsed, context in try Push.run(parsed, context) }
}

/// `apus push`.
enum Push {
    // Docker's client says so, with an empty line behind it, whatever the image.
    private static let note = PushDisplay.note([
        "Using --platform pushes only the specified platform manifest of a multi-platform image index.",
        "Other components, like attestations, will not be included.",
        "To push the complete multi-platform image, remove the --platform flag.", "",
    ])

    static func run(_ parsed: ParsedArguments, _ context: Context) throws -> CInt {
        guard parsed.bool("disable-content-trust") else {
            throw CommandFailure("content trust is not supported: leave --disable-content-trust=false out")
        }
        let name = try TypedName.expanded(parsed.positionals[0])
        let isQuiet = parsed.bool("quiet")
        let takesAll = parsed.bool("all-tags")
        var platform: Platform?
        if let text = parsed.string("platform"), !text.isEmpty { platform = try Platform(parsing: text) }
        if platform != nil { try context.output.write(note) }
        let bare = try Reference(name, defaultTag: nil)
        let isBare = bare.tag == nil && bare.digest == nil
        if takesAll, !isBare { throw CommandFailure("tag can't be used with --all-tags/-a") }
        let reference = takesAll ? bare : try Reference(name)
        if isBare, !takesAll, !isQuiet { try context.output.line("Using default tag: \(Reference.defaultTag)") }
        // What is shown from now on goes past the buffer.
        try context.output.flush()
        let options = PushOptions(
            platform: platform, configuration: context.options.config, agent: "apus/\(VersionInfo.number)")
        let display = isQuiet ? nil : PushDisplay(STDOUT_FILENO)
        defer { display?.close() }
        let engine = try context.engine()
        try waitFor {
            if takesAll {
                _ = try await engine.pushAllTags(reference, options) { display?.show($0) }
            } else {
                _ = try await engine.push(reference, options) { display?.show($0) }
            }
        }
        display?.end()
        if isQuiet { try context.output.line(reference.description) }
        return 0
    }
}
