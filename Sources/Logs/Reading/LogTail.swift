import Glibc
import Linux

/// Finds where the last lines of a log begin, reading no more of it than them.
struct LogTail {
    let format: LogFormat
    // A stretch of a file that was read last, and where it begins.
    private var stretch: [UInt8] = []
    private var stretchStart = 0

    init(_ format: LogFormat) { self.format = format }

    /// The file, by its place among `files`, and the byte in it, from which `count` lines follow.
    mutating func start(of count: Int, in files: [SeriesFile]) -> (file: Int, offset: Int) {
        var seen = 0
        var isLast = true
        var entry = LogEntry()
        let format = format
        for (index, file) in files.enumerated().reversed() {
            stretch = []
            var end = RecordEnd.find(in: file.file, size: file.size, format: format)
            if count == 0 { return (index, end) }
            while let start = startOfRecord(endingAt: end, in: file.file) {
                let isReadable = withRecord(start..<end, in: file.file) { format.read($0, into: &entry) }
                // A line ends with a record that is no part, and the log with whatever it ends with.
                if isReadable, !entry.isPart || isLast {
                    if seen == count { return (index, end) }
                    seen += 1
                    isLast = false
                }
                end = start
            }
        }
        return (0, 0)
    }

    private mutating func startOfRecord(endingAt end: Int, in file: borrowing FileDescriptor) -> Int? {
        guard end > 0 else { return nil }
        switch format {
        case .frames:
            guard end >= 8, hold(end - 4, end, in: file) else { return nil }
            let length = stretch.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: end - 4 - stretchStart, as: UInt32.self).littleEndian
            }
            let start = end - 8 - Int(length)
            return start >= 0 ? start : nil
        case .json, .kubernetes:
            var from = end - 1
            while true {
                let begin = max(0, from - 4096)
                guard hold(begin, from, in: file) else { return nil }
                let part = stretch[(begin - stretchStart)..<(from - stretchStart)]
                if let feed = part.lastIndex(of: 10) { return stretchStart + feed + 1 }
                if begin == 0 { return 0 }
                from = begin
            }
        }
    }

    private mutating func withRecord(
        _ range: Range<Int>, in file: borrowing FileDescriptor, _ body: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        guard hold(range.lowerBound, range.upperBound, in: file) else { return false }
        return stretch.withUnsafeBufferPointer {
            body(
                UnsafeBufferPointer(
                    rebasing: $0[(range.lowerBound - stretchStart)..<(range.upperBound - stretchStart)]))
        }
    }

    // Has the bytes from `start` to `end` in `stretch`, with some before them, as the walk goes backwards.
    private mutating func hold(_ start: Int, _ end: Int, in file: borrowing FileDescriptor) -> Bool {
        if !stretch.isEmpty, start >= stretchStart, end <= stretchStart + stretch.count { return true }
        let first = max(0, min(start, end - 64 << 10))
        var bytes = [UInt8](repeating: 0, count: end - first)
        var got = 0
        while got < bytes.count {
            let read = bytes.withUnsafeMutableBytes {
                pread(file.rawValue, $0.baseAddress! + got, $0.count - got, off_t(first + got))
            }
            guard read > 0 else { return false }
            got += read
        }
        stretch = bytes
        stretchStart = first
        return true
    }
}
