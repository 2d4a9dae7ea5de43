import JSON
import Linux

/// The standard stream that a piece of output came from; with a terminal everything is `output`.
package enum LogStream: UInt8, Sendable {
    case output = 1
    case errorOutput = 2

    /// "stdout" or "stderr".
    package var name: String { self == .output ? "stdout" : "stderr" }
}

/// How a line of output is written into a file. All of them keep every byte.
package enum LogFormat: Sendable {
    /// Docker's json-file: an object a line. A text that is no UTF-8 has `raw`, its bytes in Base64, beside what
    /// Docker would write.
    case json
    /// The container runtime interface of Kubernetes: time, stream, `F` for a whole line or `P` for a part of one, text.
    case kubernetes
    /// Frames, so that nothing is escaped: the payload's length (4 bytes), the payload, its length again. The payload is
    /// a byte of flags (1: standard error, 2: a part of a line), the time (8 bytes of seconds, 4 of nanoseconds), the
    /// text. Numbers are little-endian.
    case frames

    static let isErrorOutput: UInt8 = 1
    static let isPart: UInt8 = 2
    /// What a frame's payload has before its text, in bytes.
    static let frameHeader = 13
}

/// The moment of a line in the forms that the formats need, written once for all lines of one chunk.
struct LogTime {
    let moment: Timestamp
    /// RFC 3339 with all nine digits of the fraction.
    let full: [UInt8]
    /// The same without zeros at the end of the fraction, as Go's RFC3339Nano has it.
    let short: [UInt8]

    init(_ moment: Timestamp) {
        self.moment = moment
        full = Array(moment.rfc3339.utf8)
        var digits = full.dropLast()
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if digits.last == UInt8(ascii: ".") { digits.removeLast() }
        short = digits + [UInt8(ascii: "Z")]
    }
}

extension LogFormat {
    /// Appends one line, or with `isPart` one that goes on in the next. `attributes` is the JSON of the details, empty
    /// where there are none.
    func append(
        _ text: UnsafeBufferPointer<UInt8>, isPart: Bool, _ stream: LogStream, _ time: LogTime,
        attributes: [UInt8], to bytes: inout [UInt8]
    ) {
        switch self {
        case .json:
            bytes += #"{"log":""#.utf8
            let isText = JSONText.appendEscaped(text, .logLine, to: &bytes)
            if !isPart { bytes += #"\n"#.utf8 }
            bytes += (stream == .output ? #"","stream":"stdout","# : #"","stream":"stderr","#).utf8
            if !attributes.isEmpty {
                bytes += #""attrs":"#.utf8
                bytes += attributes
                bytes.append(UInt8(ascii: ","))
            }
            if !isText {
                bytes += #""raw":""#.utf8
                Base64.append(text, to: &bytes)
                bytes += #"","#.utf8
            }
            bytes += #""time":""#.utf8
            bytes += time.short
            bytes += "\"}\n".utf8
        case .kubernetes:
            bytes += time.full
            bytes += (stream == .output ? " stdout " : " stderr ").utf8
            bytes += (isPart ? "P " : "F ").utf8
            bytes += text
            bytes.append(UInt8(ascii: "\n"))
        case .frames:
            let length = UInt32(Self.frameHeader + text.count)
            withUnsafeBytes(of: length.littleEndian) { bytes += $0 }
            bytes.append((stream == .errorOutput ? Self.isErrorOutput : 0) | (isPart ? Self.isPart : 0))
            withUnsafeBytes(of: Int64(time.moment.seconds).littleEndian) { bytes += $0 }
            withUnsafeBytes(of: UInt32(time.moment.nanoseconds).littleEndian) { bytes += $0 }
            bytes += text
            withUnsafeBytes(of: length.littleEndian) { bytes += $0 }
        }
    }
}

extension LogConfiguration {
    /// How the lines of its files are written; nil where it has none.
    package var format: LogFormat? {
        switch driver {
        case .jsonFile: .json
        case .kubernetesFile: .kubernetes
        case .local: .frames
        case .journald, .passthrough, .none: nil
        }
    }
}
