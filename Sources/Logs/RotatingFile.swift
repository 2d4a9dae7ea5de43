import Glibc
import Linux

/// A file of records that is only ever appended to, by one process, and rotated: PATH is the newest, PATH.1 the one
/// before. Opened with the first record.
///
/// It never throws: a record for which there is no room is lost, and leaves nothing of itself behind.
struct RotatingFile: ~Copyable {
    private let path: String
    // In bytes; 0 for no limit.
    private let maximumSize: Int
    private let maximumFiles: Int
    private let format: LogFormat
    private var file: FileDescriptor?
    private var size = 0
    // Records that wait for the end of the chunk they came with, and where each ends.
    private var buffer: [UInt8] = []
    private var ends: [Int] = []

    init(path: String, maximumSize: Int, maximumFiles: Int, format: LogFormat) {
        self.path = path
        self.maximumSize = maximumSize
        self.maximumFiles = maximumFiles
        self.format = format
    }

    /// Adds the record that `write` appends; `flush` brings it to the file.
    mutating func add(_ write: (inout [UInt8]) -> Void) {
        if file == nil { open() }
        let start = buffer.count
        write(&buffer)
        if maximumSize > 0, size + buffer.count > maximumSize, size + start > 0 {
            let record = Array(buffer[start...])
            buffer.removeLast(record.count)
            flush()
            rotate()
            buffer += record
        }
        ends.append(buffer.count)
    }

    /// Writes what was added, or as many records of it as there is room for.
    mutating func flush() {
        defer {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 64 << 10)
            ends.removeAll(keepingCapacity: ends.capacity <= 4 << 10)
        }
        guard !buffer.isEmpty, let number = file.number else { return }
        var written = 0
        while written < buffer.count {
            let result = buffer.withUnsafeBytes { write(number, $0.baseAddress! + written, $0.count - written) }
            if result > 0 {
                written += result
            } else if Errno.current != .interrupted {
                break
            }
        }
        let whole = written == buffer.count ? written : ends.last { $0 <= written } ?? 0
        // Readers look at whole records alone: they never saw what is taken back here.
        if whole < written { _ = ftruncate(number, off_t(size + whole)) }
        size += whole
    }

    private mutating func open() {
        guard let opened = try? FileDescriptor.open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o600) else {
            return
        }
        size = (try? opened.status().size) ?? 0
        // A writer that was killed, or a machine that lost power, may have left the beginning of a record.
        let whole = RecordEnd.find(in: opened, size: size, format: format)
        if whole < size, ftruncate(opened.rawValue, off_t(whole)) == 0 { size = whole }
        file = consume opened
    }

    // Readers hold the files that they have not finished: a name that moves or goes takes nothing from them.
    private mutating func rotate() {
        if maximumFiles > 1 {
            var number = maximumFiles - 1
            while number > 1 {
                rename("\(path).\(number - 1)", "\(path).\(number)")
                number -= 1
            }
            guard rename(path, "\(path).1") == 0 else { return }
        } else if unlink(path) < 0 {
            return
        }
        file = nil
        size = 0
        open()
    }
}

/// Finds where the last whole record of a file ends.
enum RecordEnd {
    /// The number of bytes of `file`, of `size` bytes, that are whole records.
    static func find(in file: borrowing FileDescriptor, size: Int, format: LogFormat) -> Int {
        switch format {
        case .json, .kubernetes: endOfLines(file, size)
        case .frames: endOfFrames(file, size)
        }
    }

    private static func endOfLines(_ file: borrowing FileDescriptor, _ size: Int) -> Int {
        var end = size
        var buffer = [UInt8](repeating: 0, count: 4096)
        while end > 0 {
            let start = max(0, end - buffer.count)
            let count = end - start
            let got = buffer.withUnsafeMutableBytes { pread(file.rawValue, $0.baseAddress, count, off_t(start)) }
            guard got == count else { return size }
            if let feed = buffer[..<count].lastIndex(of: 10) { return start + feed + 1 }
            end = start
        }
        return 0
    }

    private static func endOfFrames(_ file: borrowing FileDescriptor, _ size: Int) -> Int {
        func length(at place: Int) -> Int? {
            var value: UInt32 = 0
            let got = withUnsafeMutableBytes(of: &value) { pread(file.rawValue, $0.baseAddress, 4, off_t(place)) }
            return got == 4 ? Int(UInt32(littleEndian: value)) : nil
        }
        func isFrame(_ start: Int, _ count: Int) -> Bool {
            start >= 0 && count >= LogFormat.frameHeader && length(at: start) == count
                && length(at: start + 4 + count) == count
        }
        if size >= 8, let last = length(at: size - 4), isFrame(size - 8 - last, last) { return size }
        var place = 0
        while place + 8 <= size, let count = length(at: place), place + 8 + count <= size, isFrame(place, count) {
            place += 8 + count
        }
        return place
    }
}
