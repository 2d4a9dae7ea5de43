import Images
import OCI
import Synchronization

/// Shows a push as Docker's client does; see `PullDisplay`.
final class PushDisplay: Sendable {
    private let lines: Mutex<LayerLines>
    /// What is said when all is over.
    private let notes = Mutex("")

    init(_ descriptor: CInt) { lines = Mutex(LayerLines(descriptor)) }

    /// Shows `event`. Threads may call it at the same time.
    func show(_ event: PushEvent) {
        lines.withLock { lines in
            switch event {
            case .pushing(let reference): lines.print("The push refers to repository [\(reference.name)]\n")
            case .layer(let layer, let state):
                lines.show(layer, isLasting: state.isLasting) { state.words(width: $0) }
            case .reduced(let index, let manifest):
                notes.withLock {
                    $0 += Self.note([
                        "Not all multiplatform-content is present and only the available single-platform image was pushed",
                        "\(index) -> \(manifest)",
                    ])
                }
            case .pushed(let image):
                lines.print(
                    "\(image.reference.tag ?? ""): digest: \(image.descriptor.digest) size: \(image.descriptor.size)\n")
                lines.reset()
            }
        }
    }

    /// Sentences that are no part of a push's lines, in the form of Docker's client.
    static func note(_ lines: [String]) -> String {
        "\n Info -> " + lines.joined(separator: "\n         ") + "\n"
    }

    /// The last words, where there are any.
    func end() {
        let text = notes.withLock { $0 }
        if !text.isEmpty { lines.withLock { $0.print(text) } }
    }
}

extension PushEvent.LayerState {
    /// Whether it is worth a line of its own where lines cannot be rewritten.
    fileprivate var isLasting: Bool { if case .pushing = self { false } else { true } }

    /// Docker's words for it, with a bar where `width` columns have the room.
    fileprivate func words(width: Int) -> String {
        switch self {
        case .preparing: "Preparing"
        case .waiting: "Waiting"
        case .pushing(let done, let total): LayerLines.progress("Pushing", done: done, of: total, width: width)
        case .pushed: "Pushed"
        case .alreadyThere: "Layer already exists"
        case .mounted(let repository): "Mounted from \(repository)"
        case .foreign: "Skipped foreign layer"
        }
    }
}
