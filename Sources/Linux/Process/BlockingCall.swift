import CLinux
import Glibc

/// Runs `body`, which may wait for the kernel as long as it likes, on a thread of its own, so that the few threads
/// of asynchronous work stay free. Throws what `body` throws.
package func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        do throws(SystemError) {
            try startThread { continuation.resume(with: Result(catching: body)) }
        } catch { continuation.resume(throwing: error) }
    }
}

/// Begins `body` on a thread of its own; the value waits for its end. Throws `SystemError` where there can be no thread.
package func begin<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) throws(SystemError) -> PendingCall<Value> {
    let outcome = Outcome<Value>()
    try startThread { outcome.finish(Result(catching: body)) }
    return PendingCall(outcome: outcome)
}

/// A call that another thread does.
package struct PendingCall<Value: Sendable>: Sendable {
    fileprivate let outcome: Outcome<Value>

    /// What it returns; once. Throws what it throws.
    package func wait() throws -> Value { try outcome.wait().get() }
}

/// Runs `body` and waits for it, on a thread that does no asynchronous work itself: the main one.
/// Throws what `body` throws.
package func waitFor<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    beginTask { () -> Void in
        do { outcome.finish(.success(try await body())) } catch { outcome.finish(.failure(error)) }
    }
    return try outcome.wait().get()
}

/// `Task.detached`, for code that is in no task itself: there may have been none before, and what they run on is set up then.
@discardableResult
package func beginTask<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) -> Task<Value, any Error> {
    apus_set_up_dispatch()
    return Task.detached(operation: body)
}

/// The same, of a body that throws nothing.
@discardableResult
package func beginTask<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Task<Value, Never> {
    apus_set_up_dispatch()
    return Task.detached(operation: body)
}

/// Runs `body` on a thread that nobody waits for by its number. Throws `SystemError` where there can be none; `body` was not
/// called then.
private func startThread(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let call = Unmanaged.passRetained(BlockingCall(body))
    var thread = pthread_t()
    let failure = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<BlockingCall>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        }, call.toOpaque())
    guard failure == 0 else {
        call.release()
        throw SystemError("pthread_create", nil, Errno(failure))
    }
    pthread_detach(thread)
}

private final class BlockingCall: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// A result that one thread leaves and another waits for.
fileprivate final class Outcome<Value: Sendable>: @unchecked Sendable {
    private let ready = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    // Written before the semaphore is raised and read after it was taken.
    private var result: Result<Value, any Error>?

    init() { sem_init(ready, 0, 0) }

    deinit {
        sem_destroy(ready)
        ready.deallocate()
    }

    func finish(_ result: Result<Value, any Error>) {
        self.result = result
        sem_post(ready)
    }

    func wait() -> Result<Value, any Error> {
        while sem_wait(ready) != 0 {}
        return result!
    }
}
