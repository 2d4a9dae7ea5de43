import Glibc
import Linux

/// Makes lines of what one stream of a container writes, in Docker's measure: a line without an end goes on as parts of
/// 16 KiB, which all have the time of the first.
struct LineAssembler {
    /// The longest piece that is kept as one, its line feed included, in bytes.
    static let longest = 16 << 10

    private var pending: [UInt8] = []
    // The time of a line's beginning, while its end has not come.
    private var began: LogTime?

    /// Hands every line and full part of `chunk` to `line`: its text without the line feed, whether more of it follows,
    /// and its time. What is left waits for the next chunk.
    mutating func take(
        _ chunk: UnsafeBufferPointer<UInt8>, at time: LogTime,
        line: (UnsafeBufferPointer<UInt8>, _ isPart: Bool, LogTime) -> Void
    ) {
        var rest = chunk
        while let base = rest.baseAddress, !rest.isEmpty {
            let window = min(rest.count, Self.longest - pending.count)
            if let found = memchr(base, 10, window) {
                let length = UnsafeRawPointer(base).distance(to: found)
                emit(UnsafeBufferPointer(start: base, count: length), isPart: false, time, line)
                rest = UnsafeBufferPointer(rebasing: rest[(length + 1)...])
            } else if pending.count + window == Self.longest {
                emit(UnsafeBufferPointer(start: base, count: window), isPart: true, time, line)
                rest = UnsafeBufferPointer(rebasing: rest[window...])
            } else {
                if began == nil { began = time }
                pending.append(contentsOf: rest)
                return
            }
        }
    }

    /// Hands what waits to `line`, as a part: the stream has ended.
    mutating func finish(line: (UnsafeBufferPointer<UInt8>, _ isPart: Bool, LogTime) -> Void) {
        if !pending.isEmpty, let began {
            pending.withUnsafeBufferPointer { line($0, true, began) }
        }
        pending = []
        began = nil
    }

    private mutating func emit(
        _ text: UnsafeBufferPointer<UInt8>, isPart: Bool, _ time: LogTime,
        _ line: (UnsafeBufferPointer<UInt8>, Bool, LogTime) -> Void
    ) {
        let time = began ?? time
        if pending.isEmpty {
            line(text, isPart, time)
        } else {
            pending.append(contentsOf: text)
            pending.withUnsafeBufferPointer { line($0, isPart, time) }
            pending.removeAll(keepingCapacity: true)
        }
        began = isPart ? time : nil
    }
}
