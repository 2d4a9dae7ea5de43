import Linux
import Testing

@testable import Runtime

/// What the answers of a created process mean.
@Suite struct StartGateTests {
    private static let error = LaunchError(.executable, SystemError("execve", "x", .noExec))

    @Test func executingAsTheLastWordIsSuccess() throws { try StartGate.outcome(Frame.encode(ChildMessage.executing)) }

    @Test(arguments: [
        [], Frame.encode(ChildMessage.ready), Array(Frame.encode(ChildMessage.executing).dropLast()),
        Frame.encode(ChildMessage.executing) + [1], [255, 255, 255, 255],
    ])
    func anythingElseIsNone(_ bytes: [UInt8]) {
        #expect(throws: LaunchError.self) { try StartGate.outcome(bytes) }
    }

    @Test func aFailureArrivesWhole() {
        let bytes = Frame.encode(ChildMessage.executing) + Frame.encode(ChildMessage.failed(Self.error))
        #expect(throws: Self.error) { try StartGate.outcome(bytes) }
    }

    @Test func hooksAndListenersAreWaitedForOnce() throws {
        var talk = ChildProtocol(
            staged: false, needsMaps: false, hasTerminal: false, waitsForStart: true, needsHooks: true,
            needsListener: true)
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.ready) }
        try talk.receive(.mounted)
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.ready) }
        talk.resume()
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.mounted) }
        #expect(throws: ChildProtocol.Violation.self) { try talk.receive(.ready) }
        try talk.receive(.listener(7))
        #expect(talk.state == .listening(number: 7))
        talk.resume()
        try talk.receive(.ready)
        #expect(talk.state == .created)
    }

    @Test func everyOptionThatIsAnnouncedIsUnderstood() {
        for option in RuntimeFeatures.mountOptions { #expect(MountOptions([option]).data == "", "\(option)") }
    }
}
