import Glibc
import Linux
import Testing

/// Pseudo-terminals whose programs close their side.
@Suite struct TerminalPresenceTests {
    private func errno(reading master: CInt) -> Errno? {
        var bytes = [UInt8](repeating: 0, count: 64)
        return read(master, &bytes, bytes.count) < 0 ? .current : nil
    }

    private func isReadable(_ number: CInt) throws -> Bool {
        var poll = PollSet()
        poll.add(number)
        return try poll.wait(milliseconds: 0)
    }

    @Test func aMasterThatNobodyIsBehindIsSilentAndHearsTheNext() throws {
        let terminal = try PseudoTerminal()
        let master = terminal.master.rawValue
        try check("fcntl") { DescriptorTable.setStatusFlags(master, O_RDWR | O_NONBLOCK) }
        var presence = TerminalPresence()
        for _ in 0..<3 {
            do {
                let program = try FileDescriptor.open(terminal.path, O_RDWR | O_NOCTTY)
                try program.writeAll(Array("word".utf8))
                #expect(try isReadable(master))
                #expect(errno(reading: master) == nil)
            }
            if errno(reading: master) == .io { presence.hungUp(master) }
            let rests = presence.isResting()
            #expect(!rests)
            #expect(try !isReadable(master))
            #expect(errno(reading: master) == .again)
        }
    }

    @Test func whatIsNoTerminalIsLeftAloneForAWhile() throws {
        var pipe = try FileDescriptor.pipe()
        let end = pipe.takeFirst()
        var presence = TerminalPresence()
        let restsAtFirst = presence.isResting()
        #expect(!restsAtFirst && presence.restsUntil == nil)
        presence.hungUp(end.rawValue)
        #expect(presence.restsUntil != nil)
        while presence.isResting() { usleep(10_000) }
        #expect(presence.restsUntil == nil)
    }
}
