import Glibc
import Linux

/// A process of a container that the caller waits for: signals reach it, its terminal is the caller's, and its end is the
/// caller's.
struct ForegroundProcess: ~Copyable {
    // What a user or a service manager sends; what concerns only this process stays with it.
    private static let forwarded: [CInt] = [
        SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGWINCH,
    ]

    private let signals: SignalDescriptor

    /// Blocks the signals: before the process is made, so that none is lost.
    init() throws(OCIError) {
        signals = try reporting { try SignalDescriptor(Self.forwarded) }
    }

    /// Waits for the end of the process, and gives its exit code as a shell does.
    func wait(
        for pid: ProcessID, _ pidfd: borrowing FileDescriptor, terminal: consuming FileDescriptor?
    ) throws(OCIError) -> CInt {
        var streams = TerminalStreams(terminal.take())
        defer { streams.restore() }
        streams.resize()
        return try reporting { () throws -> CInt in
            while true {
                var set = PollSet()
                let ended = set.add(pidfd.rawValue)
                let signal = set.add(signals.descriptor.rawValue)
                let places = streams.add(to: &set)
                _ = try set.wait(milliseconds: streams.patience)
                if set.isReadable(signal) {
                    while let number = signals.next() {
                        if number == SIGWINCH, streams.hasTerminal {
                            streams.resize()
                        } else {
                            try? sendSignal(number, to: pidfd)
                        }
                    }
                }
                streams.copy(set, places)
                if set.isReadable(ended) {
                    streams.drain()
                    return try waitForExit(of: pid).shellCode
                }
            }
        }
    }
}

/// The caller's standard input and output, connected with a container's terminal.
private struct TerminalStreams: ~Copyable {
    private var master: FileDescriptor?
    private var presence = TerminalPresence()
    private var raw: RawMode?
    private var reads: Bool

    init(_ terminal: consuming FileDescriptor?) {
        let given = terminal.take()
        reads = given != nil
        raw = given == nil ? nil : RawMode(STDIN_FILENO)
        master = consume given
    }

    private var number: CInt? {
        switch master {
        case .some(let master): master.rawValue
        case nil: nil
        }
    }

    var hasTerminal: Bool { number != nil }

    func restore() { raw?.restore() }

    func resize() {
        guard let number, let size = Terminal.size(of: STDIN_FILENO) else { return }
        Terminal.setSize(size, of: number)
    }

    mutating func add(to set: inout PollSet) -> (master: Int?, input: Int?) {
        guard let number else { return (nil, nil) }
        let place = presence.isResting() ? nil : set.add(number)
        return (place, reads ? set.add(STDIN_FILENO) : nil)
    }

    /// How long the terminal may be left alone, in milliseconds; -1: until something happens.
    var patience: CInt { presence.restsUntil?.millisecondsLeft ?? -1 }

    mutating func copy(_ set: PollSet, _ places: (master: Int?, input: Int?)) {
        if let place = places.master, set.isReadable(place) { _ = show() }
        guard let place = places.input, set.isReadable(place), let number else { return }
        if move(from: STDIN_FILENO, to: number) != .some {
            reads = false
            // The end of the caller's input is the terminal's Control-D.
            var end: UInt8 = 4
            _ = Glibc.write(number, &end, 1)
        }
    }

    /// Passes on what the terminal still holds.
    mutating func drain() {
        while let number {
            var set = PollSet()
            set.add(number)
            guard (try? set.wait(milliseconds: 0)) == true, show() else { break }
        }
    }

    // Passes on what the terminal has; false where that was nothing. It has no end but the process's.
    private mutating func show() -> Bool {
        guard let number else { return false }
        switch move(from: number, to: STDOUT_FILENO) {
        case .some: return true
        case .end:
            // Of the caller's output: nobody reads it any more.
            master = nil
            return false
        case .hangUp:
            presence.hungUp(number)
            return false
        }
    }

    private enum Moved { case some, end, hangUp }

    // A terminal without a program on its other side says EIO.
    private func move(from source: CInt, to target: CInt) -> Moved {
        withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { buffer in
            let count = Glibc.read(source, buffer.baseAddress, buffer.count)
            if count < 0 {
                switch Errno.current {
                case .interrupted, .again: return .some
                case .io: return .hangUp
                default: return .end
                }
            }
            if count == 0 { return .end }
            var rest = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            while !rest.isEmpty {
                let written = Glibc.write(target, rest.baseAddress, rest.count)
                if written < 0 {
                    if Errno.current == .interrupted { continue }
                    return .end
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
            return .some
        }
    }
}
