import Glibc

/// A value that threads change one after the other, and for whose changes they wait (a mutex and its condition, pthread_cond_wait(3)).
package final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Guarded by the mutex.
    private var state: State

    /// With `state` at first.
    package init(_ state: State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` while nobody else has the value, and wakes those who wait.
    package func change<Value>(_ body: (inout State) -> Value) -> Value { when({ _ in true }, body) }

    /// Runs `body` as soon as `isReady`, before anybody else has the value.
    package func when<Value>(_ isReady: (State) -> Bool, _ body: (inout State) -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        while !isReady(state) { pthread_cond_wait(changed, mutex) }
        return body(&state)
    }
}
