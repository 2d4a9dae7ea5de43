import Glibc
import Linux
import OCI
import Rendering

/// Lines about layers, as Docker's client has them: on a terminal one for each layer, which is rewritten in place; elsewhere one for each
/// thing that lasts.
struct LayerLines: Sendable {
    private let descriptor: CInt
    private let isTerminal: Bool
    private var layers: [Digest] = []

    /// Lines on `descriptor`, which is borrowed.
    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        isTerminal = Terminal.isTerminal(descriptor)
    }

    /// Leaves the lines that are there as they are: the next ones are below.
    mutating func reset() { layers = [] }

    /// Shows what `words` says of `layer`, which gets the width of the terminal (0 where there is none); where lines cannot be
    /// rewritten, only what `isLasting`.
    mutating func show(_ layer: Digest, isLasting: Bool, _ words: (Int) -> String) {
        guard isTerminal || isLasting else { return }
        let text = "\(layer.short): " + words(isTerminal ? Int(Terminal.size(of: descriptor)?.columns ?? 80) : 0)
        guard isTerminal else { return print(text + "\n") }
        guard let place = layers.firstIndex(of: layer) else {
            layers.append(layer)
            return print(text + "\n")
        }
        let up = layers.count - place
        // What has left the top of the terminal cannot be reached.
        if let rows = Terminal.size(of: descriptor)?.rows, rows > 0, up >= rows { return }
        print("\u{1b}[\(up)A\r\u{1b}[2K\(text)\r\u{1b}[\(up)B")
    }

    /// Who does not read what he asked for is told no more; the work goes on, as it is worth its while.
    func print(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, Errno.current != .interrupted { return }
            rest = rest.dropFirst(max(written, 0))
        }
    }

    /// How far a transfer is, in bytes, with a bar where `width` columns have the room.
    static func progress(_ word: String, done: Int64, of total: Int64, width: Int) -> String {
        let numbers = "\(HumanSize.decimal(done))/\(HumanSize.decimal(total))"
        let padding = String(repeating: " ", count: max(0, 17 - numbers.count))
        guard width > 110 else { return "\(word)  \(padding)\(numbers)" }
        let filled = total > 0 ? max(0, min(50, Int(Double(done) / Double(total) * 50))) : 50
        let bar = String(repeating: "=", count: filled) + ">" + String(repeating: " ", count: 50 - filled)
        return "\(word) [\(bar)]  \(padding)\(numbers)"
    }
}
