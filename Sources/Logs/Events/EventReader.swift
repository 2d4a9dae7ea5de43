import Glibc
package import Linux

/// Reads the events' files, as `LogFileReader` reads a container's.
package struct EventReader: ~Copyable {
    private var series: RotatedFiles
    private let since: Timestamp?
    private let until: Timestamp?
    private var offset = 0

    package init(_ series: consuming RotatedFiles, since: Timestamp?, until: Timestamp?) {
        self.since = since
        self.until = until
        self.series = series
        if since == nil, let newest = self.series.files.last {
            while self.series.files.count > 1 { self.series.dropFirst() }
            offset = RecordEnd.find(in: newest.file, size: newest.size, format: .json)
        }
    }

    /// Hands all that has been written since the last call to `take`. Throws what `take` throws.
    package mutating func readAll(_ take: (StoredEvent) throws -> Void) throws {
        while true {
            series.refresh()
            guard let file = series.files.first else { return }
            let isFinal = series.files.count > 1
            let rest = try? read(file)
            if let rest, !rest.isEmpty {
                let lines = rest.split(separator: 10, omittingEmptySubsequences: true)
                offset += rest.count
                for line in lines {
                    guard let event = Array(line).withUnsafeBufferPointer({ StoredEvent($0) }) else { continue }
                    if let since, event.event.time < since { continue }
                    if let until, event.event.time > until { continue }
                    try take(event)
                }
            } else {
                guard isFinal else { return }
                series.dropFirst()
                offset = 0
            }
        }
    }

    // Whole lines behind `offset`, some hundred kilobytes of them.
    private func read(_ file: SeriesFile) throws(SystemError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let number = file.file.rawValue
            let got = buffer.withUnsafeMutableBytes { pread(number, $0.baseAddress, $0.count, off_t(offset)) }
            guard got > 0 else { return [] }
            if let feed = buffer[..<got].lastIndex(of: 10) { return Array(buffer[...feed]) }
            if got < buffer.count || got > 16 << 20 { return [] }
            buffer = [UInt8](repeating: 0, count: got * 4)
        }
    }
}
