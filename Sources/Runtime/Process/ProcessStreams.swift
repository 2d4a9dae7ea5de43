import Glibc
package import Linux

/// The engine's ends of a process's standard streams, a terminal's master or pipes, and what waits to be written to them.
///
/// Whoever serves a process has a loop around poll(2) with things of its own in it: `watch` adds the streams to its set,
/// and `move` does what the set then allows. No call blocks, once `makeNonBlocking` was called.
package struct ProcessStreams: ~Copyable {
    /// The terminal's master; nil without a terminal.
    package var terminal: FileDescriptor?
    /// The pipe into the standard input; nil when it is closed or was never open.
    package var input: FileDescriptor?
    /// The pipe out of the standard output.
    package var output: FileDescriptor?
    /// The pipe out of the standard error.
    package var errorOutput: FileDescriptor?

    private var presence = TerminalPresence()
    private var pending: [ArraySlice<UInt8>] = []
    private var inputHasEnded = false

    /// Without any stream.
    package init() {}

    /// What the process writes to. With a terminal there is nothing else.
    package enum Source: CaseIterable, Sendable { case terminal, output, errorOutput }

    /// Bytes that the process has written.
    package struct Chunk: Sendable {
        package let source: Source
        package let data: [UInt8]
    }

    /// The most bytes of one chunk.
    package static let largestChunk = 32 << 10

    /// Makes every descriptor non-blocking.
    package func makeNonBlocking() {
        func set(_ number: CInt?) { if let number { DescriptorTable.makeNonBlocking(number) } }
        set(terminal.number)
        set(input.number)
        set(output.number)
        set(errorOutput.number)
    }

    /// Gives the terminal a size; without one nothing happens.
    package func resize(_ size: WindowSize) {
        if let number = terminal.number { Terminal.setSize(size, of: number) }
    }

    // MARK: one turn of a loop

    /// Where the streams are in a poll set.
    package struct Places: Sendable {
        fileprivate var input: Int?
        fileprivate var sources: [(source: Source, place: Int)] = []

        /// Of no stream.
        package init() {}
    }

    /// What one turn has moved.
    package struct Moved: Sendable {
        /// How many pieces of input the process has taken to their ends.
        package var taken = 0
        /// At most one of each source.
        package var chunks: [Chunk] = []
    }

    /// Until when a terminal is left alone, which says EIO all the time otherwise: the wait is to end then. nil: no matter.
    package var restsUntil: MonotonicTime? { presence.restsUntil }

    /// Adds to `poll` what there is to wait for; without `output` nothing is read, and the process is held up as by a full pipe.
    package mutating func watch(in poll: inout PollSet, output: Bool) -> Places {
        var places = Places()
        if !pending.isEmpty, let number = inputNumber { places.input = poll.add(number, reading: false, writing: true) }
        guard output else { return places }
        // Plain loops, here and below: the first use of a generic algorithm with a type of ours costs 50 µs, and every
        // container has its supervisor.
        for source in Source.allCases {
            if source == .terminal, presence.isResting() { continue }
            if let number = number(of: source) { places.sources.append((source, poll.add(number))) }
        }
        return places
    }

    /// Moves what `poll` says can be moved.
    package mutating func move(_ places: Places, _ poll: PollSet) -> Moved {
        var moved = Moved()
        if let place = places.input, poll.isWritable(place) { moved.taken = feed() }
        for (source, place) in places.sources where poll.isReadable(place) {
            if let chunk = read(source) { moved.chunks.append(chunk) }
        }
        return moved
    }

    /// What is still in the pipes after the end of the process, at most what pipes hold. One of its children could keep a
    /// pipe open: what is there now is given, and no more is waited for.
    package mutating func drain() -> [Chunk] {
        var chunks: [Chunk] = []
        for source in Source.allCases {
            var rest = 64
            while rest > 0, let chunk = read(source) {
                chunks.append(chunk)
                rest -= 1
            }
        }
        return chunks
    }

    // MARK: the input

    /// Whether input goes to the process. Behind its end it is dropped.
    package var takesInput: Bool { !inputHasEnded }

    /// Whether the process has not taken all of its input.
    package var isBehind: Bool { !pending.isEmpty }

    /// Writes a piece of input, or keeps what the process has no room for. Returns how many pieces, this one included, it has
    /// taken to their ends; those that nobody can read any more count, too.
    package mutating func write(_ data: [UInt8]) -> Int {
        guard takesInput else { return 1 }
        pending.append(data[...])
        return feed()
    }

    /// Ends the input behind what waits: closes the pipe. A terminal has no such end; Docker leaves it open too.
    package mutating func endInput() {
        inputHasEnded = true
        if pending.isEmpty { input = nil }
    }

    private mutating func feed() -> Int {
        var taken = 0
        while let first = pending.first {
            // Without a reader the input is taken and dropped: who sends it need not know.
            let written = write(first) ?? first.count
            guard written == first.count else {
                pending[0] = first.dropFirst(written)
                return taken
            }
            pending.removeFirst()
            taken += 1
        }
        if inputHasEnded { input = nil }
        return taken
    }

    private var inputNumber: CInt? { terminal.number ?? input.number }

    // What there was room for; nil when nobody can read it any more.
    private func write(_ data: ArraySlice<UInt8>) -> Int? {
        guard let number = inputNumber else { return nil }
        while true {
            let written = data.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if written >= 0 { return written }
            switch Errno.current {
            case .interrupted: continue
            case .again: return 0
            default: return nil
            }
        }
    }

    // MARK: the output

    private func number(of source: Source) -> CInt? {
        switch source {
        case .terminal: terminal.number
        case .output: output.number
        case .errorOutput: errorOutput.number
        }
    }

    // One read; nil where there is nothing, and behind the end of a pipe, which is closed then. A terminal has no end: it
    // goes with its process (see `TerminalPresence`).
    private mutating func read(_ source: Source) -> Chunk? {
        guard let number = number(of: source) else { return nil }
        while true {
            switch [UInt8].filled(room: Self.largestChunk, by: { Glibc.read(number, $0.baseAddress, $0.count) }) {
            case .success(let data) where !data.isEmpty: return Chunk(source: source, data: data)
            case .failure(.interrupted): continue
            case .failure(.again): return nil
            case .failure(.io) where source == .terminal:
                presence.hungUp(number)
                return nil
            default:
                close(source)
                return nil
            }
        }
    }

    private mutating func close(_ source: Source) {
        switch source {
        case .terminal: terminal = nil
        case .output: output = nil
        case .errorOutput: errorOutput = nil
        }
    }
}
