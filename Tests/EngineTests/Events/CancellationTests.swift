import Engine
import Glibc
import Images
import Linux
import Testing

/// What a front end with threads waits for, ended from elsewhere.
@Suite struct CancellationTests {
    @Test func aCancelledWaitForEventsHandsOutWhatThereWas() throws {
        let sandbox = try EngineSandbox()
        try sandbox.shell("mkdir r; tar -C r -cf r.tar .")
        let file = try FileDescriptor.open("\(sandbox.path)/r.tar", O_RDONLY)
        _ = try sandbox.engine.importImage(from: file.rawValue, ImportOptions())
        let cancellation = try Cancellation()
        var count = 0
        // Cancelled while it is at it: what is noted later is not waited for.
        try sandbox.engine.events(
            since: Timestamp(seconds: 0, nanoseconds: 0), until: nil, stop: StopConditions(cancellation: cancellation)
        ) { _ in
            count += 1
            cancellation.cancel()
        }
        #expect(count >= 1)
    }
}
