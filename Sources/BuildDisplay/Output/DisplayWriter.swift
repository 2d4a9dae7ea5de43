import Build
import Glibc
import Linux
import Synchronization

/// The thread that writes what a view of a build shows, and the way from the build to it.
final class DisplayWriter: Sendable {
    /// How often a picture is drawn anew in which only the time goes on, in milliseconds: BuildKit's figure, as the next one.
    private static let interval: Int64 = 150
    /// How long the thread rests after each round at least.
    private static let rest: Int64 = 100
    /// How many bytes may wait for the thread before those who bring more do, too.
    private static let backlogLimit = 4 << 20

    private struct State: Sendable {
        /// nil: nobody looks any more.
        var view: (any ProgressView)?
        /// What follows the view's last words.
        var report: [UInt8] = []
    }

    private let state: Mutex<State>
    private let sink: DisplaySink
    private let doorbell = Doorbell()

    /// Shows `view` on `sink`, from `run` on.
    init(_ view: any ProgressView, on sink: DisplaySink) {
        state = Mutex(State(view: view))
        self.sink = sink
    }

    /// Takes `event` over. It waits only where very much has not been written.
    func note(_ event: BuildEvent) {
        let moment = DisplayMoment(time: .now(), steady: .now(), size: nil)
        let isMuch = state.withLock { state in
            state.view?.note(event, at: moment)
            return (state.view?.backlog ?? 0) > Self.backlogLimit
        }
        doorbell.ring()
        if isMuch { doorbell.waitForRound() }
    }

    /// Nothing more will come; `report` is written behind the view's last words.
    func end(_ report: [UInt8]) {
        state.withLock { $0.report = report }
        doorbell.end()
    }

    /// Writes until `end` was called, or nobody reads.
    func run() {
        // Of the write to a pipe without a reader the error is enough: it must not end the build.
        Signals.block([SIGPIPE])
        defer { doorbell.close() }
        repeat {
            let moment = DisplayMoment.now(on: sink.descriptor)
            let (page, isMoving) = state.withLock { state in
                (state.view?.update(at: moment) ?? [], state.view?.isMoving ?? false)
            }
            guard write(page) else { return }
            doorbell.finishRound()
            let end: MonotonicTime? = isMoving ? .now().adding(milliseconds: Self.interval) : nil
            guard doorbell.waitForNews(after: .now().adding(milliseconds: Self.rest), until: end) else { break }
        } while true
        let moment = DisplayMoment.now(on: sink.descriptor)
        _ = write(state.withLock { state in (state.view?.close(at: moment) ?? []) + state.report })
    }

    private func write(_ page: [UInt8]) -> Bool {
        if sink.write(page) { return true }
        state.withLock { $0.view = nil }
        return false
    }
}
