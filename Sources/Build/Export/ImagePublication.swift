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

    /// Pushes `image` as each of `names`, as parts of the step `step`. Throws `EngineError`, in BuildKit's way.
    func push(_ image: Descriptor, as names: [Reference], step: Int) throws(EngineError) {
        for name in names {
            let layers = "pushing layers of \(name)"
            reporter.part(step, .init(id: layers, name: "pushing layers"))
            do throws(EngineError) { try push(image, as: name, step) } catch {
                throw error.kind == .cancelled
                    ? error : EngineError("failed to push \(name): \(error.message)", error.kind)
            }
            reporter.part(step, .init(id: layers, name: "pushing layers", isComplete: true))
            let manifest = "pushing manifest for \(name)@\(image.digest)"
            reporter.part(step, .init(id: manifest, name: manifest, isComplete: true))
        }
    }

    private func push(_ image: Descriptor, as name: Reference, _ step: Int) throws(EngineError) {
        let (images, options, reporter) = (images, PushOptions(registry: registry), reporter)
        do {
            try interruptible {
                _ = try await images.push(image, as: name, options) { event in
                    guard case .layer(let layer, let state) = event else { return }
                    let text = layer.description
                    switch state {
                    case .pushing(let done, let total):
                        reporter.part(step, .init(id: "push \(name) \(text)", name: text, done: done, total: total))
                    case .pushed:
                        reporter.part(step, .init(id: "push \(name) \(text)", name: text, isComplete: true))
                    default: break
                    }
                }
            }
        } catch {
            if cancellation.isCancelled { throw EngineError("context canceled", .cancelled) }
            throw EngineError(error)
        }
    }

    // Waits for `body`, which is cancelled with the build.
    private func interruptible(_ body: @escaping @Sendable () async throws -> Void) throws {
        let task = Task.detached { try await body() }
        let over = try Cancellation()
        let cancelled = cancellation
        let watch = try begin {
            var poll = PollSet()
            let place = poll.add(cancelled.number)
            poll.add(over.number)
            _ = try poll.wait()
            if poll.isReadable(place) { task.cancel() }
        }
        defer {
            over.cancel()
            try? watch.wait()
        }
        try waitFor { try await task.value }
    }
}
