import Glibc
import Linux
import Testing

@Suite struct StopConditionsTests {
    @Test func aWaitEndsWhenAnotherThreadCancelsIt() throws {
        let cancellation = try Cancellation()
        let stop = StopConditions(cancellation: cancellation)
        var before = PollSet()
        let place = stop.watch(in: &before)
        #expect(try !before.wait(milliseconds: 0))
        #expect(!stop.hold(place, before) && !cancellation.isCancelled)
        let held = Unmanaged.passRetained(cancellation).toOpaque()
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { given in
                usleep(20_000)
                Unmanaged<Cancellation>.fromOpaque(given!).takeRetainedValue().cancel()
                return nil
            }, held)
        // Twice: it stays cancelled.
        for _ in 0..<2 {
            var poll = PollSet()
            let places = stop.watch(in: &poll)
            #expect(try poll.wait())
            #expect(stop.hold(places, poll))
        }
        pthread_join(thread, nil)
        #expect(cancellation.isCancelled)
    }

    @Test func aWaitEndsWhenNobodyReadsItsOutput() throws {
        var pipe = try FileDescriptor.pipe()
        let output = pipe.takeSecond()
        let stop = StopConditions(output: output.rawValue)
        do {
            let reader = pipe.takeFirst()
            var poll = PollSet()
            let places = stop.watch(in: &poll)
            #expect(try !poll.wait(milliseconds: 0))
            #expect(!stop.hold(places, poll))
            _ = consume reader
        }
        var poll = PollSet()
        let places = stop.watch(in: &poll)
        #expect(try poll.wait())
        #expect(stop.hold(places, poll))
    }
}
