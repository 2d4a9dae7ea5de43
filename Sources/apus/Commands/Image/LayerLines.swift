import Glibc
import Linux
import OCI
import Rendering

/// Lines about layers, as Docker's client has them: on a terminal one for each layer, which is rewritten in place, and one with the whole of what is
/// moved; elsewhere one for each thing that lasts.
struct LayerLines: Sendable {
    private let descriptor: CInt
    /// Whether lines can be rewritten.
    let isMoving: Bool
    private var board = TransferBoard<Digest>()

    /// Lines on `descriptor`, which is borrowed.
    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        let kind = getenv("TERM").map { String(cString: $0) } ?? ""
        isMoving = Terminal.isTerminal(descriptor) && kind != "dumb"
    }

    /// Leaves the lines that are there as they are: the next ones are below.
    mutating func reset() {
        write(board.withdrawTotal())
        board = TransferBoard()
    }

    /// Shows `step` of `layer`; where lines cannot be rewritten, only what `isLasting`.
    mutating func show(_ layer: Digest, _ step: TransferStep, isLasting: Bool) {
        if isMoving {
            write(board.show(layer, layer.short, step, at: Self.moment, on: screen))
        } else if isLasting {
            write("\(layer.short): \(step.text(columns: 0))\n")
        }
    }

    /// Shows what the time alone has changed.
    mutating func update() {
        if isMoving { write(board.update(at: Self.moment, on: screen)) }
    }

    /// Shows `text`, whole lines, below those of layers, and no whole of them any more.
    mutating func print(_ text: String) { write(board.withdrawTotal() + text) }

    private var screen: TransferScreen {
        let size = Terminal.size(of: descriptor)
        return TransferScreen(rows: Int(size?.rows ?? 0), columns: Int(size?.columns ?? 0))
    }

    private static var moment: Int64 { MonotonicTime.now().nanoseconds / 1_000_000 }

    /// Who does not read what he asked for is told no more; the work goes on, as it is worth its while.
    private func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, Errno.current != .interrupted { return }
            rest = rest.dropFirst(max(written, 0))
        }
    }
}
