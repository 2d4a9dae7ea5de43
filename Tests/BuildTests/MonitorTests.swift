import Errors
import Linux
import Testing

@testable import Build

@Suite struct MonitorTests {
    @Test func changesAreMadeOneAfterTheOther() throws {
        let monitor = Monitor(0)
        var threads: [PendingCall<Void>] = []
        for _ in 0..<4 { threads.append(try begin { for _ in 0..<1000 { monitor.change { $0 += 1 } } }) }
        #expect(monitor.when({ $0 == 4000 }, { $0 }) == 4000)
        for thread in threads { try thread.wait() }
    }

    @Test func aQueueDoesAllWithNoMoreThreadsThanItMay() {
        let queue = WorkQueue(width: 3)
        let seen = Monitor((now: 0, most: 0, done: 0))
        for _ in 0..<200 {
            queue.submit {
                seen.change { seen in
                    seen.now += 1
                    seen.most = max(seen.most, seen.now)
                }
                seen.change { seen in
                    seen.now -= 1
                    seen.done += 1
                }
            }
        }
        queue.finish()
        let end = seen.change { $0 }
        #expect(end.done == 200 && end.most <= 3)
        // Once more, after all threads have gone.
        queue.submit { seen.change { $0.done += 1 } }
        queue.finish()
        #expect(seen.change { $0.done } == 201)
    }

    @Test func theFirstResultCounts() throws {
        let deferred = Deferred<Int>()
        let waiting = try begin { try deferred.wait() }
        deferred.set(.success(1))
        deferred.set(.failure(BuildError("late")))
        #expect(try waiting.wait() == 1)
        #expect(try deferred.wait() == 1)
    }
}
