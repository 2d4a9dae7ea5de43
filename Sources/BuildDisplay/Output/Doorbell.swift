import Glibc
import Linux

/// How the thread that writes learns that there is something to write, and those with much to say that it was written.
final class Doorbell: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // All of these with the mutex held.
    private var hasNews = false
    private var isUrgent = false
    private var isOver = false
    private var roundCount = 0

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// There is something to write.
    func ring() { locked { hasNews = true } }

    /// There is nothing more to come.
    func end() { locked { isOver = true } }

    /// Nobody will write any more.
    func close() {
        locked {
            isOver = true
            roundCount += 1
        }
    }

    /// Waits until a round began after this call, or there will be none.
    func waitForRound() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let count = roundCount
        isUrgent = true
        pthread_cond_broadcast(changed)
        while roundCount == count, !isOver { pthread_cond_wait(changed, mutex) }
    }

    /// A round has been written.
    func finishRound() { locked { roundCount += 1 } }

    /// Waits for the next round: not before `rest`, unless somebody waits for it, and then for news, at most until `end` (nil: as long as it
    /// takes). False where nothing is to come.
    func waitForNews(after rest: MonotonicTime, until end: MonotonicTime?) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isUrgent, !isOver, wait(until: rest) {}
        while !hasNews, !isUrgent, !isOver, wait(until: end) {}
        hasNews = false
        isUrgent = false
        return !isOver
    }

    private func locked(_ body: () -> Void) {
        pthread_mutex_lock(mutex)
        body()
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    // False where the time is over.
    private func wait(until end: MonotonicTime?) -> Bool {
        guard let end else {
            pthread_cond_wait(changed, mutex)
            return true
        }
        var time = timespec(tv_sec: Int(end.nanoseconds / 1_000_000_000), tv_nsec: Int(end.nanoseconds % 1_000_000_000))
        return pthread_cond_timedwait(changed, mutex, &time) != ETIMEDOUT
    }
}
