import Synchronization

/// Tells of a start, once.
final class StartMoment: Sendable {
    private let hasPassed = Mutex(false)
    private let told: @Sendable () -> Void

    init(_ told: @escaping @Sendable () -> Void) { self.told = told }

    /// It is now, unless it was before.
    func pass() {
        let isFirst = hasPassed.withLock { passed in
            defer { passed = true }
            return !passed
        }
        if isFirst { told() }
    }
}
