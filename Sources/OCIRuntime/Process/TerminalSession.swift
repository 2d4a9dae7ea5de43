import Glibc
import Linux
import Runtime

/// The caller's standard input and output, connected with a container's terminal, if it has one.
struct TerminalSession: ~Copyable {
    private var streams = ProcessStreams()
    private var raw: RawMode?
    private var reads: Bool
    // What the caller's output had no room for: nothing is read from the terminal before it has gone.
    private var unwritten: [UInt8] = []
    // The caller's descriptors may be blocking ones, and are others', too: of a pipe that has room, this many bytes
    // are taken at once (pipe(7), PIPE_BUF).
    private static let piece = 4096

    init(_ terminal: consuming FileDescriptor?) {
        let given = terminal.take()
        reads = given != nil
        raw = given == nil ? nil : RawMode(STDIN_FILENO, anyGroup: true, processesOutput: true)
        streams.terminal = consume given
        streams.makeNonBlocking()
    }

    var hasTerminal: Bool { streams.terminal.number != nil }

    func restore() { raw?.restore() }

    func resize() {
        if let size = Terminal.size(of: STDIN_FILENO) { streams.resize(size) }
    }

    struct Places {
        var streams = ProcessStreams.Places()
        var input: Int?
        var output: Int?
    }

    /// Adds what there is to wait for.
    mutating func watch(in poll: inout PollSet) -> Places {
        var places = Places()
        guard hasTerminal else { return places }
        places.streams = streams.watch(in: &poll, output: unwritten.isEmpty)
        if reads, !streams.isBehind { places.input = poll.add(STDIN_FILENO) }
        if !unwritten.isEmpty { places.output = poll.add(STDOUT_FILENO, reading: false, writing: true) }
        return places
    }

    /// How long the terminal may be left alone, in milliseconds; -1: until something happens.
    var patience: CInt { streams.restsUntil?.millisecondsLeft ?? -1 }

    /// Moves what `poll` says can be moved.
    mutating func move(_ places: Places, _ poll: PollSet) {
        for chunk in streams.move(places.streams, poll).chunks { unwritten += chunk.data }
        if let place = places.output, poll.isWritable(place) || poll.isHungUp(place) { show() }
        if let place = places.input, poll.isReadable(place) { type() }
    }

    /// Passes on what the terminal still holds, however long the caller takes for it.
    mutating func finish() {
        for chunk in streams.drain() { unwritten += chunk.data }
        while !unwritten.isEmpty, hasTerminal { show() }
    }

    private mutating func show() {
        let written = unwritten.prefix(Self.piece).withUnsafeBytes {
            Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
        }
        if written >= 0 {
            unwritten.removeFirst(written)
        } else if Errno.current == .again {
            var poll = PollSet()
            poll.add(STDOUT_FILENO, reading: false, writing: true)
            _ = try? poll.wait()
        } else if Errno.current != .interrupted {
            // Nobody reads it any more: the process is told as by a terminal that hangs up.
            streams.terminal = nil
            unwritten.removeAll()
        }
    }

    private mutating func type() {
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        let got = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
        if got < 0, Errno.current == .interrupted || Errno.current == .again { return }
        guard got > 0 else {
            reads = false
            // The end of the caller's input is the terminal's Control-D.
            _ = streams.write([4])
            return
        }
        _ = streams.write(Array(buffer[..<got]))
    }
}
