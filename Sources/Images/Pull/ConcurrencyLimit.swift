/// Lets a number of tasks do something at the same time, the others in the order in which they came.
actor ConcurrencyLimit {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var next = 0

    init(_ count: Int) { free = max(count, 1) }

    /// Whether somebody who comes now would wait.
    var isFull: Bool { free == 0 }

    /// Whether somebody waits.
    var isWanted: Bool { next < waiting.count }

    /// Takes a place, which is to be left again; false where none is free.
    func takeFree() -> Bool {
        guard free > 0 else { return false }
        free -= 1
        return true
    }

    /// Runs `body` when a place is free. Throws what `body` throws, and `CancellationError` instead of beginning when
    /// the task was cancelled while it waited.
    nonisolated func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        await enter()
        do {
            try Task.checkCancellation()
            let value = try await body()
            await leave()
            return value
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Leaves a place to the next who waits.
    func leave() {
        guard next < waiting.count else {
            free += 1
            return
        }
        waiting[next].resume()
        next += 1
        if next == waiting.count {
            waiting = []
            next = 0
        }
    }
}
