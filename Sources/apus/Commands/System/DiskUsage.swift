import Build
import Bytes
import DockerTypes
import Engine
import Flags
import GoTemplate
import OCI
import Rendering
import Store

extension Verb {
    static let diskUsage = Verb(
        id: "system df",
        syntax: CommandSyntax(
            summary: "Show what images, containers and volumes take on the disk", usage: ["[OPTIONS]"],
            flags: [
                CommonFlags.listFormat,
                Flag("verbose", "v", .bool, "Show each image, container and volume"),
            ],
            arguments: .none)
    ) { parsed, context in
        let isVerbose = parsed.bool("verbose")
        let chosen = parsed.string("format") ?? ""
        let engine = try context.engine()
        let usage = try engine.diskUsage()
        let cache = try engine.buildCache()
        if isVerbose, !chosen.isEmpty, chosen != "table" {
            // Once for all of it, not a line for each.
            return try context.show(
                .record(DiskUsageTables.all(usage, cache)), chosen == "json" ? "{{json .}}" : chosen, endsLine: false)
        }
        if isVerbose {
            try context.output.write(try DiskUsageTables.verbose(usage, cache))
        } else {
            let format = ListFormat(parsed.string("format"), table: DiskUsageTables.table)
            try context.output.write(
                try format.render(DiskUsageTables.rows(usage, cache), headers: DiskUsageTables.headers))
        }
        try context.output.flush()
        for problem in usage.problems { context.complain(problem) }
        return usage.problems.isEmpty ? 0 : 1
    }
}

private enum DiskUsageTables {
    static let table = #"{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}"#
    static let headers = [
        (field: "Active", title: "ACTIVE"), (field: "Reclaimable", title: "RECLAIMABLE"),
        (field: "Size", title: "SIZE"), (field: "TotalCount", title: "TOTAL"), (field: "Type", title: "TYPE"),
    ]

    static func rows(_ usage: DiskUsage, _ cache: [BuildCacheRecord]) -> [TemplateRecord] {
        let written = usage.containers.reduce(0) { $0 + $1.content }
        let idle = usage.containers.filter { !$0.snapshot.state.isActive }.reduce(0) { $0 + $1.content }
        return [
            row(
                "Images", usage.images.count, usage.images.count { $0.image.containers > 0 }, usage.imageContent,
                usage.unusedImageContent),
            row(
                "Containers", usage.containers.count, usage.containers.count { $0.snapshot.state.isActive }, written,
                idle),
            row(
                "Local Volumes", usage.volumes.count, usage.volumes.count { $0.links > 0 },
                usage.volumes.reduce(0) { $0 + $1.size },
                usage.volumes.reduce(0) { $0 + ($1.links > 0 ? 0 : $1.size) }),
            row(
                "Build Cache", cache.count, cache.count { $0.isInUse }, usage.cacheContent, usage.unusedCacheContent),
        ]
    }

    private static func row(
        _ type: String, _ count: Int, _ active: Int, _ size: Int64, _ reclaimable: Int64
    ) -> TemplateRecord {
        let free = HumanSize.decimal(reclaimable)
        return TemplateRecord(
            "*formatter.diskUsageImagesContext",
            [
                ("Active", .string(String(active))),
                ("Reclaimable", .string(size > 0 ? "\(free) (\(reclaimable * 100 / size)%)" : free)),
                ("Size", .string(HumanSize.decimal(size))), ("TotalCount", .string(String(count))),
                ("Type", .string(type)),
            ])
    }

