import Glibc
import Linux

/// The supervisor's ends of a container's standard streams: a terminal's master, or pipes.
struct ContainerStreams: ~Copyable {
    /// The pty's master; nil without a terminal.
    var terminal: FileDescriptor?
    var presence = TerminalPresence()
    /// The pipe into the standard input; nil when it is closed or was never open.
    var input: FileDescriptor?
    var output: FileDescriptor?
    var errorOutput: FileDescriptor?

    enum Source: CaseIterable { case terminal, output, errorOutput }

    /// Makes every descriptor non-blocking: the supervisor waits in poll(2) alone.
    mutating func makeNonBlocking() {
        for number in [terminal.number, input.number, output.number, errorOutput.number] {
            guard let number else { continue }
            DescriptorTable.makeNonBlocking(number)
        }
    }

    var isOpen: Bool {
        for source in Source.allCases where number(of: source) != nil { return true }
        return false
    }

    func number(of source: Source) -> CInt? {
        switch source {
        case .terminal: terminal.number
        case .output: output.number
        case .errorOutput: errorOutput.number
        }
    }

    /// What is to be polled for output of `source`; nil for nothing, for now or for good.
    mutating func awaited(_ source: Source) -> CInt? {
        if source == .terminal, presence.isResting() { return nil }
        return number(of: source)
    }

    mutating func close(_ source: Source) {
        switch source {
        case .terminal: terminal = nil
        case .output: output = nil
        case .errorOutput: errorOutput = nil
        }
    }

    enum Chunk {
        case data([UInt8])
        case nothing
        case end
    }

    /// One read. A terminal has no end: it goes with its process (see `TerminalPresence`).
    mutating func read(_ source: Source) -> Chunk {
        guard let number = number(of: source) else { return .end }
        var buffer = [UInt8](repeating: 0, count: AttachFrame.maximumPayload)
        while true {
            let got = buffer.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, $0.count) }
            if got > 0 {
                buffer.removeLast(buffer.count - got)
                return .data(buffer)
            }
            if got == 0 { return .end }
            switch Errno.current {
            case .interrupted: continue
            case .again: return .nothing
            case .io where source == .terminal:
                presence.hungUp(number)
                return .nothing
            default: return .end
            }
        }
    }

    /// Writes what fits of `data` to the container's input; nil when nobody can read it any more.
    func writeInput(_ data: ArraySlice<UInt8>) -> Int? {
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

    /// What is written to reach the container's input; nil when it has ended.
    var inputNumber: CInt? {
        if let number = terminal.number { return number }
        return input.number
    }

    /// The end of the input: closes the pipe. A terminal has no such end; Docker leaves it open too.
    mutating func closeInput() { input = nil }
}
