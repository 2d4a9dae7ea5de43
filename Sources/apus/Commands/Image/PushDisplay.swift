import Images
import OCI
import Rendering
import Synchronization

/// Shows a push as Docker's client does; see `PullDisplay`.
final class PushDisplay: Sendable {
    private let screen: LayerScreen
    /// What is said when all is over.
    private let notes = Mutex("")

    init(_ descriptor: CInt) { screen = LayerScreen(descriptor) }

    /// Shows `event`. Threads may call it at the same time.
    func show(_ event: PushEvent) {
        screen.show { lines in
            switch event {
            case .pushing(let reference): lines.print("The push refers to repository [\(reference.name)]\n")
            case .layer(let layer, let state):
                lines.show(layer, state.step, isLasting: state.isLasting)
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
        if !text.isEmpty { screen.show { $0.print(text) } }
    }

    /// Leaves nothing on the terminal but what lasts, however the push has ended.
    func close() { screen.close() }
}

extension PushEvent.LayerState {
    /// Whether it is worth a line of its own where lines cannot be rewritten.
    fileprivate var isLasting: Bool { if case .pushing = self { false } else { true } }

    /// Docker's words for it.
    fileprivate var step: TransferStep {
        switch self {
        case .preparing(let size): .wanted("Preparing", size: size)
        case .waiting: .noted("Waiting")
        case .pushing(let done, let total): .moving("Pushing", done: done, of: total)
        case .pushed: .arrived("Pushed")
        case .alreadyThere: .spared("Layer already exists")
        case .mounted(let repository): .spared("Mounted from \(repository)")
        case .foreign: .spared("Skipped foreign layer")
        }
    }
}