    /// What a template works on with `--verbose`.
    static func all(_ usage: DiskUsage, _ cache: [BuildCacheRecord]) -> TemplateRecord {
        let images = usage.images.flatMap { entry in
            let names = entry.image.repoTags.isEmpty ? ["<none>:<none>"] : entry.image.repoTags
            return names.map { name -> TemplateValue in
                let colon = name.lastPlace(of: ":") ?? name.endIndex
                var row = ImageRow(image: entry.image)
                row.repository = String(name[..<colon])
                row.tag = String(name[colon...].dropFirst())
                row.sizes = (entry.shared, entry.unique)
                return .record(row.record(isShort: true))
            }
        }
        let containers = usage.containers.map { entry -> TemplateValue in
            var row = ContainerRow(container: entry.snapshot, isShort: true)
            row.size = (entry.size, 0)
            return .record(row.record)
        }
        return TemplateRecord(
            "*formatter.diskUsageContext",
            [
                ("Images", .list(images)), ("Containers", .list(containers)),
                (
                    "Volumes",
                    .list(
                        usage.volumes.map { entry in
                            .record(
                                VolumeRow.record(
                                    entry.inspection.volume, mountpoint: entry.inspection.mountpoint,
                                    usage: (entry.links, entry.size)))
                        })
                ),
                ("BuildCache", .list(cache.map { .record(row(of: $0)) })),
            ])
    }

    private static func row(of record: BuildCacheRecord) -> TemplateRecord {
        TemplateRecord(
            "*formatter.buildCacheContext",
            [
                ("CacheType", .string(record.kind.rawValue)), ("CreatedSince", .string(BuildCacheRow.madeAgo(record))),
                ("Description", .string(record.description)), ("ID", .string(record.id)),
                ("InUse", .string(String(record.isInUse))), ("LastUsedSince", .string(BuildCacheRow.age(record))),
                ("Parent", .string(record.parents.joined(separator: ", "))),
                ("Shared", .string(String(record.isShared))),
                ("Size", .string(HumanSize.decimal(record.size, digits: 3))),
                ("UsageCount", .string(String(record.useCount))),
            ])
    }

    static func verbose(_ usage: DiskUsage, _ cache: [BuildCacheRecord]) throws -> String {
        var text = "Images space usage:\n\n"
        var lines = ["REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS"]
        for entry in usage.images {
            let image = entry.image.image
            let names = entry.image.repoTags.isEmpty ? ["<none>:<none>"] : entry.image.repoTags
            for name in names {
                let colon = name.lastPlace(of: ":") ?? name.endIndex
                lines.append(
                    [
                        String(name[..<colon]), String(name[colon...].dropFirst()), Shortening.id(image.id.description),
                        image.config.created.flatMap { Moment($0) }?.ago() ?? "N/A",
                        HumanSize.decimal(entry.image.size, digits: 3), HumanSize.decimal(entry.shared),
                        HumanSize.decimal(entry.unique), String(entry.image.containers),
                    ].joined(separator: "\t"))
            }
        }
        text += TabWriter().aligned(lines.joined(separator: "\n") + "\n")
        text += "\nContainers space usage:\n\n"
        lines = ["CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES"]
        for entry in usage.containers {
            let row = ContainerRow(container: entry.snapshot, isShort: true).record
            func field(_ name: String) -> String { row[name]?.text ?? "" }
            lines.append(
                [
                    field("ID"), field("Image"), field("Command"), field("LocalVolumes"),
                    HumanSize.decimal(entry.size, digits: 3), field("RunningFor"), field("Status"), field("Names"),
                ].joined(separator: "\t"))
        }
        text += TabWriter().aligned(lines.joined(separator: "\n") + "\n")
        text += "\nLocal Volumes space usage:\n\n"
        lines = ["VOLUME NAME\tLINKS\tSIZE"]
        for entry in usage.volumes {
            lines.append("\(entry.inspection.volume.name)\t\(entry.links)\t\(HumanSize.decimal(entry.size))")
        }
        text += TabWriter().aligned(lines.joined(separator: "\n") + "\n")
        text += "\nBuild cache usage: \(HumanSize.decimal(usage.cacheContent))\n\n"
        lines = ["CACHE ID\tCACHE TYPE\tSIZE\tCREATED\tLAST USED\tUSAGE\tSHARED"]
        for record in cache {
            let shown = row(of: record)
            func field(_ name: String) -> String { shown[name]?.text ?? "" }
            lines.append(
                [
                    Shortening.id(record.id) + (record.isInUse ? "*" : ""), field("CacheType"), field("Size"),
                    field("CreatedSince"), field("LastUsedSince"), field("UsageCount"), field("Shared"),
                ].joined(separator: "\t"))
        }
        return text + TabWriter().aligned(lines.joined(separator: "\n") + "\n")
    }
}
