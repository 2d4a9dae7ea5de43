import Bytes
import Linux

/// One record of a log: a line, or a part of one.
package struct LogEntry {
    package var stream = LogStream.output
    /// Whether the line goes on in the stream's next entry.
    package var isPart = false
    /// Without the line feed.
    package var text: [UInt8] = []
    /// RFC 3339 in UTC, as it stands in the log; empty in frames.
    package var time: [UInt8] = []
    /// Of frames.
    var moment: Timestamp?
    /// The JSON of the details; empty where there are none.
    var attributes: [UInt8] = []

    /// An empty line of standard output.
    package init() {}

    /// When it was written; nil where the log does not say.
    var timestamp: Timestamp? { moment ?? Timestamp(rfc3339: time) }

    /// Appends the time with nine digits of its fraction, as `logs --timestamps` prints it.
    func appendTime(to bytes: inout [UInt8]) {
        if let moment {
            bytes += moment.rfc3339.utf8
            return
        }
        guard time.last == UInt8(ascii: "Z"), time.count >= 20, time.count <= 30 else {
            bytes += time
            return
        }
        bytes += time.dropLast()
        var digits = time.count - 21
        if digits < 0 {
            bytes.append(UInt8(ascii: "."))
            digits = 0
        }
        for _ in digits..<9 { bytes.append(UInt8(ascii: "0")) }
        bytes.append(UInt8(ascii: "Z"))
    }
}

extension LogFormat {
    /// The number of bytes at the beginning of `bytes` that are a whole record; nil where its end is not there yet.
    func recordLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        switch self {
        case .json, .kubernetes:
            return bytes.place(of: 10).map { $0 + 1 }
        case .frames:
            guard bytes.count >= 4 else { return nil }
            let length = Int(UnsafeRawBufferPointer(bytes).loadUnaligned(as: UInt32.self).littleEndian)
            return bytes.count >= length + 8 ? length + 8 : nil
        }
    }

    /// Reads a record into `entry`; false for what is none.
    func read(_ record: UnsafeBufferPointer<UInt8>, into entry: inout LogEntry) -> Bool {
        entry.text.removeAll(keepingCapacity: true)
        entry.time.removeAll(keepingCapacity: true)
        entry.attributes.removeAll(keepingCapacity: true)
        entry.moment = nil
        switch self {
        case .json: return JSONLine.read(record, into: &entry)
        case .kubernetes: return Self.readKubernetes(record, into: &entry)
        case .frames: return Self.readFrame(record, into: &entry)
        }
    }

    private static func readKubernetes(_ record: UnsafeBufferPointer<UInt8>, into entry: inout LogEntry) -> Bool {
        let line = UnsafeBufferPointer(rebasing: record.dropLast())
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, let kind = fields[2].first else { return false }
        entry.time += fields[0]
        entry.stream = fields[1].elementsEqual("stderr".utf8) ? .errorOutput : .output
        entry.isPart = kind == UInt8(ascii: "P")
        entry.text += fields[3]
        return true
    }

    private static func readFrame(_ record: UnsafeBufferPointer<UInt8>, into entry: inout LogEntry) -> Bool {
        let raw = UnsafeRawBufferPointer(record)
        let length = record.count - 8
        guard length >= frameHeader,
            Int(raw.loadUnaligned(fromByteOffset: 4 + length, as: UInt32.self).littleEndian) == length
        else { return false }
        let flags = record[4]
        entry.stream = flags & isErrorOutput != 0 ? .errorOutput : .output
        entry.isPart = flags & isPart != 0
        entry.moment = Timestamp(
            seconds: Int(raw.loadUnaligned(fromByteOffset: 5, as: Int64.self).littleEndian),
            nanoseconds: Int(raw.loadUnaligned(fromByteOffset: 13, as: UInt32.self).littleEndian))
        entry.text += UnsafeBufferPointer(rebasing: record[(4 + frameHeader)..<(4 + length)])
        return true
    }
}

extension Timestamp {
    /// Reads RFC 3339 in UTC ("2026-11-22T14:05:09.5Z"); nil for anything else.
    init?(rfc3339 text: [UInt8]) {
        func number(_ start: Int, _ count: Int) -> Int? {
            guard start + count <= text.count else { return nil }
            var value = 0
            for byte in text[start..<start + count] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            return value
        }
        guard text.last == UInt8(ascii: "Z"), text.count >= 20, let year = number(0, 4), let month = number(5, 2),
            let day = number(8, 2), let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
            (1...12).contains(month)
        else { return nil }
        var fraction = 0
        if text.count > 21 {
            let digits = min(9, text.count - 21)
            guard let value = number(20, digits) else { return nil }
            fraction = value
            for _ in digits..<9 { fraction *= 10 }
        }
        // Years that begin in March have the leap day at their end.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        self.init(seconds: days * 86400 + hour * 3600 + minute * 60 + second, nanoseconds: fraction)
    }
}
