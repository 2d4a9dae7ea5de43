import Build
import Linux

/// One way to show a build. Times come from outside, and so does the size of the terminal: the same calls give the same bytes.
protocol ProgressView: Sendable {
    /// Keeps what `event` says.
    mutating func note(_ event: BuildEvent, at moment: DisplayMoment)

    /// What is to be written now.
    mutating func update(at moment: DisplayMoment) -> [UInt8]

    /// What is to be written when the build is over, in whatever way; nothing follows.
    mutating func close(at moment: DisplayMoment) -> [UInt8]

    /// Whether time alone changes what is shown.
    var isMoving: Bool { get }

    /// How many bytes wait to be written, none of which may be lost.
    var backlog: Int { get }
}

/// When, and onto what, a build is shown.
struct DisplayMoment: Sendable {
    /// For spans that began with an event.
    var time: Timestamp
    /// For what is decided by how long something has waited: nobody sets this clock.
    var steady: MonotonicTime
    /// The terminal's size; nil: it is none, or does not say.
    var size: WindowSize?

    /// The present moment, and the size of the terminal behind `descriptor`.
    static func now(on descriptor: CInt) -> DisplayMoment {
        DisplayMoment(time: .now(), steady: .now(), size: Terminal.size(of: descriptor))
    }
}
