import Engine
import Glibc
import Images
import Linux
import OCI
import Rendering
import Synchronization

/// Shows a pull as Docker's client does: on a terminal one line for each layer that changes in place, elsewhere a
/// line for each thing that happened.
final class PullDisplay: Sendable {
    private let descriptor: CInt
    private let isTerminal: Bool
    private let lines = Mutex<[Digest]>([])
    /// The opening line, which is held back until the registry has answered.
    private let opening = Mutex<String>("")

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        isTerminal = Terminal.isTerminal(descriptor)
    }

    /// Shows `event`. Threads may call it at the same time.
    func show(_ event: PullEvent) {
        lines.withLock { lines in
            switch event {
            case .pulling(let reference):
                lines = []
                let what = reference.digest == nil ? reference.tag ?? "" : reference.description
                opening.withLock { $0 = "\(what): Pulling from \(reference.path)\n" }
                return
            default: break
            }
            printOpening()
            switch event {
            case .pulling: break
            case .layer(let layer, let state):
                guard isTerminal || state.isLasting else { return }
                if isTerminal { rewrite(layer, text(layer, state), &lines) } else { print(text(layer, state) + "\n") }
            case .pulled(let image): print("Digest: \(image.digest)\n")
            }
        }
    }

    private func printOpening() {
        let line = opening.withLock { line in
            defer { line = "" }
            return line
        }
        if !line.isEmpty { print(line) }
    }

    /// The closing line.
    func end(_ name: String, isNewer: Bool) {
        printOpening()
        print("Status: \(isNewer ? "Downloaded newer image for" : "Image is up to date for") \(name)\n")
    }

    private func rewrite(_ layer: Digest, _ text: String, _ lines: inout [Digest]) {
        guard let place = lines.firstIndex(of: layer) else {
            lines.append(layer)
            return print(text + "\n")
        }
        let up = lines.count - place
        // What has left the top of the terminal cannot be reached.
        if let rows = Terminal.size(of: descriptor)?.rows, rows > 0, up >= rows { return }
        print("\u{1b}[\(up)A\r\u{1b}[2K\(text)\r\u{1b}[\(up)B")
    }

    private func text(_ layer: Digest, _ state: PullEvent.LayerState) -> String {
        "\(layer.short): " + state.words(width: isTerminal ? Int(Terminal.size(of: descriptor)?.columns ?? 80) : 0)
    }

    /// Who does not read what he asked for is told no more; the pull goes on, as it is worth its while.
    private func print(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, Errno.current != .interrupted { return }
            rest = rest.dropFirst(max(written, 0))
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
            let numbers = "\(HumanSize.decimal(done))/\(HumanSize.decimal(total))"
            let padding = String(repeating: " ", count: max(0, 17 - numbers.count))
            guard width > 110 else { return "Downloading  \(padding)\(numbers)" }
            let filled = total > 0 ? min(50, Int(Double(done) / Double(total) * 50)) : 50
            let bar = String(repeating: "=", count: filled) + ">" + String(repeating: " ", count: 50 - filled)
            return "Downloading [\(bar)]  \(padding)\(numbers)"
        case .downloaded: return "Download complete"
        case .extracting: return "Extracting"
        case .complete: return "Pull complete"
        case .alreadyThere: return "Already exists"
        }
    }
}
