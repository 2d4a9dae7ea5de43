import Linux
import OCI
import Testing

@testable import Runtime

@Suite struct ChildProtocolTests {
    private static let error = LaunchError(.mounts, SystemError("mount", "/proc", .notPermitted), about: "/proc")

    private func talk(
        staged: Bool = false, maps: Bool = false, terminal: Bool = false, waits: Bool = false,
        _ messages: [ChildMessage]
    ) throws -> ChildProtocol {
        var talk = ChildProtocol(staged: staged, needsMaps: maps, hasTerminal: terminal, waitsForStart: waits)
        for message in messages { try talk.receive(message) }
        return talk
    }

    @Test func theSocketsEndAfterExecutingIsSuccess() throws {
        var talk = try talk([.executing])
        #expect(talk.state == .executing)
        try talk.close()
        #expect(talk.state == .running)
    }

    @Test func theSocketsEndBeforeIsNone() throws {
        var talk = try talk([])
        #expect(throws: ChildProtocol.Violation.closed(in: .settingUp(terminal: false))) { try talk.close() }
    }

    @Test func devicesComeBeforeAllThatWaitsForThem() throws {
        var talk = ChildProtocol(
            staged: false, needsMaps: false, hasTerminal: false, waitsForStart: true, needsDevices: true)
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.ready) }
        try talk.receive(.networked)
        #expect(talk.state == .networked)
        talk.resume()
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.networked) }
        try talk.receive(.ready)
        #expect(talk.state == .created)
        var other = try self.talk([])
        #expect(throws: ChildProtocol.Violation.self) { try other.receive(.networked) }
    }

    /// Whether the kernel takes a listener is seen when the filter is loaded.
    @Test func aListenerThatMayBeComesOnceOrNever() throws {
        func talk() -> ChildProtocol {
            ChildProtocol(
                staged: false, needsMaps: false, hasTerminal: false, waitsForStart: true, mayHaveListener: true)
        }
        var without = talk()
        try without.receive(.ready)
        #expect(without.state == .created)
        var with = talk()
        try with.receive(.listener(5))
        #expect(with.state == .listening(number: 5))
        #expect(throws: ChildProtocol.Violation.self) { try with.receive(.ready) }
        with.resume()
        #expect(throws: ChildProtocol.Violation.self) { try with.receive(.listener(5)) }
        try with.receive(.ready)
        #expect(with.state == .created)
        var negative = talk()
        #expect(throws: ChildProtocol.Violation.self) { try negative.receive(.listener(-1)) }
    }

    @Test func aCreatedContainerWaitsForItsStart() throws {
        var talk = try talk(waits: true, [.ready])
        #expect(talk.state == .created)
        #expect(throws: ChildProtocol.Violation.unexpected(.executing, in: .created)) { try talk.receive(.executing) }
        talk.start()
        try talk.receive(.executing)
        try talk.close()
        #expect(talk.state == .running)
    }

    @Test func aFailureIsTakenInEveryStateBeforeTheCommandRuns() throws {
        for messages: [ChildMessage] in [[], [.executing]] {
            #expect(try talk(messages + [.failed(Self.error)]).state == .failed(Self.error))
        }
        #expect(try talk(staged: true, [.failed(Self.error)]).state == .failed(Self.error))
        #expect(try talk(waits: true, [.ready, .failed(Self.error)]).state == .failed(Self.error))
    }

    @Test func aNewUserNamespaceIsMappedOnceAndThenLeft() throws {
        let talk = try talk(staged: true, maps: true, [.mapIDs, .forked(7)])
        #expect(talk.state == .settingUp(terminal: false))
        #expect(throws: ChildProtocol.Violation.self) { try self.talk(staged: true, maps: true, [.forked(7)]) }
        #expect(throws: ChildProtocol.Violation.self) { try self.talk(staged: true, maps: true, [.mapIDs, .mapIDs]) }
        #expect(throws: ChildProtocol.Violation.self) { try self.talk(staged: true, maps: false, [.mapIDs]) }
    }

    @Test(arguments: [ChildMessage.mapIDs, .forked(7), .terminal, .ready])
    func whatWasNotAskedForEndsTheStart(_ message: ChildMessage) {
        #expect(throws: ChildProtocol.Violation.self) { try self.talk([message]) }
    }

    @Test func aTerminalComesOnceAndBeforeTheCommand() throws {
        #expect(try talk(terminal: true, [.terminal, .executing]).state == .executing)
        #expect(throws: ChildProtocol.Violation.self) { try self.talk(terminal: true, [.executing]) }
        #expect(throws: ChildProtocol.Violation.self) { try self.talk(terminal: true, [.terminal, .terminal]) }
    }

    @Test func nothingIsHeardAfterTheEnd() throws {
        var talk = try talk([.executing])
        try talk.close()
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.failed(Self.error)) }
        #expect(throws: ChildProtocol.Violation.self) { try talk.close() }
    }

    @Test func aStartThatWasSentAheadLetsAReadyContainerGoOn() throws {
        var talk = try talk(waits: true, [])
        #expect(talk.takesStartAhead)
        talk.start()
        #expect(!talk.takesStartAhead)
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.executing) }
        try talk.receive(.ready)
        #expect(talk.state == .starting)
        try talk.receive(.executing)
        try talk.close()
        #expect(talk.state == .running)
    }

    /// What such a process reads next is something else.
    @Test func noStartIsSentAheadToOneThatWaitsForSomethingElse() throws {
        #expect(try !talk([]).takesStartAhead)
        #expect(try !talk(staged: true, waits: true, []).takesStartAhead)
        #expect(try !talk(waits: true, [.ready]).takesStartAhead)
        for (hooks, listener, mayListen, devices) in [
            (true, false, false, false), (false, true, false, false), (false, false, true, false),
            (false, false, false, true),
        ] {
            let talk = ChildProtocol(
                staged: false, needsMaps: false, hasTerminal: false, waitsForStart: true, needsHooks: hooks,
                needsListener: listener, mayHaveListener: mayListen, needsDevices: devices)
            #expect(!talk.takesStartAhead)
        }
    }

    @Test func aNetworkThatIsAnnouncedHoldsNobodyUp() throws {
        var talk = ChildProtocol(
            staged: false, needsMaps: false, hasTerminal: false, waitsForStart: true, announcesNetwork: true)
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.ready) }
        try talk.receive(.networked)
        #expect(talk.state == .settingUp(terminal: false) && talk.networked)
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.networked) }
        try talk.receive(.ready)
        #expect(talk.state == .created)
    }

    /// A created container of an older version is started by a newer one: the numbers stay.
    @Test func theParentsMessagesHaveTheirNumbers() throws {
        var owner = ProcessOwner(.init(uid: 7, gid: 8, additionalGids: [8, 9]), environment: ["HOME=/x", "A=\u{e9}"])
        owner.user.umask = 0o27
        let messages: [ParentMessage] = [
            .mapped, .root, .start, .hooked, .attachListener, .served, .parted, .moved, .supplied(nil),
        ]
        for (number, message) in messages.enumerated() {
            let frame = Frame.encode(message)
            #expect(frame[4] == UInt8(number))
            #expect(try Frame.decode(frame) as ParentMessage == message)
        }
        for message in [ParentMessage.supplied(owner), .supplied(.init(.init()))] {
            #expect(try Frame.decode(Frame.encode(message)) as ParentMessage == message)
        }
    }

    @Test(arguments: [ChildMessage.mapIDs, .forked(4711), .terminal, .ready, .executing, .failed(error)])
    func messagesArriveAsTheyWereSent(_ message: ChildMessage) throws {
        #expect(try Frame.decode(Frame.encode(message)) as ChildMessage == message)
    }

    @Test(arguments: [ChildMessage.forked(4711), .failed(error)])
    func aFrameThatIsCutOrTooLongIsRefused(_ message: ChildMessage) {
        let frame = Frame.encode(message)
        for length in 0..<frame.count {
            #expect(throws: WireError.self) { try Frame.decode(Array(frame[..<length])) as ChildMessage }
        }
        #expect(throws: WireError.self) { try Frame.decode(frame + [0]) as ChildMessage }
        #expect(throws: WireError.self) { try Frame.decode([1, 0, 0, 0, 99]) as ChildMessage }
    }
}
