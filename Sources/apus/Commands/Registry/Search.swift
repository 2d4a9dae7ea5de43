import DockerTypes
import Engine
import Errors
import Flags
import GoTemplate
import Images
import Linux
import OCI
import Rendering

extension Verb {
    static let search = Verb(
        id: "search",
        syntax: CommandSyntax(
            summary: "Search Docker Hub, or another registry, for images", usage: ["[OPTIONS] TERM"],
            description: """
                Search Docker Hub for images, or another registry with HOST/TERM.
                A registry without a search lists its repositories, and those with TERM in their names are shown.
                """,
            flags: [
                CommonFlags.filter,
                CommonFlags.listFormat,
                Flag("limit", nil, .int, "Max number of search results"),
                Flag("list-tags", nil, .bool, "List the tags of the repository TERM"),
                CommonFlags.noTrunc,
                Flag("tls-verify", nil, .bool, "Want TLS and a known certificate of registries", defaultValue: "true"),
            ],
            arguments: .exactly(1))
    ) { parsed, context in try Search(parsed, context).run() }
}

/// `apus search`.
struct Search {
    private let parsed: ParsedArguments
    private let context: Context
    private let search: ImageSearch

    init(_ parsed: ParsedArguments, _ context: Context) {
        self.parsed = parsed
        self.context = context
        search = ImageSearch(
            configuration: context.options.config, agent: "apus/\(VersionInfo.number)",
            isInsecure: !parsed.bool("tls-verify"))
    }

    func run() throws -> CInt {
        parsed.bool("list-tags") ? try listTags() : try find()
    }

    // MARK: - Repositories

    private static let headers = [
        (field: "Description", title: "DESCRIPTION"), (field: "IsOfficial", title: "OFFICIAL"),
        (field: "Name", title: "NAME"), (field: "StarCount", title: "STARS"),
    ]

    private func find() throws -> CInt {
        let filter = try filter()
        let limit = try ImageSearch.limit(Int(clamping: parsed.int("limit") ?? 0))
        let (search, term) = (search, parsed.positionals[0])
        let results = try waitFor { try await search.run(term, limit: limit) }
        let format = ListFormat(
            parsed.string("format"), table: #"{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}"#)
        let isShort = !parsed.bool("no-trunc")
        // In JSON it is a word, elsewhere a mark.
        let isJSON = format.uses("IsOfficial") && !format.names("IsOfficial")
        let records = results.filter(filter.admits).map { result in
            // Columns and lines of a table are ours.
            let words = String(
                String.UnicodeScalarView(
                    result.description.unicodeScalars.map { ["\n", "\r", "\t"].contains($0) ? " " : $0 }))
            let mark = isJSON ? (result.isOfficial ? "true" : "false") : result.isOfficial ? "[OK]" : ""
            return TemplateRecord(
                "*registry.searchContext",
                [
                    ("Description", .string(isShort ? Shortening.ellipsis(words, 45) : words)),
                    ("IsOfficial", .string(mark)),
                    ("Name", .string(result.name)),
                    ("StarCount", .string(String(result.stars))),
                ])
        }
        try context.output.write(try format.render(records, headers: Self.headers))
        return 0
    }

    /// What the flags let through, as Docker's engine reads them.
    private func filter() throws -> ImageSearch.Filter {
        let filters = try parsed.filters(["is-automated", "is-official", "stars"])
        if !filters.all("is-automated").isEmpty {
            try context.errors.line(
                "WARNING: the \"is-automated\" filter is deprecated, and searching for \"is-automated=true\" will not yield any results in future."
            )
        }
        var filter = ImageSearch.Filter()
        filter.isOfficial = try filters.bool("is-official")
        filter.isAutomated = try filters.bool("is-automated")
        for text in filters.all("stars") {
            guard let stars = Int64(text) else {
                throw FilterError("invalid filter 'stars=\(text)': strconv.Atoi: parsing \"\(text)\": invalid syntax")
            }
            filter.stars = max(filter.stars, stars)
        }
        return filter
    }

    // MARK: - Tags

    private func listTags() throws -> CInt {
        guard parsed.list("filter").isEmpty else {
            throw CommandFailure("--filter is about repositories and not about tags: leave it or --list-tags out")
        }
        let reference = try Reference(typed: parsed.positionals[0], defaultTag: nil)
        guard reference.tag == nil, reference.digest == nil else {
            throw CommandFailure("--list-tags wants the name of a repository, without tag and digest")
        }
        let wanted = Int(clamping: parsed.int("limit") ?? 0)
        let search = search
        let tags = try waitFor { try await search.tags(of: reference, limit: wanted > 0 ? wanted : nil) }
        let format = ListFormat(parsed.string("format"), table: #"{{.Name}}\t{{.Tag}}"#)
        let records = tags.map { tag in
            TemplateRecord("*registry.searchContext", [("Name", .string(reference.name)), ("Tag", .string(tag))])
        }
        let headers = [(field: "Name", title: "NAME"), (field: "Tag", title: "TAG")]
        try context.output.write(try format.render(records, headers: headers))
        return 0
    }
}
