import Errors
import Images
import OCI
import Store
import Synchronization

/// The images of OCI layouts that the caller has named as contexts: verified and taken into the store, once each, where the build keeps them.
final class LayoutImages: Sendable {
    private let tools: BuildTools
    private let reporter: Reporter
    private let ingest: ImageIngest
    private let known = Mutex<[String: BaseImage]>([:])

    init(_ tools: BuildTools, _ reporter: Reporter, _ ingest: ImageIngest) {
        self.tools = tools
        self.reporter = reporter
        self.ingest = ingest
    }

    /// The image for `platform` in the layout at `path` that `reference` names there, a tag or a digest; `context` is what the caller calls it.
    /// Throws why there is none.
    func image(
        _ path: String, _ reference: String?, for context: String, _ platform: Platform
    ) throws(BuildError) -> BaseImage {
        let separator = reference.flatMap { Digest($0) } == nil ? ":" : "@"
        let name = "oci-layout://\(path)" + (reference.map { separator + $0 } ?? "")
        let key = "\(platform) \(name)"
        if let image = known.withLock({ $0[key] }) { return image }
        let image = try reporter.step("[context \(context)] load metadata for \(name)") { number throws(BuildError) in
            try building { () throws(EngineError) -> BaseImage in
                let image = try tools.images.take(
                    reference, from: LayoutDirectory(path), platform: platform, ingest: ingest,
                    check: { () throws(EngineError) in try tools.checkCancellation() },
                    progress: { layer in
                        let id = layer.digest.description
                        reporter.part(number, .init(id: id, name: id, isComplete: true))
                    })
                return try engine {
                    try ingest.protect(image.config.rootfs.imageLayers.flatMap(\.names))
                    return BaseImage(name: name, written: context, image: image)
                }
            }
        }
        known.withLock { $0[key] = image }
        return image
    }
}
