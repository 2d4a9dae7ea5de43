import Glibc
package import Linux

/// Reads a series of log files from some place on, as often as it is asked to go on.
package struct LogFileReader: ~Copyable {
    private var series: RotatedFiles
    private let format: LogFormat
    private let since: Timestamp?
    private let until: Timestamp?
    private var offset = 0
    private var entry = LogEntry()
    private var room = 64 << 10
    /// Whether an entry of after `until` was met: nothing more is to come.
    package private(set) var isOver = false

    package init(_ series: consuming RotatedFiles, _ format: LogFormat, since: Timestamp?, until: Timestamp?) {
        self.series = series
        self.format = format
        self.since = since
        self.until = until
    }

    /// Leaves everything out but the last `count` lines.
    package mutating func startAtTail(_ count: Int) {
        guard !series.files.isEmpty else { return }
        var tail = LogTail(format)
        let start = tail.start(of: count, in: series.files)
        for _ in 0..<start.file { series.dropFirst() }
        offset = start.offset
    }

    /// Reads what there is up to this moment, an entry at a time. What `take` throws ends it.
    package mutating func readAll<E: Error>(_ take: (borrowing LogEntry) throws(E) -> Void) throws(E) {
        while !isOver {
            // Before each stretch, so that a slow reader has hold of what is rotated away behind it.
            series.refresh()
            guard let file = series.files.first else { return }
            let isFinal = series.files.count > 1
            if offset == 0, isFinal, isAllBefore(file) {
                series.dropFirst()
            } else if try readStretch(file, take) == 0 {
                guard isFinal else { return }
                series.dropFirst()
                offset = 0
            }
        }
    }

    private func isAllBefore(_ file: SeriesFile) -> Bool {
        guard let since, let changed = try? file.file.status().modificationTime else { return false }
        // The clock of file times goes in ticks.
        return Timestamp(seconds: changed.seconds + 1, nanoseconds: changed.nanoseconds) < since
    }

    // Reads whole records alone, and the rest of the bytes again the next time: a writer that had no room for a record
    // takes back what it wrote of it. Returns the number of bytes that are done with.
    private mutating func readStretch<E: Error>(
        _ file: SeriesFile, _ take: (borrowing LogEntry) throws(E) -> Void
    ) throws(E) -> Int {
        var buffer = [UInt8](repeating: 0, count: room)
        let number = file.file.rawValue
        let offset = offset
        let got = buffer.withUnsafeMutableBytes { pread(number, $0.baseAddress, $0.count, off_t(offset)) }
        guard got > 0 else { return 0 }
        var done = 0
        var failure: E?
        buffer.withUnsafeBufferPointer { bytes in
            while done < got, !isOver {
                let rest = UnsafeBufferPointer(rebasing: bytes[done..<got])
                guard let length = format.recordLength(rest) else { return }
                done += length
                guard format.read(UnsafeBufferPointer(rebasing: rest[..<length]), into: &entry), isWanted() else {
                    continue
                }
                do throws(E) { try take(entry) } catch {
                    failure = error
                    return
                }
            }
        }
        if let failure { throw failure }
        // A record that is longer than the room; what has no end in a mebibyte is none.
        if done == 0, got == room {
            if room < 1 << 20 {
                room *= 4
                return try readStretch(file, take)
            }
            done = got
        }
        self.offset += done
        return done
    }

    private mutating func isWanted() -> Bool {
        if since == nil, until == nil { return true }
        guard let time = entry.timestamp else { return true }
        if let until, time > until {
            isOver = true
            return false
        }
        if let since { return time >= since }
        return true
    }
}
