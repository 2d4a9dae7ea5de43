import Linux
import Testing

/// When a process that waits gives its memory back. That it does, and is what it was before, `RestTests` show.
@Suite struct DormancyTests {
    @Test func aProcessWithThreadsKeepsItsMemoryAndWaitsAsAlways() throws {
        var pipe = try FileDescriptor.pipe()
        let reader = pipe.takeFirst()
        let writer = pipe.takeSecond()
        var poll = PollSet()
        let place = poll.add(reader.rawValue)
        // The tests' own process has several.
        #expect(poll.rest(milliseconds: 0) == nil)
        var dormancy = Dormancy()
        #expect(try dormancy.rest(&poll, milliseconds: 1) == false)
        try writer.writeAll([1])
        #expect(try dormancy.rest(&poll, milliseconds: -1))
        #expect(poll.isReadable(place))
    }

    @Test func aShortWaitIsNoRest() throws {
        let dormancy = Dormancy()
        #expect(dormancy.pause(of: 0) == nil)
        #expect(dormancy.pause(of: 100) == nil)
        let pause = try #require(dormancy.pause(of: -1))
        #expect(pause > 0)
        #expect(dormancy.pause(of: pause) == nil)
        #expect(dormancy.pause(of: CInt.max) == pause)
    }
}
