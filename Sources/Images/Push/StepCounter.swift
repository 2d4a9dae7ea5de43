import Synchronization

/// Which of the many reports of a transfer are worth being passed on: some hundred are enough for the eye.
final class StepCounter: Sendable {
    private let step: Int64
    private let told = Mutex<Int64>(0)

    /// For a transfer of `size` bytes.
    init(_ size: Int64) { step = max(size / 200, 65536) }

    /// Whether `done` bytes are a step on from what was passed on last, or are fewer: what was interrupted begins behind where it was.
    func isWorthTelling(_ done: Int64) -> Bool {
        told.withLock { told in
            guard done - told >= step || done < told else { return false }
            told = done
            return true
        }
    }
}
