import Errors
import Linux

extension Cancellation {
    /// Runs `body` and waits for it; with this, it is cancelled. On a thread that does no asynchronous work itself. Throws `EngineError`: what
    /// `body` threw, `cancelled` after a cancellation, or that there is no thread or descriptor left.
    func interrupting<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) throws(EngineError) -> Value {
        do {
            let over = try Cancellation()
            let task = beginTask { try await body() }
            let watch = try begin { [self] in
                var poll = PollSet()
                let place = poll.add(number)
                poll.add(over.number)
                _ = try poll.wait()
                if poll.isReadable(place) { task.cancel() }
            }
            defer {
                over.cancel()
                try? watch.wait()
            }
            return try waitFor { try await task.value }
        } catch {
            if isCancelled { throw EngineError("context canceled", .cancelled) }
            throw EngineError(error)
        }
    }
}
