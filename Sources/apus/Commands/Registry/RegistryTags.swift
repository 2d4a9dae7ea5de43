import Bytes
import DockerTypes
import Engine
import Flags
import GoTemplate
import Images
import Linux
import OCI
import Rendering

extension Verb {
    static let registryTags = Verb(
        id: "registry tags",
        syntax: CommandSyntax(
            summary: "List the tags of a repository at its registry", usage: ["[OPTIONS] NAME"],
            description: "List the tags of a repository at its registry, one on each line.",
            flags: [
                Flag("filter", "f", .filter, "Print only the tags that satisfy the condition (name=REGEX)"),
                CommonFlags.listFormat,
            ],
            arguments: .exactly(1))
    ) { parsed, context in
        let filters = try parsed.filters(["name"])
        let reference = try Reference(typed: parsed.positionals[0], defaultTag: nil)
        guard reference.tag == nil, reference.digest == nil else {
            throw CommandFailure(
                "\(reference.familiar) is one image: name the repository alone, \(reference.familiarName)")
        }
        let repository = RemoteRepository(reference, context)
        // Old registries have them in no order at all.
        let tags = try waitFor { try await repository.tags() }.sorted { $0.comes(before: $1) }
        let wanted = parsed.string("format") ?? ""
        let format = ListFormat(wanted.isEmpty ? "{{.Tag}}" : wanted, table: #"{{.Repository}}\t{{.Tag}}"#)
        let records = tags.filter { tag in filters.admits("name") { Filters.matches(tag, $0) } }.map { tag in
            TemplateRecord(
                "*formatter.tagContext",
                [
                    ("Name", .string("\(reference.familiarName):\(tag)")),
                    ("Repository", .string(reference.familiarName)), ("Tag", .string(tag)),
                ])
        }
        let headers = [
            (field: "Name", title: "NAME"), (field: "Repository", title: "REPOSITORY"), (field: "Tag", title: "TAG"),
        ]
        try context.output.write(try format.render(records, headers: headers))
        return 0
    }
}

extension RemoteRepository {
    /// The repository, with the credentials that the command's configuration has.
    init(_ reference: Reference, _ context: Context) {
        self.init(reference, configuration: context.options.config, agent: "apus/\(VersionInfo.number)")
    }
}
