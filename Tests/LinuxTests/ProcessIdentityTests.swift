import Testing

@testable import Linux

/// Whether a process is still at work, as its line in `/proc/PID/stat` tells.
@Suite struct ProcessIdentityTests {
    @Test func oneThatEndsIsNotAtWork() throws {
        let me = try #require(ProcessIdentity.current())
        #expect(me.isAtWork && me.isAlive)
        #expect(!ProcessIdentity(pid: me.pid, startTime: me.startTime + 1).isAtWork)
        // Still runnable, its files let go: PF_EXITING among the flags of field 9.
        let rest = "0 0 0 0 0 0 0 0 20 0 1 0 1234 0 0"
        let ending = try #require(StatLine(Array("7 (a) b) R 1 7 7 0 -1 4194564 \(rest)".utf8)))
        #expect(ending.isExiting && !ending.isZombie && ending.startTime == 1234)
        #expect(ending.name.elementsEqual("a) b".utf8))
        #expect(StatLine(Array("7 (a) b) R 1 7 7 0 -1 4194560 \(rest)".utf8))?.isExiting == false)
    }
}
