/// How far one transfer is.
struct Transfer: Sendable {
    private(set) var step: TransferStep
    /// In bytes; of what was spared, 0.
    private(set) var size: Int64 = 0
    private(set) var done: Int64 = 0
    /// Whether somebody else moves the bytes.
    private(set) var isFollowed = false
    /// Whether bytes move, or have moved.
    private(set) var hasMoved = false
    /// Of what we move; nil before.
    private var meter: RateMeter?

    init(_ step: TransferStep) { self.step = step }

    /// Takes what happens at `moment`; returns how many bytes we have moved since the last time. What was there when we began counts for nothing.
    mutating func take(_ step: TransferStep, at moment: Int64) -> Int64 {
        self.step = step
        switch step {
        case .wanted(_, let size):
            self.size = max(size, 0)
            return 0
        case .noted: return 0
        case .moving(_, let done, let total):
            size = max(total, 0)
            let fresh = meter == nil ? 0 : max(0, max(done, 0) - self.done)
            self.done = max(done, 0)
            if meter == nil { meter = RateMeter(since: moment) }
            meter?.add(fresh, at: moment)
            (hasMoved, isFollowed) = (true, false)
            return fresh
        case .followed(_, let done, let total):
            (size, self.done) = (max(total, 0), max(done, 0))
            meter = nil
            (hasMoved, isFollowed) = (true, true)
            return 0
        case .arrived where hasMoved:
            let fresh = meter == nil ? 0 : max(0, size - done)
            done = size
            meter = nil
            return fresh
        case .arrived, .spared:
            (size, done) = (0, 0)
            return 0
        }
    }

    /// Bytes per second while we move them; nil otherwise, and where it cannot be told yet.
    func rate(at moment: Int64) -> Double? {
        guard case .moving = step else { return nil }
        return meter?.rate(at: moment)
    }
}
