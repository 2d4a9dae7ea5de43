/// What ends a wait besides that for which it waits.
package struct StopConditions: Sendable {
    /// Ends the wait by `cancel`.
    package var cancellation: Cancellation?
    /// A descriptor that somebody else reads what the wait leads to from: when nobody does any more, the wait has no sense.
    package var output: CInt?

    /// A wait without an end of its own unless one is given.
    package init(cancellation: Cancellation? = nil, output: CInt? = nil) {
        self.cancellation = cancellation
        self.output = output
    }

    /// Where the conditions are in a poll set.
    package struct Places: Sendable {
        fileprivate var cancellation: Int?
        fileprivate var output: Int?
    }

    /// Adds what is to be looked at.
    package func watch(in poll: inout PollSet) -> Places {
        Places(
            cancellation: cancellation.map { poll.add($0.number) }, output: output.map { poll.add($0, reading: false) })
    }

    /// Whether the wait that has ended found one of them to hold.
    package func hold(_ places: Places, _ poll: PollSet) -> Bool {
        if let place = places.cancellation, poll.isReadable(place) { return true }
        if let place = places.output, poll.isHungUp(place) { return true }
        return false
    }
}
