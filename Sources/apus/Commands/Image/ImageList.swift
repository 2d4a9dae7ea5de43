import Bytes
import DockerTypes
import Engine
import Flags
import GoTemplate
import Images
import OCI
import Rendering
import Store

extension Verb {
    static let imageList = Verb(
        id: "image ls",
        syntax: CommandSyntax(
            summary: "List images", usage: ["[OPTIONS] [REPOSITORY[:TAG]]"],
            flags: [
                Flag("all", "a", .bool, "Show all images (there are no intermediate ones to hide)"),
                Flag("digests", nil, .bool, "Show digests"),
                CommonFlags.filter,
                CommonFlags.listFormat,
                CommonFlags.noTrunc,
                Flag("quiet", "q", .bool, "Show only image IDs"),
                Flag("tree", nil, .bool, "List images as a tree (EXPERIMENTAL)"),
            ],
            arguments: .atMost(1), completion: .images)
    ) { parsed, context in
        if parsed.bool("tree") { try ImageTreeList.check(parsed) }
        let filters = try parsed.filters(ImageFilter.keys)
        let engine = try context.engine()
        let (images, problems) = try engine.imageSummaries()
        for problem in problems { context.complain(problem) }
        let filter = try ImageFilter(filters, argument: parsed.positionals.first, engine)
        if parsed.bool("tree") {
            let (width, isColored) = ImageTreeList.surroundings
            let tree = ImageTreeList(
                try images.filter { try filter.admits($0) }, filter, engine, all: parsed.bool("all"), width: width,
                isColored: isColored)
            try context.output.write(tree.text)
            return problems.isEmpty ? 0 : 1
        }
        let isQuiet = parsed.bool("quiet")
        let wanted = parsed.string("format") ?? (isQuiet ? "" : context.configuration.imagesFormat)
        let table = parsed.bool("digests") ? ImageRow.digestTable : ImageRow.table
        let format =
            switch wanted {
            case "raw": ListFormat(isQuiet ? ImageRow.rawID : ImageRow.raw(parsed.bool("digests")), table: table)
            case "", "table": ListFormat(wanted, table: table, quiet: isQuiet ? "{{.ID}}" : nil)
            // What a template asks for is more than ids.
            default: ListFormat(wanted, table: table)
            }
        let withDigests = parsed.bool("digests") || format.uses("Digest")
        var records: [TemplateRecord] = []
        for image in images where try filter.admits(image) {
            for row in ImageRow.rows(image, withDigests: withDigests, filter) {
                records.append(row.record(isShort: !parsed.bool("no-trunc")))
            }
        }
        try context.output.write(try format.render(records, headers: ImageRow.headers))
        return problems.isEmpty ? 0 : 1
    }
}

/// One line of `images`.
struct ImageRow {
    let image: ImageSummary
    var repository = "<none>"
    var tag = "<none>"
    var digest = "<none>"
    /// In bytes: what other images have too, and what it alone has; nil where nobody asked.
    var sizes: (shared: Int64, unique: Int64)?

    static let table = #"{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"#
    /// Docker's format `raw`, and that of ids alone.
    static func raw(_ hasDigests: Bool) -> String {
        #"repository: {{.Repository}}\ntag: {{.Tag}}\n"# + (hasDigests ? #"digest: {{.Digest}}\n"# : "")
            + rawID + #"\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n"#
    }
    static let rawID = "image_id: {{.ID}}"
    static let digestTable = #"{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"#
    static let headers = [
        (field: "Containers", title: "CONTAINERS"), (field: "CreatedAt", title: "CREATED AT"),
        (field: "CreatedSince", title: "CREATED"), (field: "Digest", title: "DIGEST"), (field: "ID", title: "IMAGE ID"),
        (field: "Repository", title: "REPOSITORY"), (field: "SharedSize", title: "SHARED SIZE"),
        (field: "Size", title: "SIZE"), (field: "Tag", title: "TAG"), (field: "UniqueSize", title: "UNIQUE SIZE"),
    ]

