import Bytes
import Linux

/// The journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of fields for each line.
package struct JournalSocket: ~Copyable {
    /// Where the journal listens.
    package static let path = "/run/systemd/journal/socket"

    private var socket: DatagramSocket?
    // The fields that all lines share.
    private let common: [UInt8]
    private var ordinal = 0
    private var isStalled = false

    init(_ configuration: LogConfiguration, id: String) {
        var common: [UInt8] = []
        func add(_ name: String, _ value: String) { Self.append(name, Array(value.utf8), to: &common) }
        add("CONTAINER_ID", String(id.prefix(12)))
        add("CONTAINER_ID_FULL", id)
        add("CONTAINER_NAME", configuration.containerName)
        add("CONTAINER_TAG", configuration.tag)
        add("SYSLOG_IDENTIFIER", configuration.tag)
        add("IMAGE_NAME", configuration.imageName)
        for (name, value) in configuration.attributes.sorted(by: { $0.key < $1.key }) {
            add(Self.fieldName(name.text), value)
        }
        self.common = common
    }

    // Capital letters, digits and underscores, with a letter first.
    private static func fieldName(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "a"..."z": result.unicodeScalars.append(Unicode.Scalar(scalar.value - 32)!)
            case "A"..."Z", "0"..."9": result.unicodeScalars.append(scalar)
            default: result += "_"
            }
        }
        // The journal keeps fields that begin with an underscore for itself.
        while let first = result.utf8.first, first == UInt8(ascii: "_") || (48...57).contains(first) {
            result.removeFirst()
        }
        return result.isEmpty ? "LABEL" : result
    }

    private static func append(_ name: String, _ value: some Collection<UInt8>, to bytes: inout [UInt8]) {
        bytes += name.utf8
        if value.contains(10) {
            // A value of several lines has its length instead of the equals sign.
            bytes.append(10)
            withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes += $0 }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += value
        bytes.append(10)
    }

    /// Sends one line. One that the journal does not take is lost: it holds the container up for a fifth of a second, and
    /// those that follow for nothing.
    mutating func send(_ text: UnsafeBufferPointer<UInt8>, isPart: Bool, _ stream: LogStream, _ time: LogTime) {
        var message = common
        ordinal += 1
        Self.append("MESSAGE", text, to: &message)
        Self.append("PRIORITY", (stream == .output ? "6" : "3").utf8, to: &message)
        Self.append("SYSLOG_TIMESTAMP", time.full, to: &message)
        Self.append("CONTAINER_LOG_ORDINAL", String(ordinal).utf8, to: &message)
        if isPart { Self.append("CONTAINER_PARTIAL_MESSAGE", "true".utf8, to: &message) }
        if socket == nil { socket = try? DatagramSocket(connectedTo: Self.path) }
        var isGone = false
        switch socket {
        case .none: return
        case .some(let socket):
            do throws(SystemError) {
                try socket.send(message, milliseconds: isStalled ? 0 : 200)
                isStalled = false
            } catch {
                isStalled = error.errno == .again
                isGone = !isStalled
            }
        }
        // The journal was started again: the next line finds the new one.
        if isGone { socket = nil }
    }
}
