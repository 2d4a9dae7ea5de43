package import Bytes
import JSON
import Linux

/// Turns entries into what `logs` prints, in runs of one stream.
package struct LogRendering {
    let timestamps: Bool
    let details: Bool
    /// The details where the log's format has no place for them.
    private let standardDetails: [UInt8]
    // Whether the stream's last entry was a part of a line: what follows belongs to it.
    private var isOpen: (output: Bool, errorOutput: Bool) = (false, false)
    private var seenAttributes: [UInt8] = []
    private var seenDetails: [UInt8] = []

    package init(timestamps: Bool, details: Bool, attributes: [ByteKey: String]) {
        self.timestamps = timestamps
        self.details = details
        standardDetails = Self.text(attributes.map { ($0.key.text, $0.value) })
    }

    /// Appends the bytes of `entry`.
    package mutating func append(_ entry: borrowing LogEntry, to bytes: inout [UInt8]) {
        let continues = entry.stream == .output ? isOpen.output : isOpen.errorOutput
        if !continues {
            if timestamps {
                entry.appendTime(to: &bytes)
                bytes.append(UInt8(ascii: " "))
            }
            if details {
                bytes += detailsText(entry.attributes)
                bytes.append(UInt8(ascii: " "))
            }
        }
        bytes += entry.text
        if !entry.isPart { bytes.append(10) }
        if entry.stream == .output { isOpen.output = entry.isPart } else { isOpen.errorOutput = entry.isPart }
    }

    private mutating func detailsText(_ attributes: [UInt8]) -> [UInt8] {
        if attributes.isEmpty { return standardDetails }
        if attributes != seenAttributes {
            seenAttributes = attributes
            seenDetails = attributes.withUnsafeBufferPointer { bytes in
                var scanner = JSONScanner(bytes)
                return Self.text(scanner.members() ?? [])
            }
        }
        return seenDetails
    }

    /// "a=1,b=2", as queries of URLs are escaped.
    private static func text(_ attributes: [(String, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in attributes.sorted(by: { $0.0.comes(before: $1.0) }) {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
            escape(name, &bytes)
            bytes.append(UInt8(ascii: "="))
            escape(value, &bytes)
        }
        return bytes
    }

    private static func escape(_ text: String, _ bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            case 32: bytes.append(UInt8(ascii: "+"))
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes += hex([byte]).uppercased().utf8
            }
        }
    }
}