    /// The lines of an image: one for each tag that the filter lets through, and with digests one for each digest
    /// of the tag's repository; one without names for an image that has none.
    static func rows(_ image: ImageSummary, withDigests: Bool, _ filter: ImageFilter) -> [ImageRow] {
        let digests = image.image.repoDigests.compactMap { split($0, at: "@") }
        var rows: [ImageRow] = []
        for name in image.repoTags.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        where filter.admitsName(name) {
            guard let (repository, tag) = split(name, at: ":") else { continue }
            let own = withDigests ? digests.filter { $0.0 == repository }.map(\.1) : []
            for digest in own.isEmpty ? ["<none>"] : own {
                rows.append(ImageRow(image: image, repository: repository, tag: tag, digest: digest))
            }
        }
        if rows.isEmpty, image.repoTags.isEmpty {
            for (repository, digest) in digests where filter.admitsName(repository) {
                rows.append(ImageRow(image: image, repository: repository, digest: digest))
                if !withDigests { break }
            }
            if rows.isEmpty, !filter.hasNames { rows.append(ImageRow(image: image)) }
        }
        return rows
    }

    private static func split(_ text: String, at mark: Character) -> (String, String)? {
        guard let place = text.lastIndex(of: mark) else { return nil }
        return (String(text[..<place]), String(text.behind(place)))
    }

    /// The fields that `--format` can name, in the order of JSON.
    func record(isShort: Bool) -> TemplateRecord {
        let created = image.image.config.created.flatMap { Moment($0) }
        let id = image.image.id.description
        return TemplateRecord(
            "*formatter.imageContext",
            [
                ("Containers", .string(sizes == nil ? "N/A" : String(image.containers))),
                ("CreatedAt", .string(created?.local ?? "N/A")),
                ("CreatedSince", .string(created?.ago() ?? "N/A")),
                ("Digest", .string(digest)),
                ("ID", .string(isShort ? Shortening.id(id) : id)),
                ("Repository", .string(repository)),
                ("SharedSize", .string(sizes.map { HumanSize.decimal($0.shared) } ?? "N/A")),
                ("Size", .string(HumanSize.decimal(image.size, digits: 3))),
                ("Tag", .string(tag)),
                ("UniqueSize", .string(sizes.map { HumanSize.decimal($0.unique) } ?? "N/A")),
                ("VirtualSize", .string(HumanSize.decimal(image.size))),
            ])
    }
}

/// Which images `images` shows.
struct ImageFilter {
    static let keys: Set<String> = ["dangling", "label", "before", "since", "until", "reference"]

    private let filters: Filters
    private let patterns: [String]
    private let dangling: Bool?
    private let before: Moment?
    private let since: Moment?
    private let until: Moment?

    init(_ filters: Filters, argument: String?, _ engine: Engine) throws {
        func created(_ name: String?) throws -> Moment? {
            try name.flatMap { Moment(try engine.image($0).config.created ?? "") }
        }
        self.filters = filters
        patterns = try (filters.all("reference") + (argument.map { [$0] } ?? [])).map { try TypedName.expanded($0) }
        for pattern in patterns where !Filters.isGlobPattern(pattern) { throw FilterError("syntax error in pattern") }
        dangling = try filters.bool("dangling")
        before = try created(filters.all("before").last)
        since = try created(filters.all("since").last)
        until = try filters.all("until").last.map { text in
            guard let moment = Moment(filter: text) else {
                throw FilterError.noTime(text)
            }
            return moment
        }
    }

    /// Whether names are looked at, so that an image without any is out.
    var hasNames: Bool { !patterns.isEmpty }

    func admits(_ image: ImageSummary) throws -> Bool {
        let created = image.image.config.created.flatMap { Moment($0) } ?? Moment(seconds: 0)
        if let dangling, dangling != image.repoTags.isEmpty { return false }
        if let before, created >= before { return false }
        if let since, created <= since { return false }
        if let until, created >= until { return false }
        return filters.admitsLabels(image.image.config.config?.labels ?? [:])
    }

    /// Whether a name, with or without its tag, matches a pattern.
    func admitsName(_ name: String) -> Bool {
        if patterns.isEmpty { return true }
        let bare = name.lastPlace(of: ":").map { String(name[..<$0]) } ?? name
        return patterns.contains { pattern in
            // A canonical name means the same as the familiar one.
            let familiar = (try? Reference(pattern, defaultTag: nil)).map(\.familiar) ?? pattern
            return [pattern, familiar].contains {
                Filters.isGlob($0, matching: name) || Filters.isGlob($0, matching: bare)
            }
        }
    }
}
