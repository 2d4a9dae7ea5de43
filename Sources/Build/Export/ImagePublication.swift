import Errors
import Images
import Linux
import OCI
import Registry

/// Brings an image that a build has made to the registries of its names.
struct ImagePublication {
    let images: ImageService
    /// How registries are spoken to.
    let registry: RegistryOptions
    let cancellation: Cancellation
    let reporter: Reporter

    /// Pushes `image` as each of `names`, each a step of the build. Throws `BuildError`, in BuildKit's way.
    func push(_ image: Descriptor, as names: [Reference]) throws(BuildError) {
        for name in names {
            try reporter.step("pushing \(name)") { step throws(BuildError) in
                do throws(EngineError) { try send(image, as: name, step) } catch {
                    throw error.kind == .cancelled
                        ? BuildError(error) : BuildError("failed to push \(name): \(error.message)", error.kind)
                }
                let manifest = "pushing manifest for \(name)@\(image.digest)"
                reporter.part(step, .init(id: manifest, name: manifest, isComplete: true))
            }
        }
    }

    /// Pushes what `document` describes, a manifest or an index of the store, as `name`, and shows that in the step `step`. Throws `EngineError`.
    func send(_ document: Descriptor, as name: Reference, _ step: Int) throws(EngineError) {
        let (images, options, reporter) = (images, PushOptions(registry: registry), reporter)
        try cancellation.interrupting {
            _ = try await images.push(document, as: name, options) { event in
                guard case .layer(let layer, let state) = event else { return }
                var part = BuildStep.Part(id: layer.description, name: "pushing layer \(layer.short)")
                switch state {
                case .pushing(let done, let total): (part.done, part.total) = (done, total)
                case .pushed, .alreadyThere, .mounted, .foreign: part.isComplete = true
                case .preparing, .waiting: return
                }
                reporter.part(step, part)
            }
        }
    }
}
