import Bytes
import Engine
import Flags
import GoTemplate
import Images
import Linux
import OCI
import Rendering

extension Verb {
    static let registryReferrers = Verb(
        id: "registry referrers",
        syntax: CommandSyntax(
            summary: "List what an image's registry has about it: signatures, inventories, attestations",
            usage: ["[OPTIONS] NAME[:TAG|@DIGEST]"],
            flags: [
                Flag(
                    "filter", "f", .filter,
                    "Print only what satisfies the condition (type=MEDIATYPE, annotation=KEY[=VALUE])"),
                CommonFlags.listFormat,
                Flag("quiet", "q", .bool, "Print only digests"),
            ],
            arguments: .exactly(1))
    ) { parsed, context in
        let filters = try parsed.filters(["type", "annotation"])
        let repository = RemoteRepository(try Reference(typed: parsed.positionals[0]), context)
        // The registry sorts out for us as long as there is one type.
        let types = filters.all("type")
        let type = types.count == 1 ? types[0] : nil
        let all = try waitFor { try await repository.referrers(artifactType: type) }
        let shown = all.filter { referrer in
            filters.admits("type") { $0.isSame(as: referrer.artifactType) }
                && filters.admitsLabels(referrer.descriptor.annotations ?? [:], name: "annotation")
        }
        let format = ListFormat(
            parsed.string("format"), table: ReferrerRow.table, quiet: parsed.bool("quiet") ? "{{.Digest}}" : nil)
        let records = shown.map { ReferrerRow.record($0) }
        try context.output.write(try format.render(records, headers: ReferrerRow.headers))
        return 0
    }
}

/// One line of `registry referrers`.
private enum ReferrerRow {
    static let table = #"{{.Digest}}\t{{.ArtifactType}}\t{{.Created}}\t{{.Size}}"#
    static let headers = [
        (field: "Annotations", title: "ANNOTATIONS"), (field: "ArtifactType", title: "ARTIFACT TYPE"),
        (field: "Created", title: "CREATED"), (field: "Digest", title: "DIGEST"),
        (field: "MediaType", title: "MEDIA TYPE"), (field: "Size", title: "SIZE"),
    ]

    /// The fields that `--format` can name, in the order of JSON. The size is that of the manifest.
    static func record(_ referrer: RemoteRepository.Referrer) -> TemplateRecord {
        let descriptor = referrer.descriptor
        let annotations = descriptor.annotations ?? [:]
        let sorted = annotations.sorted { $0.key < $1.key }.map { "\($0.key.text)=\($0.value)" }
        return TemplateRecord(
            "*formatter.referrerContext",
            [
                ("Annotations", .string(sorted.joined(separator: ","))),
                ("ArtifactType", .string(referrer.artifactType)),
                ("Created", .string(annotations[ByteKey(Annotation.created)] ?? "")),
                ("Digest", .string(descriptor.digest.description)), ("MediaType", .string(descriptor.mediaType)),
                ("Size", .string(HumanSize.decimal(descriptor.size))),
            ],
            methods: [
                (
                    "Annotation",
                    { arguments throws(TemplateError) in
                        guard arguments.count == 1 else {
                            throw TemplateError("wrong number of args for Annotation: want 1 got \(arguments.count)")
                        }
                        return .string(annotations[ByteKey(arguments[0].text)] ?? "")
                    }
                )
            ])
    }
}
