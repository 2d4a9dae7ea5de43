import Linux
import Synchronization

/// Lines about layers that threads share, and that go on with the time.
final class LayerScreen: Sendable {
    private let lines: Mutex<LayerLines>
    private let ticking = Mutex<Task<Void, Never>?>(nil)

    /// Lines on `descriptor`, which is borrowed.
    init(_ descriptor: CInt) {
        let lines = LayerLines(descriptor)
        let isMoving = lines.isMoving
        self.lines = Mutex(lines)
        guard isMoving else { return }
        let task = beginTask { [weak self] in
            while (try? await Task.sleep(for: .milliseconds(500))) != nil, let self { self.update() }
        }
        ticking.withLock { $0 = task }
    }

    deinit { ticking.withLock { $0?.cancel() } }

    /// Lets `body` show something.
    func show(_ body: (inout LayerLines) -> Void) { lines.withLock { body(&$0) } }

    /// Ends the lines: nothing goes on by itself after it, and only what stays is left.
    func close() {
        ticking.withLock { task in
            task?.cancel()
            task = nil
        }
        lines.withLock { $0.reset() }
    }

    private func update() {
        // With the lock of the task held: what was closed shows nothing more.
        ticking.withLock { task in
            if task != nil { lines.withLock { $0.update() } }
        }
    }
}
