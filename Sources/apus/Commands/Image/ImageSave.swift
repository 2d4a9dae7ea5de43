import Engine
import Flags
import Images

extension Verb {
    static let imageSave = Verb(
        id: "image save",
        syntax: CommandSyntax(
            summary: "Save images to an archive that 'docker load' and readers of OCI layouts take",
            usage: ["[OPTIONS] IMAGE [IMAGE...]"],
            flags: [
                Flag(
                    "format", nil, .string,
                    "Form of what is written (docker-archive, oci-archive, oci-dir, docker-dir)",
                    defaultValue: SaveFormat.dockerArchive.rawValue,
                    validate: { text in
                        SaveFormat(rawValue: text) == nil
                            ? "must be one of " + SaveFormat.allCases.map(\.rawValue).joined(separator: ", ") : nil
                    }),
                Flag("multi-image-archive", "m", .bool, "Write all images into one archive, as is done without it"),
                Flag("output", "o", .string, "Write to a file (or directory) instead of the standard output"),
                Flag("platform", nil, .string, "Save only the image for this platform (os/architecture[/variant])"),
                Flag("quiet", "q", .bool, "Do not report progress"),
            ],
            arguments: .atLeast(1))
    ) { parsed, context in
        let engine = try context.engine()
        // Saving reports no progress, so that --quiet has nothing left to leave out; and several images are always in one archive.
        let format = parsed.string("format").flatMap { SaveFormat(rawValue: $0) } ?? .dockerArchive
        let output = parsed.string("output") ?? ""
        func save(to target: SaveTarget) throws {
            try engine.save(parsed.positionals, platform: parsed.string("platform"), to: target)
        }
        switch format {
        case .dockerArchive, .ociArchive:
            try ArchiveTarget.write(
                output, toTerminal: "cowardly refusing to save to a terminal. Use the -o flag or redirect",
                failing: "failed to save image"
            ) { try save(to: .archive(format == .ociArchive ? .oci : .docker, to: $0)) }
        case .ociDirectory, .dockerDirectory:
            guard !output.isEmpty else {
                throw CommandFailure("--format \(format.rawValue) writes a directory: name it with --output")
            }
            try save(to: format == .ociDirectory ? .layout(output) : .imageDirectory(output))
        }
        return 0
    }
}

/// What `save --format` can be given: podman's words.
private enum SaveFormat: String, CaseIterable {
    case dockerArchive = "docker-archive"
    case ociArchive = "oci-archive"
    case ociDirectory = "oci-dir"
    case dockerDirectory = "docker-dir"
}
