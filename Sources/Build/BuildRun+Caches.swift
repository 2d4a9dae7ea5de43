import Errors
import Images
import Linux
import OCI
import Registry
import Store

/// What builds know of steps, from elsewhere and for elsewhere.
extension BuildRun {
    /// Takes over what the caller's caches know. One that is not to be had is no reason to fail: it spares work, and no more.
    func importCaches(_ platforms: [Platform]) throws(BuildError) {
        for source in request.cacheSources {
            let name: String
            switch source {
            case .image(let reference): name = reference
            case .layout(let layout): name = "local:\(layout.path)"
            }
            let number = reporter.add("importing cache manifest from \(name)")
            reporter.start(number)
            do {
                switch source {
                case .image(let reference): try takeOver(reference, platforms)
                case .layout(let layout): try add(layout, name, number)
                }
                reporter.end(number, .done)
            } catch {
                if tools.cancellation.isCancelled { throw BuildError("context canceled", .cancelled) }
                reporter.end(number, .failed((error as? BuildError)?.message ?? "\(error)"))
            }
        }
    }

    private func add(_ layout: BuildCacheSource.Layout, _ name: String, _ number: Int) throws(EngineError) {
        let (place, descriptor): (BlobPlace, Descriptor)
        do throws(EngineError) { (place, descriptor) = try layout.manifest() } catch {
            guard error.kind == .notFound else { throw error }
            // As the first build of all finds it.
            reporter.output(number, .errorOutput, Array("warning: there is no cache yet: \(error.message)\n".utf8))
            return
        }
        steps.add(try CacheManifest(reading: descriptor, from: place), at: place, named: name)
    }

    // `name` is a reference in familiar form.
    private func takeOver(_ name: String, _ platforms: [Platform]) throws {
        let reference = try Reference(name)
        // What is here is an image: the store has no caches by name.
        if try !platforms.contains(where: { try bases.isStored(reference, $0) }) {
            let found = try RegistryCache(reference, request.pulling.registry, tools.cancellation)
            if found.isCache {
                let place = BlobPlace.registry(found)
                return steps.add(
                    try CacheManifest(reading: found.manifest.descriptor, from: place), at: place, named: name)
            }
        }
        for platform in platforms {
            let image = try bases.image(reference, name, platform)
            guard let cache = InlineCache(image.image.manifest) else { continue }
            if tools.layers.find(image.image.config.rootfs.imageLayers) == nil {
                try tools.images.unpackMissingLayers(of: image.image)
            }
            _ = try cache.file(image.image, in: steps.store, tools.layers)
        }
    }

    /// Writes what the cache knows to where the caller wants it. `results` are what the targets have come to. Throws where that fails, unless
    /// the caller said that it does not matter.
    func exportCaches(_ results: [StageResult]) throws(BuildError) {
        guard !request.cacheTargets.isEmpty else { return }
        let keys = Set(results.flatMap { $0.layers.compactMap { $0.label?.key } })
        for target in request.cacheTargets {
            let wanted = target.extent == .all ? steps.used : steps.used.filter { keys.contains($0.label.key) }
            do throws(BuildError) {
                try reporter.step("exporting cache to \(target.place.kind)") { number throws(BuildError) in
                    func say(_ name: String) { reporter.part(number, .init(id: name, name: name, isComplete: true)) }
                    say("preparing build cache for export")
                    try building { () throws(EngineError) in
                        let export = CacheExport(tools: tools, ingest: ingest, store: steps.store, progress: say)
                        switch target.place {
                        case .directory(let path, let tag):
                            try export.write(wanted, to: try LayoutWriter(path), tag: tag)
                        case .registry(let reference):
                            try publication.send(try export.write(wanted), as: reference, number)
                        }
                    }
                }
            } catch {
                guard target.ignoresErrors, error.kind != .cancelled else { throw error }
            }
        }
    }
}

extension BuildCacheTarget.Place {
    /// As BuildKit calls it in the name of the step.
    fileprivate var kind: String {
        switch self {
        case .directory: "client directory"
        case .registry: "registry"
        }
    }
}
