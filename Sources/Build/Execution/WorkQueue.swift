import Linux

/// Work that goes on beside the steps, on a few threads, in the order in which it comes.
final class WorkQueue: Sendable {
    private struct Work {
        var waiting: [@Sendable () -> Void] = []
        var threads = 0
    }

    private let work = Monitor(Work())
    private let width: Int

    /// With at most `width` threads.
    init(width: Int) { self.width = width }

    /// Has `job` done; by the caller itself where there can be no thread.
    func submit(_ job: @escaping @Sendable () -> Void) {
        let needsThread = work.change { work in
            work.waiting.append(job)
            guard work.threads < width else { return false }
            work.threads += 1
            return true
        }
        guard needsThread else { return }
        do throws(SystemError) { _ = try begin { self.serve() } } catch { serve() }
    }

    private func serve() {
        while let job = next() { job() }
    }

    // A thread that finds nothing is none any more before anybody else looks.
    private func next() -> (@Sendable () -> Void)? {
        work.change { work in
            guard work.waiting.isEmpty else { return work.waiting.removeFirst() }
            work.threads -= 1
            return nil
        }
    }

    /// Waits until all that was submitted is done.
    func finish() { work.when({ $0.threads == 0 && $0.waiting.isEmpty }, { _ in }) }
}
