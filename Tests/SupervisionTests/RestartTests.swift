import Errors
import ContainerSpec
import Testing

@testable import Supervision

/// Restart policies and their back-off.
@Suite struct RestartTests {
    @Test func theWaitDoublesFromATenthOfASecondToAMinute() {
        var backoff = RestartBackoff()
        let waits = (0..<12).map { _ in backoff.next(after: 1, ran: 5, policy: .init(.always), isManuallyStopped: false)
        }
        #expect(waits == [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
        #expect(backoff.restartCount == 12)
    }

    @Test func aContainerThatRanTenSecondsBeginsAgainWithTheShortestWait() {
        var backoff = RestartBackoff()
        for _ in 0..<5 { _ = backoff.next(after: 1, ran: 5, policy: .init(.always), isManuallyStopped: false) }
        #expect(backoff.next(after: 1, ran: 10_000, policy: .init(.always), isManuallyStopped: false) == 100)
        #expect(backoff.next(after: 1, ran: 9999, policy: .init(.always), isManuallyStopped: false) == 200)
    }

    @Test func onFailureEndsWithASuccessOrItsCount() {
        var backoff = RestartBackoff()
        let twice = RestartPolicy(.onFailure, maximumRetryCount: 2)
        #expect(backoff.next(after: 0, ran: 5, policy: twice, isManuallyStopped: false) == nil)
        #expect(backoff.next(after: 3, ran: 5, policy: twice, isManuallyStopped: false) != nil)
        #expect(backoff.next(after: 3, ran: 5, policy: twice, isManuallyStopped: false) != nil)
        #expect(backoff.next(after: 3, ran: 5, policy: twice, isManuallyStopped: false) == nil)
        #expect(backoff.restartCount == 2)
        var endless = RestartBackoff()
        for _ in 0..<100 {
            #expect(endless.next(after: 1, ran: 5, policy: .init(.onFailure), isManuallyStopped: false) != nil)
        }
    }

    @Test func unlessStoppedHeedsTheUser() {
        var backoff = RestartBackoff()
        #expect(backoff.next(after: 0, ran: 5, policy: .init(.unlessStopped), isManuallyStopped: true) == nil)
        #expect(backoff.next(after: 0, ran: 5, policy: .init(.unlessStopped), isManuallyStopped: false) != nil)
        #expect(backoff.next(after: 9, ran: 5, policy: .no, isManuallyStopped: false) == nil)
    }

    @Test(arguments: [
        ("", RestartPolicy.no), ("no", .no), ("always", .init(.always)), ("unless-stopped", .init(.unlessStopped)),
        ("on-failure", .init(.onFailure)), ("on-failure:0", .init(.onFailure)),
        ("on-failure:7", .init(.onFailure, maximumRetryCount: 7)),
    ])
    func policiesAreRead(_ text: String, _ policy: RestartPolicy) throws {
        #expect(try RestartPolicy(option: text) == policy)
    }

    @Test(arguments: ["sometimes", ":3", "on-failure:x", "on-failure:-1", "always:3", "unless-stopped:1", "no:2"])
    func whatIsNoPolicyIsRefused(_ text: String) {
        #expect(throws: OptionError.self) { try RestartPolicy(option: text) }
    }
}
