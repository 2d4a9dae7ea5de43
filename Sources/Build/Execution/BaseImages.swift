import Bytes
import Dockerfile
import Errors
import Images
import Linux
import OCI
import Store
import Synchronization

/// The images that a build is based on or takes files from: found, or fetched, once each.
final class BaseImages: Sendable {
    private let request: BuildRequest
    private let tools: BuildTools
    private let reporter: Reporter
    private let ingest: ImageIngest
    private let layouts: LayoutImages
    private let known = Mutex<[String: BaseImage]>([:])

    init(_ request: BuildRequest, _ tools: BuildTools, _ reporter: Reporter, _ ingest: ImageIngest) {
        self.request = request
        self.tools = tools
        self.reporter = reporter
        self.ingest = ingest
        layouts = LayoutImages(tools, reporter, ingest)
    }

    /// What the caller has named `name` (`--build-context`); nil where that is nothing.
    func context(_ name: String, _ platform: Platform) throws(BuildError) -> FileOrigin? {
        guard let key = key(name), let context = request.namedContexts[key] else { return nil }
        switch context {
        case .image(let reference): return .image(try image(reference, platform))
        case .layout(let path, let reference):
            return .image(try layouts.image(path, reference, for: key, platform))
        case .empty: return .nothing
        default: return .context(key)
        }
    }

    /// Whether the caller has named something `name`.
    func isContext(_ name: String) -> Bool { key(name) != nil }

    /// Whether the store has the image `name` for `platform`. Throws `StoreError` where that cannot be seen.
    func isStored(_ name: Reference, _ platform: Platform) throws(StoreError) -> Bool {
        try present(name, name.familiar, platform) != nil
    }

    // A name without a tag is the name with the standard tag, too.
    private func key(_ name: String) -> String? {
        let small = name.lowercased()
        if request.namedContexts[small] != nil { return small }
        guard let reference = try? Reference(name) else { return nil }
        return [reference.familiar, reference.familiarName, reference.description].first {
            request.namedContexts[$0] != nil
        }
    }

    /// The image `name`, as a user wrote it, for `platform`. Throws what the registry says of one that is not here, in BuildKit's way.
    func image(_ name: String, _ platform: Platform) throws(BuildError) -> BaseImage {
        let full = try building { () throws(EngineError) in try TypedName.expanded(name) }
        let reference: Reference
        do throws(ReferenceError) { reference = try Reference(full) } catch {
            throw BuildError("failed to parse stage name \(goQuoted(name)): \(error)", .invalid)
        }
        return try image(reference, name, platform)
    }

    /// As `image(_:_:)` of the image `reference`, which somebody wrote as `name`.
    func image(_ reference: Reference, _ name: String, _ platform: Platform) throws(BuildError) -> BaseImage {
        let key = "\(platform) \(reference) \(name)"
        if let image = known.withLock({ $0[key] }) { return image }
        let image = try reporter.step("[internal] load metadata for \(reference)") { number throws(BuildError) in
            try find(reference, name, platform, number)
        }
        known.withLock { $0[key] = image }
        return image
    }

    private func find(
        _ reference: Reference, _ name: String, _ platform: Platform, _ number: Int
    ) throws(BuildError) -> BaseImage {
        do throws(StoreError) {
            if !request.pulls, let image = try present(reference, name, platform) { return image }
        } catch { throw BuildError(EngineError(error)) }
        do {
            try pull(reference, platform, number)
            return try stored(reference, name, platform)
        } catch {
            // An image that was made here for another platform serves where no registry has one for this.
            if !request.pulls, let image = try? stored(reference, name, nil) { return image }
            let error = EngineError(error)
            throw BuildError(
                "\(name): failed to resolve source metadata for \(reference): \(error.message)", error.kind)
        }
    }

    /// As `stored`; nil where the image, or a part of it, is not here.
    private func present(
        _ reference: Reference, _ name: String, _ platform: Platform
    ) throws(StoreError) -> BaseImage? {
        do throws(StoreError) { return try stored(reference, name, platform) } catch {
            switch error {
            case .unknownImage, .otherPlatform, .missingBlob: return nil
            default: throw error
            }
        }
    }

    private func stored(_ reference: Reference, _ name: String, _ platform: Platform?) throws(StoreError) -> BaseImage {
        let image = try tools.images.images.image(reference.description, platform: platform)
        try ingest.protect(
            [image.id, image.descriptor.digest] + image.manifest.layers.map(\.digest)
                + image.config.rootfs.imageLayers.flatMap(\.names))
        return BaseImage(name: reference.description, written: name, image: image)
    }

    private func pull(_ reference: Reference, _ platform: Platform, _ number: Int) throws {
        var options = request.pulling
        options.platform = platform
        let wanted = options
        let (images, reporter) = (tools.images, reporter)
        _ = try tools.cancellation.interrupting {
            try await images.pull(reference, wanted) { event in
                guard case .layer(let digest, let state) = event else { return }
                switch state {
                case .downloading(let done, let total), .followed(let done, let total):
                    reporter.part(
                        number, .init(id: digest.description, name: digest.description, done: done, total: total))
                case .complete:
                    reporter.part(
                        number, .init(id: digest.description, name: digest.description, isComplete: true))
                default: break
                }
            }
        }
    }
}
