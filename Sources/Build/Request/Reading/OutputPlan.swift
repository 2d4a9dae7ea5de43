import Bytes
package import Errors
import Glibc
import Images
import Linux
package import OCI

/// What all outputs of a build together come to: `--output`, `--push` and `--load`.
package struct OutputPlan: Sendable {
    /// What becomes of the result.
    package private(set) var outputs: [BuildOutput] = []
    /// Whether one of them is the standard output.
    package private(set) var usesStandardOutput = false
    /// Whether one of them is files, and no image: there is no identifier of an image to be written to a file then.
    package private(set) var hasFiles = false
    /// Whether files of new layers are to be no younger than the build's SOURCE_DATE_EPOCH.
    package private(set) var rewritesTimes = true

    /// What the command line says beside the outputs themselves.
    package struct Context: Sendable {
        /// `--tag`: the names of all images among the outputs, whatever those say.
        package var names: [Reference] = []
        /// `--annotation`.
        package var annotations: [(key: String, value: String)] = []
        /// `--push`.
        package var pushes = false
        /// `--load`.
        package var loads = false
        /// How many platforms are built for.
        package var platforms = 1
        /// What relative paths are relative to.
        package var directory = "/"
        /// Whether the standard output is a terminal, which gets no archive.
        package var isTerminal = false

        package init() {}
    }

    private var stored: (names: [Reference], annotations: [(key: String, value: String)], pushes: Bool)?
    private var destinations: Set<ByteKey> = []

    /// The plan of `options`; without any, an image of the store. Throws `OptionError`.
    package init(_ options: [OutputOption], _ context: Context) throws(OptionError) {
        for output in try Self.completed(options, context) { try add(output, context) }
        if let stored {
            outputs.insert(
                .image(names: stored.names, annotations: stored.annotations, pushes: stored.pushes), at: 0)
        } else if !context.annotations.isEmpty {
            throw .refused("--annotation", "only images of the store and of registries have annotations")
        }
    }

    // --push and --load want an image where there is none among the outputs.
    private static func completed(
        _ options: [OutputOption], _ context: Context
    ) throws(OptionError) -> [OutputOption] {
        var all = options
        if context.pushes {
            var isUsed = false
            for place in all.indices where all[place].kind == .image {
                all[place].kind = .registry
                isUsed = true
            }
            if !isUsed { all.append(OutputOption(.registry)) }
        }
        if context.loads, !all.contains(where: { $0.kind == .docker && $0.destination == nil }) {
            all.append(OutputOption(.docker))
        }
        return all.isEmpty ? [OutputOption(.image)] : all
    }

    private mutating func add(_ output: OutputOption, _ context: Context) throws(OptionError) {
        let attributes = try OutputAttributes(output)
        let names = context.names.isEmpty ? attributes.names : context.names
        rewritesTimes = rewritesTimes && attributes.rewritesTimes
        hasFiles = hasFiles || output.isFiles
        if output.isStored {
            guard output.destination == nil else {
                throw OptionError("output type=\(output.kind.rawValue) has no dest: it is an image of the store")
            }
            guard !attributes.pushes || !names.isEmpty else {
                throw OptionError("tag is needed when pushing to registry")
            }
            var image = stored ?? (names: [], annotations: context.annotations, pushes: false)
            image.names += names.filter { name in !image.names.contains(name) }
            image.annotations += attributes.annotations
            image.pushes = image.pushes || attributes.pushes
            stored = image
            return
        }
        guard attributes.annotations.isEmpty else {
            throw .refused(
                "an annotation of output type=\(output.kind.rawValue)",
                "only images of the store and of registries have annotations")
        }
        switch output.kind {
        case .image, .registry, .cacheonly: break
        case .local: outputs.append(.local(try directory(output, context)))
        case .tar: outputs.append(.tar(try file(output, context)))
        case .docker:
            guard context.platforms < 2 else {
                throw OptionError(
                    "docker exporter does not support exporting manifest lists: name one platform, or give type=oci",
                    .unsupported)
            }
            outputs.append(.archive(try file(output, context), format: .docker, names: names))
        case .oci:
            let place: BuildDestination =
                attributes.isArchive ? try file(output, context) : .directory(try directory(output, context))
            outputs.append(.archive(place, format: .oci, names: names))
        }
    }

    private mutating func directory(_ output: OutputOption, _ context: Context) throws(OptionError) -> String {
        let kind = output.kind.rawValue
        guard let path = output.destination else { throw OptionError("dest is required for \(kind) exporter") }
        guard path != "-" else { throw OptionError("dest cannot be stdout for \(kind) exporter") }
        let absolute = OptionFields.absolute(path, context.directory)
        if let status = try status(absolute, path, "directory"), !status.isDirectory {
            throw OptionError("destination directory \(path) is a file")
        }
        return try claimed(absolute)
    }

    private mutating func file(_ output: OutputOption, _ context: Context) throws(OptionError) -> BuildDestination {
        guard let path = output.destination, path != "-" else {
            guard !context.isTerminal else {
                throw OptionError(
                    "dest file is required for \(output.kind.rawValue) exporter. refusing to write to console")
            }
            _ = try claimed("-")
            usesStandardOutput = true
            return .descriptor(STDOUT_FILENO)
        }
        let absolute = OptionFields.absolute(path, context.directory)
        if let status = try status(absolute, path, "file"), status.isDirectory {
            throw OptionError("destination file \(path) is a directory")
        }
        return .file(try claimed(absolute))
    }

    private func status(_ absolute: String, _ path: String, _ what: String) throws(OptionError) -> FileStatus? {
        do throws(SystemError) { return try OptionFields.status(absolute) } catch {
            throw OptionError("invalid destination \(what): \(path): \(error.errno)")
        }
    }

    private mutating func claimed(_ place: String) throws(OptionError) -> String {
        guard destinations.insert(ByteKey(place)).inserted else {
            throw OptionError(
                place == "-"
                    ? "two outputs cannot both go to the standard output: give one of them a dest"
                    : "two outputs cannot both go to \(place)")
        }
        return place
    }
}
