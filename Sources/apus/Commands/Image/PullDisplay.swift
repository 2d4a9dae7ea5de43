import Images
import OCI
import Rendering
import Synchronization

/// Shows a pull as Docker's client does: on a terminal one line for each layer that changes in place, and while it goes on one for the whole;
/// elsewhere a line for each thing that happened.
final class PullDisplay: Sendable {
    private let screen: LayerScreen
    /// The opening line, which is held back until the registry has answered.
    private let opening = Mutex<String>("")

    init(_ descriptor: CInt) { screen = LayerScreen(descriptor) }

    /// Shows `event`. Threads may call it at the same time.
    func show(_ event: PullEvent) {
        screen.show { lines in
            switch event {
            case .pulling(let reference):
                lines.reset()
                let what = reference.digest == nil ? reference.tag ?? "" : reference.description
                opening.withLock { $0 = "\(what): Pulling from \(reference.path)\n" }
                return
            case .skipped:
                opening.withLock { $0 = "" }
                return
            default: break
            }
            printOpening(&lines)
            switch event {
            case .pulling, .skipped: break
            case .layer(let layer, let state):
                lines.show(layer, state.step, isLasting: state.isLasting)
            case .pulled(let image): lines.print("Digest: \(image.digest)\n")
            }
        }
    }

    private func printOpening(_ lines: inout LayerLines) {
        let line = opening.withLock { line in
            defer { line = "" }
            return line
        }
        if !line.isEmpty { lines.print(line) }
    }

    /// The closing line where the registry has not said what it has.
    func endPresent(_ name: String) {
        // Of a beginning that came to nothing there is nothing to say.
        opening.withLock { $0 = "" }
        screen.show { $0.print("Status: Image is present already: \(name)\n") }
    }

    /// The closing line.
    func end(_ name: String, isNewer: Bool) {
        screen.show { lines in
            printOpening(&lines)
            lines.print("Status: \(isNewer ? "Downloaded newer image for" : "Image is up to date for") \(name)\n")
        }
    }

    /// Leaves nothing on the terminal but what lasts, however the pull has ended.
    func close() { screen.close() }
}

extension PullEvent.LayerState {
    /// Whether it is worth a line of its own where lines cannot be rewritten.
    fileprivate var isLasting: Bool {
        switch self {
        case .downloading, .followed, .extracting: false
        default: true
        }
    }

    /// Docker's words for it.
    fileprivate var step: TransferStep {
        switch self {
        case .pulling(let size): .wanted("Pulling fs layer", size: size)
        case .waiting: .noted("Waiting")
        case .downloading(let done, let total): .moving("Downloading", done: done, of: total)
        case .followed(let done, let total): .followed("Downloading", done: done, of: total)
        case .downloaded: .arrived("Download complete")
        case .extracting: .noted("Extracting")
        case .complete: .arrived("Pull complete")
        case .alreadyThere: .spared("Already exists")
        }
    }
}
