import Images
import OCI
import Synchronization

/// Shows a pull as Docker's client does: on a terminal one line for each layer that changes in place, elsewhere a
/// line for each thing that happened.
final class PullDisplay: Sendable {
    private let lines: Mutex<LayerLines>
    /// The opening line, which is held back until the registry has answered.
    private let opening = Mutex<String>("")

    init(_ descriptor: CInt) { lines = Mutex(LayerLines(descriptor)) }

    /// Shows `event`. Threads may call it at the same time.
    func show(_ event: PullEvent) {
        lines.withLock { lines in
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
            printOpening(lines)
            switch event {
            case .pulling, .skipped: break
            case .layer(let layer, let state):
                lines.show(layer, isLasting: state.isLasting) { state.words(width: $0) }
            case .pulled(let image): lines.print("Digest: \(image.digest)\n")
            }
        }
    }

    private func printOpening(_ lines: LayerLines) {
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
        lines.withLock { $0.print("Status: Image is present already: \(name)\n") }
    }

    /// The closing line.
    func end(_ name: String, isNewer: Bool) {
        lines.withLock { lines in
            printOpening(lines)
            lines.print("Status: \(isNewer ? "Downloaded newer image for" : "Image is up to date for") \(name)\n")
        }
    }
}

extension PullEvent.LayerState {
    /// Whether it is worth a line of its own where lines cannot be rewritten.
    fileprivate var isLasting: Bool {
        switch self {
        case .downloading, .extracting: false
        default: true
        }
    }

    /// Docker's words for it, with a bar where `width` columns have the room.
    fileprivate func words(width: Int) -> String {
        switch self {
        case .pulling: return "Pulling fs layer"
        case .waiting: return "Waiting"
        case .downloading(let done, let total):
            return LayerLines.progress("Downloading", done: done, of: total, width: width)
        case .downloaded: return "Download complete"
        case .extracting: return "Extracting"
        case .complete: return "Pull complete"
        case .alreadyThere: return "Already exists"
        }
    }
}
