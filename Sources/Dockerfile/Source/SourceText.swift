import Glibc

/// A Dockerfile's bytes and where its lines begin. A line ends with a line feed, which belongs to it; carriage returns in front
/// of that belong to it, too. The last line need not end.
package struct SourceText: Sendable {
    /// How many bytes are read.
    package static let sizeLimit = 64 << 20
    /// How many bytes one line may have, as BuildKit's scanner has it (bufio.MaxScanTokenSize of Go, less one).
    package static let lineLimit = 65535

    /// The bytes, without a byte order mark.
    package let bytes: [UInt8]
    private let starts: [Int]

    /// Finds the lines of `bytes`. Throws where they are more than 64 MiB, or one line has more than 65,535 bytes.
    package init(_ bytes: [UInt8]) throws(DockerfileError) {
        guard bytes.count <= Self.sizeLimit else {
            throw DockerfileError("the dockerfile is larger than \(Self.sizeLimit >> 20) MiB, which is refused")
        }
        let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes[3...]) : bytes
        let starts = bytes.withUnsafeBufferPointer { Self.lineStarts($0) }
        for (number, start) in starts.enumerated() {
            let end = number + 1 < starts.count ? starts[number + 1] : bytes.count
            if end - start > Self.lineLimit {
                throw DockerfileError(
                    "dockerfile line greater than max allowed size of \(Self.lineLimit)", [LineRange(number + 1, 0)])
            }
        }
        self.bytes = bytes
        self.starts = starts
    }

    private static func lineStarts(_ bytes: UnsafeBufferPointer<UInt8>) -> [Int] {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return [] }
        var starts = [0]
        var place = 0
        while place < bytes.count, let found = memchr(base + place, 10, bytes.count - place) {
            place = UnsafeRawPointer(base).distance(to: found) + 1
            if place < bytes.count { starts.append(place) }
        }
        return starts
    }

    /// How many lines there are.
    package var count: Int { starts.count }

    /// Where the line `number` is among the bytes, its end with it; empty where there is no such line. The first has the
    /// number 1.
    func range(_ number: Int) -> Range<Int> {
        guard number >= 1, number <= starts.count else { return bytes.count..<bytes.count }
        return starts[number - 1]..<(number < starts.count ? starts[number] : bytes.count)
    }

    /// The line `number` without its end, with U+FFFD for what is no UTF-8; empty where there is none.
    package func line(_ number: Int) -> String { String(decoding: content(number), as: UTF8.self) }

    /// The bytes of the line `number` without the line feeds and carriage returns at its end.
    func content(_ number: Int) -> ArraySlice<UInt8> {
        var line = bytes[range(number)]
        while let last = line.last, last == 10 || last == 13 { line.removeLast() }
        return line
    }
}
