import Linux

/// Which step's lines are printed: one has the floor, and others get it in turn. The figures are BuildKit's.
enum Floor {
    /// A step that has something to say, or has the floor.
    struct Speaker {
        let number: Int
        /// How much it has had to say since it was heard.
        let count: Int
        /// Since when.
        let since: MonotonicTime
    }

    /// Nobody waits longer than this many seconds.
    static let longestWait = 10.0
    /// The floor is kept for this many seconds at least, the longer the more there is to say compared to the others.
    static let shortestTurn = 5.0

    /// Who gets the floor at `now`; nil: it stays where it is. `holder` has it among `speakers`; nil: nobody, so that the one with
    /// the most to say gets it.
    static func next(_ speakers: [Speaker], holder: Int?, at now: MonotonicTime) -> Int? {
        var most: (number: Int, speed: Double)?
        var late: Int?
        var sum = 0.0
        var turn = (seconds: 0.0, speed: 0.0)
        for speaker in speakers {
            let seconds = max(1e-9, Double(now.nanoseconds - speaker.since.nanoseconds) / 1e9)
            let speed = Double(speaker.count) / seconds
            sum += speed
            if speaker.number == holder { turn = (seconds, speed) }
            if most == nil || speed > most!.speed { most = (speaker.number, speed) }
            if late == nil, speaker.number != holder, seconds > longestWait { late = speaker.number }
        }
        guard holder != nil else { return late ?? most?.number }
        if let late { return late }
        guard let most, most.number != holder else { return nil }
        // Not a division: one that says everything has an endless turn.
        return shortestTurn * sum < turn.seconds * (sum - turn.speed) ? most.number : nil
    }
}
