import Errors
import Glibc

/// A result that one thread leaves and any number of others wait for.
final class Deferred<Value: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let isSet = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Guarded by the mutex.
    private var result: Result<Value, BuildError>?

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(isSet, nil)
    }

    deinit {
        pthread_cond_destroy(isSet)
        pthread_mutex_destroy(mutex)
        isSet.deallocate()
        mutex.deallocate()
    }

    /// Leaves the result; the first counts.
    func set(_ result: Result<Value, BuildError>) {
        pthread_mutex_lock(mutex)
        if self.result == nil { self.result = result }
        pthread_cond_broadcast(isSet)
        pthread_mutex_unlock(mutex)
    }

    /// The result, when it is there. Throws what was left in its place.
    func wait() throws(BuildError) -> Value {
        pthread_mutex_lock(mutex)
        while result == nil { pthread_cond_wait(isSet, mutex) }
        let result = self.result!
        pthread_mutex_unlock(mutex)
        return try result.get()
    }
}
