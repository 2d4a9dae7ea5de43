import Glibc
import Linux

/// Work that goes on beside the steps, on a few threads, in the order in which it comes.
final class WorkQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Guarded by the mutex.
    private var waiting: [@Sendable () -> Void] = []
    private var running = 0
    private let width: Int

    /// With at most `width` threads.
    init(width: Int) {
        self.width = width
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Has `work` done; by the caller itself where there can be no thread.
    func submit(_ work: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        waiting.append(work)
        let needsThread = running < width
        if needsThread { running += 1 }
        pthread_mutex_unlock(mutex)
        guard needsThread else { return }
        do throws(SystemError) { _ = try begin { self.serve() } } catch { serve() }
    }

    private func serve() {
        pthread_mutex_lock(mutex)
        while !waiting.isEmpty {
            let work = waiting.removeFirst()
            pthread_mutex_unlock(mutex)
            work()
            pthread_mutex_lock(mutex)
        }
        running -= 1
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until all that was submitted is done.
    func finish() {
        pthread_mutex_lock(mutex)
        while running > 0 || !waiting.isEmpty { pthread_cond_wait(changed, mutex) }
        pthread_mutex_unlock(mutex)
    }
}
