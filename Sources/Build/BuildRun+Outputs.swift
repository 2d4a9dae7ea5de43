import Errors
import Images
import Linux
import OCI
import Store

/// What becomes of what a build has come to.
extension BuildRun {
    func export(_ plans: [BuildPlan], _ results: [StageResult], to result: inout BuildResult) throws(BuildError) {
        var made: ImageExport.Parts?
        for output in request.outputs {
            switch output {
            case .image(let names, let annotations, let pushes):
                let image = try image(plans, results, annotations, says: "exporting to image", names)
                (result.descriptor, result.imageID) = (image.descriptor, image.config)
                result.names += names
                made = image
                if pushes { try publication.push(image.descriptor, as: names) }
            case .archive(let destination, let format, let names):
                let image = try image(plans, results, [], says: "exporting to \(format.rawValue) image format", [])
                try write(image, to: destination, format, names)
                (result.descriptor, result.imageID) = (image.descriptor, made?.config ?? image.config)
            case .local(let path):
                try tree(plans, results, says: "exporting to client directory") {
                    export, result, folder throws(EngineError) in
                    try export.write(result, toDirectory: folder.map { path + "/" + $0 } ?? path)
                }
            case .tar(let destination): try tar(plans, results, to: destination)
            }
        }
    }

    // MARK: images

    var publication: ImagePublication {
        ImagePublication(
            images: tools.images, registry: request.pulling.registry, cancellation: tools.cancellation,
            reporter: reporter)
    }

    private func image(
        _ plans: [BuildPlan], _ results: [StageResult], _ annotations: [(key: String, value: String)],
        says name: String,
        _ names: [Reference]
    ) throws(BuildError) -> ImageExport.Parts {
        return try reporter.step(name) { number throws(BuildError) in
            let export = ImageExport(request: request, tools: tools, ingest: ingest, cache: steps.store)
            func say(_ id: String, _ name: String) {
                reporter.part(number, .init(id: id, name: name, isComplete: true))
            }
            return try building { () throws(EngineError) in
                var parts: [ImageExport.Parts] = []
                for (plan, result) in zip(plans, results) {
                    parts.append(try export.make(plan, result, annotations: annotations))
                }
                say("layers", "exporting layers")
                let whole = try export.joined(parts)
                say("image", "writing image \(whole.config)")
                return try engine {
                    // What is written to an archive alone is no image of the store.
                    if names.isEmpty, request.keepsImages { try ingest.record(whole.descriptor, name: nil) }
                    for name in names {
                        try ingest.record(whole.descriptor, name: name)
                        say("name \(name)", "naming to \(name)")
                        tools.images.noteImage("tag", whole.config, name: name.familiar)
                    }
                    return whole
                }
            }
        }
    }

    private func write(
        _ image: ImageExport.Parts, to destination: BuildDestination, _ format: ImageArchive.Format,
        _ names: [Reference]
    ) throws(BuildError) {
        let archive = ImageArchive(
            [ImageArchive.Member(descriptor: image.descriptor, names: names)], in: tools.images.images, format)
        try reporter.step("sending tarball") { _ throws(BuildError) in
            try building { () throws(EngineError) in
                if case .directory(let path) = destination { return try archive.write(toDirectory: path) }
                try into(destination) { output throws(EngineError) in try archive.write(to: output) }
            }
        }
    }

    // MARK: files

    private func tree(
        _ plans: [BuildPlan], _ results: [StageResult], says name: String,
        _ body: (TreeExport, StageResult, _ folder: String?) throws(EngineError) -> Void
    ) throws(BuildError) {
        try reporter.step(name) { _ throws(BuildError) in
            try building { () throws(EngineError) in
                for (plan, result) in zip(plans, results) {
                    // As BuildKit: a directory for each platform where there are several.
                    let folder = plans.count > 1 ? plan.platform.description.replacingSlashes : nil
                    try body(TreeExport(request: request, tools: tools), result, folder)
                }
            }
        }
    }

    private func tar(
        _ plans: [BuildPlan], _ results: [StageResult], to destination: BuildDestination
    ) throws(BuildError) {
        try tree(plans, results, says: "exporting to client tarball") { export, result, _ throws(EngineError) in
            try into(destination) { output throws(EngineError) in try export.write(result, to: output) }
        }
    }

    /// Has `body` write to `destination`, which is no directory: a file is there whole or not at all.
    private func into(
        _ destination: BuildDestination, _ body: (CInt) throws(EngineError) -> Void
    ) throws(EngineError) {
        switch destination {
        case .descriptor(let number): try body(number)
        case .file(let path):
            let file: WholeFile
            do throws(SystemError) { file = try WholeFile(path) } catch { throw EngineError(error) }
            try body(file.number)
            do throws(SystemError) { try file.keep() } catch { throw EngineError(error) }
        case .directory(let path): throw EngineError("\(path) is a directory, where a file is wanted", .invalid)
        }
    }
}

extension BuildRequest {
    /// Whether the store is to have an image of the result.
    fileprivate var keepsImages: Bool {
        outputs.contains { if case .image = $0 { true } else { false } }
    }
}

extension String {
    fileprivate var replacingSlashes: String {
        String(decoding: utf8.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }
}
