import Bytes
import DockerTypes
import Engine
import Errors
import Flags
import JSON
import OCI
import Rendering
import Store

extension Verb {
    static let imageMount = Verb(
        id: "image mount",
        syntax: CommandSyntax(
            summary: "Mount the files of images read-only, or list those that are mounted",
            usage: ["[OPTIONS] [IMAGE...]"],
            flags: [
                Flag("all", "a", .bool, "Mount all images"),
                Flag("format", nil, .string, "Print the list as JSON (json)"),
            ],
            arguments: .any, completion: .images)
    ) { parsed, context in
        let engine = try context.engine()
        let format = parsed.string("format") ?? ""
        guard format.isEmpty || format == "json" else {
            throw CommandFailure("unknown --format argument \"\(format.excerpt)\": it is json, or none")
        }
        var names = parsed.positionals
        if parsed.bool("all") {
            if !names.isEmpty { throw CommandFailure("--all takes no images") }
            names = try engine.imageSummaries().images.map(\.image.id.description)
        } else if names.isEmpty {
            try print(try engine.imageMounts(), format, context)
            return 0
        }
        var mounted: [ImageMount] = []
        var failure: EngineError?
        for name in names {
            do throws(EngineError) { mounted.append(try engine.mountImage(name)) } catch {
                context.complain(error.message)
                failure = error
            }
        }
        if mounted.count == 1, names.count == 1, format.isEmpty {
            try context.output.line(mounted[0].path)
        } else {
            try print(mounted, format, context)
        }
        return failure == nil ? 0 : 125
    }

    static let imageUnmount = Verb(
        id: "image unmount",
        syntax: CommandSyntax(
            summary: "Unmount images", usage: ["[OPTIONS] IMAGE [IMAGE...]"],
            flags: [
                Flag("all", "a", .bool, "Unmount all images"),
                Flag("force", "f", .bool, "Do not complain about images that are not mounted"),
            ],
            arguments: .any, completion: .images)
    ) { parsed, context in
        let engine = try context.engine()
        var names = parsed.positionals
        if parsed.bool("all") {
            if !names.isEmpty { throw CommandFailure("--all takes no images") }
            names = try engine.imageMounts().map(\.id.hex)
        } else if names.isEmpty {
            throw CommandFailure("name the images to unmount, or all of them by --all")
        }
        var status: CInt = 0
        var unmounted: [Digest] = []
        for name in names {
            do throws(EngineError) { unmounted.append(try engine.unmountImage(name)) } catch {
                if error.kind == .conflict, parsed.bool("force") { continue }
                context.complain(error.message)
                status = 125
            }
        }
        for id in unmounted { try context.output.line(id.hex) }
        return status
    }

    private static func print(_ mounts: [ImageMount], _ format: String, _ context: Context) throws {
        guard format.isEmpty else {
            let list = mounts.map { mount in
                JSONTree.object([
                    .init("id", .string(mount.id.hex)), .init("Repositories", .array(mount.names.map(JSONTree.string))),
                    .init("mountpoint", .string(mount.path)),
                ])
            }
            return try context.output.line(JSONTree.array(list).text())
        }
        for mount in mounts {
            try context.output.line("\(mount.names.first ?? String(mount.id.hex.prefix(12))) \(mount.path)")
        }
    }
}
